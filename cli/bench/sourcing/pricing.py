"""The best plan of each order at given prices of units, worked out by several processes.

Amounts are in hundredths of minor units: prices of units are whole, and rounding them to cents
would be worth more than what is looked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from domain.messages.policy import SourcingPolicy
from domain.sourcing import Scarcity, SourcingPlan, SourcingProblem, plan
from domain.stock import Position

FINE = 100
_PROCESSES, _AT_A_TIME = 2, 20
_WEIGHTS = (
    "split_penalty",
    "lateness_per_day",
    "backorder_per_unit",
    "resourcing_cost",
    "co2_price_per_tonne",
)


@dataclass(frozen=True, slots=True)
class Column:
    """A plan of the order of this number: its cost without scarcity, and what it takes."""

    number: int
    cost: int
    units: Mapping[Position, int]


@dataclass(frozen=True, slots=True)
class Priced:
    """The best plan that was found, and what none costs less than at these prices."""

    column: Column
    bound: int


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    prices: Mapping[Position, int]
    budget: int


class Pricing:
    """The orders of `finer` problems, as the processes know them."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def best(self, prices: Sequence[Mapping[Position, int]], budget: int) -> Iterator[Priced]:
        """For each order at its prices; `budget` is that of the solver."""
        tasks = [_Task(number, each, budget) for number, each in enumerate(prices)]
        return self._pool.map(_price, tasks, chunksize=_AT_A_TIME)


@contextmanager
def pricing(problems: Sequence[SourcingProblem], policy: SourcingPolicy) -> Iterator[Pricing]:
    """Processes that price plans for these problems, whose amounts are minor units."""
    fine = [finer(problem) for problem in problems]
    with ProcessPoolExecutor(
        _PROCESSES,
        # A progress bar has a thread: what is forked beside it may hang.
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(fine, _finer_policy(policy)),
    ) as pool:
        yield Pricing(pool)


def finer(problem: SourcingProblem) -> SourcingProblem:
    """The same problem in hundredths of minor units."""
    return problem.model_copy(
        update={
            "locations": tuple(
                place.model_copy(update={"handling_cost": FINE * place.handling_cost})
                for place in problem.locations
            ),
            "services": tuple(
                service.model_copy(
                    update={
                        "base_price": FINE * service.base_price,
                        "price_per_kg": FINE * service.price_per_kg,
                        "breaks": tuple(
                            step.model_copy(update={"price": FINE * step.price})
                            for step in service.breaks
                        ),
                    }
                )
                for service in problem.services
            ),
        }
    )


def column_of(number: int, problem: SourcingProblem, decided: SourcingPlan, cost: int) -> Column:
    """The column of a plan that costs so much without scarcity."""
    skus = {line.line_id: line.sku for line in problem.lines}
    units: dict[Position, int] = {}
    for shipment in decided.shipments:
        for line_id, taken in shipment.lines.items():
            position = skus[line_id], shipment.location_id
            units[position] = units.get(position, 0) + taken
    return Column(number, cost, units)


def _finer_policy(policy: SourcingPolicy) -> SourcingPolicy:
    """Units may be left out here: so the bound holds for plans that have to."""
    weights = {name: FINE * getattr(policy, name) for name in _WEIGHTS}
    return policy.model_copy(update={**weights, "stock_before_money": False, "max_shipments": 5})


_known: tuple[Sequence[SourcingProblem], SourcingPolicy]


def _begin(problems: Sequence[SourcingProblem], policy: SourcingPolicy) -> None:
    global _known  # noqa: PLW0603  # what every task of the process needs
    _known = problems, policy


def _price(task: _Task) -> Priced:
    problems, policy = _known
    problem = problems[task.number].model_copy(
        update={
            "scarcities": tuple(
                Scarcity(sku=sku, location_id=location_id, cost=cost)
                for (sku, location_id), cost in task.prices.items()
            )
        }
    )
    decided = plan(problem, policy, explain=False, budget=task.budget)
    scarcity = sum(shipment.costs.scarcity for shipment in decided.shipments)
    column = column_of(task.number, problem, decided, decided.cost - scarcity)
    return Priced(column, decided.cost if decided.bound is None else decided.bound)
