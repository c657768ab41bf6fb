"""What a cart could be promised: the ways to send it, or to have it fetched, and until when they
hold.

The cheapest way is the plan that an order placed now would get. The others send the same units
within the same limits: the fastest by the earliest day on which all can be there, the greenest with
the least CO2.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.calendar import Milestones
from domain.messages.orders import Expected, OrderType
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import (
    COLLECTED,
    Location,
    Service,
    SourcedShipment,
    SourcingPlan,
    SourcingProblem,
    plan,
)
from domain.sourcing.carriers import services_from
from domain.sourcing.times import Times
from domain.stock import Supply, expect
from domain.values import Value

# In minor units: it outweighs whatever else a plan costs, and leaves that to decide between equals.
_PRICE_OF_A_TONNE = 100_000_000

_Arrival = tuple[Location, Service, date]


class Best(StrEnum):
    """What an option is the best in."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    GREENEST = "greenest"


class Option(Value):
    """A way, and what it is `best` in: of options that are equal in something, the cheapest is.

    `promise` is when the last unit that has a date is there; `expected` are those that rest on a
    supply. What is ordered before `order_by` still arrives so; None where nothing is sent yet, or
    all of it is fetched.
    """

    best: tuple[Best, ...]
    plan: SourcingPlan
    expected: tuple[Expected, ...]
    promise: datetime
    order_by: datetime | None

    @property
    def co2_grams(self) -> int:
        return sum(shipment.co2_grams for shipment in self.plan.shipments)

    @property
    def is_complete(self) -> bool:
        """Whether all is sent now."""
        return not self.plan.backordered

    def valid_until(self, at: datetime, validity: timedelta) -> datetime:
        """Until when it holds, as far as can be said at `at`."""
        ends = at + validity
        return ends if self.order_by is None else min(ends, self.order_by)


class Offered(Value):
    """The options, the cheapest first; without any, `plan` says what stands in the way."""

    options: tuple[Option, ...]
    plan: SourcingPlan


def offer(problem: SourcingProblem, policy: OrderPolicy, supplies: Sequence[Supply]) -> Offered:
    """What there is to choose from; `supplies` are those of the problem's SKUs."""
    sourcing = policy.sourcing
    cheapest = plan(problem, sourcing, explain=False)
    if not cheapest.shipments:
        # As for an order, an obstacle other than stock means that nothing is promised.
        cheapest = plan(problem, sourcing)
    expected: tuple[Expected, ...] = ()
    if cheapest.backordered and cheapest.obstacle is None:
        expected = expect(problem, sourcing, cheapest.backordered, supplies)
    promise = _last(cheapest, expected)
    if promise is None:
        return Offered(options=(), plan=cheapest)
    plans = [cheapest]
    # At a store there is one way to fetch what it has.
    if cheapest.shipments and problem.type is not OrderType.COLLECT:
        sent = _only_what_is_sent(problem, cheapest)
        limits = _as_far_as(sourcing, cheapest)
        # What is missing comes by the supplies, whichever way the rest goes.
        others = (_fastest(sent, limits, cheapest), _greenest(sent, limits))
        plans += [
            other.model_copy(update={"backordered": cheapest.backordered})
            for other in others
            if other is not None and not other.backordered
        ]
    return Offered(options=tuple(_chosen(problem, plans, expected)), plan=cheapest)


def _last(plan_: SourcingPlan, expected: Iterable[Expected]) -> datetime | None:
    moments = [shipment.promise for shipment in plan_.shipments]
    return max([*moments, *(claim.promise for claim in expected)], default=None)


def _only_what_is_sent(problem: SourcingProblem, best: SourcingPlan) -> SourcingProblem:
    lines = [
        line.model_copy(update={"quantity": line.quantity - best.backordered.get(line.line_id, 0)})
        for line in problem.lines
    ]
    return problem.model_copy(update={"lines": tuple(line for line in lines if line.quantity)})


def _as_far_as(policy: SourcingPolicy, best: SourcingPlan) -> SourcingPolicy:
    """The policy for others that send the same: its limits give way no further than for `best`."""
    given = [n for n, limit in enumerate(policy.relaxation, start=1) if limit in best.relaxed]
    return policy.model_copy(
        update={
            "relaxation": policy.relaxation[: max(given, default=0)],
            "stock_before_money": True,
            # What an order is worth is what all of it is worth.
            "min_split_value": 0 if len(best.shipments) > 1 else policy.min_split_value,
        }
    )


def _fastest(
    problem: SourcingProblem, policy: SourcingPolicy, best: SourcingPlan
) -> SourcingPlan | None:
    """The cheapest plan with which all is there by the earliest day that is possible; None where no
    day is earlier than that of `best`."""
    ways = _ways(problem)
    found, last = None, _day_of(best)
    # Most often all can be there by the first day on which each can.
    first = day = _first_day(problem, ways, last)
    while first < last:
        candidate = plan(_with_all_by(problem, ways, day), policy, explain=False)
        if candidate.backordered:
            first = day + timedelta(days=1)
        else:
            found, last = candidate, _day_of(candidate)
        day = first + (last - first) // 2
    return found


def _ways(problem: SourcingProblem) -> list[_Arrival]:
    """On which day what each location with stock sends by each of its services is there."""
    times, found = Times(problem), []
    stocked = {row.location_id for row in problem.availability if row.units > 0}
    for location in problem.locations:
        if location.location_id in stocked:
            for service in services_from(location, problem):
                milestones = times.of(location, service)
                if isinstance(milestones, Milestones):
                    found.append((location, service, milestones.promise.date()))
    return found


def _first_day(problem: SourcingProblem, ways: Iterable[_Arrival], last: date) -> date:
    """No plan has all there before this day: the last on which some SKU can first arrive."""
    at_location: dict[str, date] = {}
    for location, _, day in ways:
        name = location.location_id
        at_location[name] = min(day, at_location.get(name, day))
    first = dict.fromkeys((line.sku for line in problem.lines), last)
    for row in problem.availability:
        if row.units > 0 and row.sku in first:
            first[row.sku] = min(first[row.sku], at_location.get(row.location_id, last))
    return max(first.values())


def _with_all_by(problem: SourcingProblem, ways: Iterable[_Arrival], day: date) -> SourcingProblem:
    """The problem without the ways by which something is there only after a day."""
    late = tuple(
        # What is fetched at a location is ready there on its day, or not at all.
        Exclusion(reason="", location_id=location.location_id)
        if service is COLLECTED
        else Exclusion(
            reason="",
            location_id=location.location_id,
            carrier=service.carrier,
            service=service.service,
        )
        for location, service, arrives in ways
        if arrives > day
    )
    return problem.model_copy(update={"exclusions": problem.exclusions + late})


def _day_of(plan_: SourcingPlan) -> date:
    return max(shipment.promise.date() for shipment in plan_.shipments)


def _greenest(problem: SourcingProblem, policy: SourcingPolicy) -> SourcingPlan:
    green = policy.model_copy(update={"co2_price_per_tonne": _PRICE_OF_A_TONNE})
    return plan(problem, green, explain=False)


def _chosen(
    problem: SourcingProblem, plans: Sequence[SourcingPlan], expected: tuple[Expected, ...]
) -> Iterable[Option]:
    """An option for each plan that is the best in something, the cheapest one first."""
    winners = {
        Best.CHEAPEST: 0,
        Best.FASTEST: _first_by([_last_moment(plan_) for plan_ in plans]),
        Best.GREENEST: _first_by([_co2(plan_) for plan_ in plans]),
    }
    times = Times(problem)
    for number, plan_ in enumerate(plans):
        best = tuple(name for name, winner in winners.items() if winner == number)
        promise = _last(plan_, expected)
        if best and promise is not None:
            yield Option(
                best=best,
                plan=plan_,
                expected=expected,
                promise=promise,
                order_by=_order_by(problem, times, plan_.shipments),
            )


def _first_by(figures: Sequence[float]) -> int:
    return min(range(len(figures)), key=lambda number: (figures[number], number))


def _last_moment(plan_: SourcingPlan) -> float:
    return max((shipment.promise.timestamp() for shipment in plan_.shipments), default=0.0)


def _co2(plan_: SourcingPlan) -> int:
    return sum(shipment.co2_grams for shipment in plan_.shipments)


def _order_by(
    problem: SourcingProblem, times: Times, shipments: Iterable[SourcedShipment]
) -> datetime | None:
    locations = {location.location_id: location for location in problem.locations}
    moments = []
    for shipment in shipments:
        if not shipment.carrier:
            # What is fetched leaves by no collection that could be missed.
            continue
        location = locations[shipment.location_id]
        for service in services_from(location, problem):
            if (service.carrier, service.service) == (shipment.carrier, shipment.service):
                milestones = times.keeping(shipment.promise, location, service)
                if isinstance(milestones, Milestones):
                    moments.append(milestones.order_by)
    return min(moments, default=None)
