"""What a window of orders costs with hindsight: all of them known before the first is decided.

One mixed-integer program chooses a plan for each order within the stock that there was until then.
Its plans are found by column generation (Dantzig and Wolfe, 1960): the linear relaxation prices
the stock, and the solver of single orders finds each order's best plan at these prices, until there
is no better one. What the orders cost at given prices of the stock, less what the stock is worth at
them, is a bound for all decisions there are (Lagrange); HiGHS chooses among the plans generated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cli.bench.sourcing.pricing import FINE, Column, Priced, Pricing, pricing
from cli.bench.sourcing.program import Program, Solution
from cli.bench.sourcing.stream import problem_of
from cli.bench.sourcing.supply import Row, Supply
from domain.messages.policy import SourcingPolicy
from domain.simulation import Scenario
from domain.sourcing import SourcingProblem
from domain.sourcing.choice import BUDGET

_UNBOUNDED = float("inf")
# The prices of a round are mostly those of the round before (Wentges, 1997): they swing less.
_KEPT = 0.6
_LAST_BUDGET = 4 * BUDGET


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Minor units: decisions that were found cost `found`, and none cost less than `bound`; `plans`
    is how many HiGHS had to choose from."""

    found: int
    bound: int
    plans: int


def with_hindsight(
    scenario: Scenario,
    policy: SourcingPolicy,
    known: Iterable[Sequence[Column]],
    rounds: int,
    seconds: float,
    progressed: Callable[[], object],
) -> Hindsight:
    """The costs with hindsight, by so many rounds of new plans and so many seconds of HiGHS.

    `known` are decisions on all orders that can be carried out, in minor units; what is found costs
    no more than the best of them. `progressed` is called after each round.
    """
    supply = Supply(scenario)
    problems = [_problem(scenario, supply, number) for number in range(len(scenario.orders))]
    columns = _Columns(len(problems))
    for decisions in known:
        for column in decisions:
            columns.add(Column(column.number, FINE * column.cost, column.units))
    with pricing(problems, policy) as prices:
        bound = _generate(scenario, supply, columns, prices, rounds, progressed)
    chosen = _Choice(scenario, supply, columns, whole=True).solve(seconds)
    return Hindsight(
        found=round(chosen.cost / FINE), bound=round(bound / FINE), plans=columns.count
    )


def _problem(scenario: Scenario, supply: Supply, number: int) -> SourcingProblem:
    """An order with everything that came until then."""
    order = scenario.orders[number]
    there = supply.until({line.sku for line in order.lines}, order.at)
    return problem_of(order, scenario).model_copy(update={"availability": there})


class _Columns:
    """The plans of each order, none of them twice."""

    def __init__(self, orders: int) -> None:
        self.of_order: list[dict[frozenset[object], Column]] = [{} for _ in range(orders)]

    @property
    def count(self) -> int:
        return sum(map(len, self.of_order))

    def add(self, column: Column) -> bool:
        """Whether it is new, or cheaper than the same units were."""
        known = self.of_order[column.number]
        takes = frozenset(column.units.items())
        if takes in known and known[takes].cost <= column.cost:
            return False
        known[takes] = column
        return True


def _generate(
    scenario: Scenario,
    supply: Supply,
    columns: _Columns,
    prices: Pricing,
    rounds: int,
    progressed: Callable[[], object],
) -> float:
    """Add plans; gives the best bound."""
    best, at_best, before = -_UNBOUNDED, dict[Row, int](), dict[Row, float]()
    for _ in range(rounds):
        duals = _Choice(scenario, supply, columns, whole=False).prices()
        kept = _KEPT if before else 0.0
        before = {row: kept * before.get(row, 0) + (1 - kept) * duals[row] for row in duals}
        asked = {row: round(price) for row, price in before.items() if price >= 1}
        priced = _price(scenario, supply, prices, asked, BUDGET)
        bound = _bound(supply, asked, priced)
        if bound > best:
            best, at_best = bound, asked
        progressed()
        if not sum([columns.add(each.column) for each in priced]):
            before = {}
            if asked == _rounded(duals):
                break
    last = _price(scenario, supply, prices, at_best, _LAST_BUDGET)
    return max(best, _bound(supply, at_best, last))


def _rounded(duals: Mapping[Row, float]) -> dict[Row, int]:
    return {row: round(price) for row, price in duals.items() if price >= 1}


def _price(
    scenario: Scenario, supply: Supply, prices: Pricing, asked: Mapping[Row, int], budget: int
) -> list[Priced]:
    each = [
        supply.prices({line.sku for line in order.lines}, order.at, asked)
        for order in scenario.orders
    ]
    return list(prices.best(each, budget))


def _bound(supply: Supply, asked: Mapping[Row, int], priced: Sequence[Priced]) -> float:
    worth = sum(price * supply.rows[row] for row, price in asked.items())
    return sum(each.bound for each in priced) - worth


class _Choice:
    """A plan for each order within the stock, as a program."""

    def __init__(
        self, scenario: Scenario, supply: Supply, columns: _Columns, *, whole: bool
    ) -> None:
        self._program = Program()
        self._rows: dict[Row, int] = {}
        for order, plans in zip(scenario.orders, columns.of_order, strict=True):
            one = self._program.row(1, 1)
            for column in plans.values():
                entries = {one: 1.0}
                for position, units in column.units.items():
                    for row in supply.rows_of(position, order.at):
                        entries[self._row(supply, row)] = float(units)
                most = 1.0 if whole else _UNBOUNDED
                self._program.column(column.cost, entries, most, whole=whole)

    def _row(self, supply: Supply, row: Row) -> int:
        if row not in self._rows:
            self._rows[row] = self._program.row(-_UNBOUNDED, supply.rows[row])
        return self._rows[row]

    def solve(self, seconds: float | None = None) -> Solution:
        return self._program.solve(seconds)

    def prices(self) -> dict[Row, float]:
        """What a unit more in each row would save."""
        duals = self.solve().duals
        return {row: max(0.0, -duals[number]) for row, number in self._rows.items()}
