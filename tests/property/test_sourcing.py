"""Whatever the stock, the prices and what is ruled out, a sourcing plan keeps its promises."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import product
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.sourcing import (
    Availability,
    Line,
    Location,
    Service,
    SourcingPlan,
    SourcingProblem,
    plan,
)
from domain.sourcing.explain import why
from domain.sourcing.offers import best_offer

if TYPE_CHECKING:
    from collections.abc import Iterator

SKUS = ("A", "B", "C")
LOCATIONS = ("L1", "L2", "L3", "L4")
SERVICES = ("slow", "fast")


@st.composite
def _problems(
    draw: st.DrawFn,
    *,
    skus: tuple[str, ...] = SKUS,
    locations: tuple[str, ...] = LOCATIONS,
    most: int = 20,
    light: bool = False,
) -> SourcingProblem:
    """A problem; a `light` one is all in round kilograms that fit into one parcel."""
    grams = st.sampled_from([1000, 2000]) if light else st.integers(1, 40_000)
    weights = {sku: draw(grams) for sku in skus}
    lines = draw(
        st.lists(st.tuples(st.sampled_from(skus), st.integers(1, most)), min_size=1, max_size=4)
    )
    if light:
        lines = [(sku, dict(lines)[sku]) for sku in dict(lines)]
    return SourcingProblem(
        order_id="web:R-1",
        at=datetime(2026, 3, 3, 9, 0, tzinfo=UTC),
        currency="EUR",
        country="FR",
        latitude=48.86,
        longitude=2.34,
        requested_date=draw(st.sampled_from([None, date(2026, 3, 4), date(2026, 3, 6)])),
        ship_complete=draw(st.booleans()),
        critical=draw(st.booleans()),
        lines=tuple(
            Line(line_id=str(number), sku=sku, quantity=units, weight_grams=weights[sku])
            for number, (sku, units) in enumerate(lines, start=1)
        ),
        locations=tuple(draw(_location(location_id)) for location_id in locations),
        services=tuple(draw(_service(name, light=light)) for name in SERVICES),
        availability=tuple(
            Availability(location_id=location_id, sku=sku, units=draw(st.integers(0, most)))
            for location_id in locations
            for sku in skus
            if draw(st.booleans())
        ),
        exclusions=tuple(draw(st.lists(_exclusions(skus, locations), max_size=3))),
    )


@st.composite
def _location(draw: st.DrawFn, location_id: str) -> Location:
    return Location(
        location_id=location_id,
        name=location_id,
        kind="warehouse",
        country="FR",
        latitude=draw(st.floats(42, 51)),
        longitude=draw(st.floats(-4, 8)),
        timezone="Europe/Paris",
        cut_off_hour=draw(st.sampled_from([8, 16])),
        handling_cost=draw(st.integers(0, 1000)),
        reliability=draw(st.sampled_from([0.5, 0.9, 1.0])),
    )


@st.composite
def _service(draw: st.DrawFn, name: str, *, light: bool) -> Service:
    return Service(
        carrier="colibri",
        service=name,
        name=name,
        origin_country="FR",
        destination_country="*",
        base_price=draw(st.integers(0, 2000)),
        price_per_kg=draw(st.integers(0, 300)),
        transit_days=draw(st.integers(1, 3)),
        max_weight_grams=1_000_000 if light else draw(st.sampled_from([10_000, 30_000])),
    )


@st.composite
def _exclusions(draw: st.DrawFn, skus: tuple[str, ...], locations: tuple[str, ...]) -> Exclusion:
    location = draw(st.sampled_from(locations))
    sku = draw(st.sampled_from(skus))
    service = {"carrier": "colibri", "service": draw(st.sampled_from(SERVICES))}
    ways = [
        {"location_id": location},
        {"location_id": location, "sku": sku},
        service,
        {"location_id": location, **service},
    ]
    return Exclusion.model_validate({"reason": "it was tried", **draw(st.sampled_from(ways))})


_POLICIES = st.builds(
    SourcingPolicy,
    max_shipments=st.integers(1, 4),
    split_penalty=st.integers(0, 500),
    lateness_per_day=st.integers(0, 1000),
    backorder_per_unit=st.sampled_from([1, 1000, 100_000]),
    resourcing_cost=st.integers(0, 2000),
)


@settings(max_examples=120, deadline=None)
@given(problem=_problems(), policy=_POLICIES, data=st.data())
def test_the_order_of_the_rows_does_not_change_the_plan(
    problem: SourcingProblem, policy: SourcingPolicy, data: st.DataObject
) -> None:
    shuffled = problem.model_copy(
        update={
            name: tuple(data.draw(st.permutations(getattr(problem, name))))
            for name in ("lines", "locations", "services", "availability", "exclusions")
        }
    )
    assert plan(shuffled, policy) == plan(problem, policy)


@settings(max_examples=200, deadline=None)
@given(problem=_problems(), policy=_POLICIES)
def test_a_plan_gives_what_there_is_where_it_may_and_accounts_for_every_unit(
    problem: SourcingProblem, policy: SourcingPolicy
) -> None:
    decided = plan(problem, policy)
    _every_unit_is_accounted_for(problem, decided)
    _nothing_is_taken_that_is_not_there(problem, decided)
    _no_excluded_way_is_used(problem, decided)
    if len(decided.shipments) > policy.max_shipments:
        wider = policy.model_copy(update={"max_shipments": 5})
        assert decided.backordered == plan(problem, wider).backordered
    ways = {(s.location_id, s.carrier, s.service) for s in decided.shipments}
    assert len(ways) == len(decided.shipments)
    if problem.ship_complete:
        assert not (decided.shipments and decided.backordered)
    for shipment in decided.shipments:
        assert shipment.lines
        assert why(problem, decided, shipment)


def _every_unit_is_accounted_for(problem: SourcingProblem, decided: SourcingPlan) -> None:
    for line in problem.lines:
        units = [shipment.lines.get(line.line_id, 0) for shipment in decided.shipments]
        assert sum(units) + decided.backordered.get(line.line_id, 0) == line.quantity
        assert all(n >= 0 for n in units)


def _nothing_is_taken_that_is_not_there(problem: SourcingProblem, decided: SourcingPlan) -> None:
    skus = {line.line_id: line.sku for line in problem.lines}
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for shipment in decided.shipments:
        for line_id, units in shipment.lines.items():
            taken[shipment.location_id, skus[line_id]] += units
    there = {(row.location_id, row.sku): row.units for row in problem.availability}
    assert all(units <= there.get(key, 0) for key, units in taken.items())


def _no_excluded_way_is_used(problem: SourcingProblem, decided: SourcingPlan) -> None:
    skus = {line.line_id: line.sku for line in problem.lines}
    for shipment in decided.shipments:
        for exclusion in problem.exclusions:
            here = exclusion.location_id in (None, shipment.location_id)
            if exclusion.carrier is not None:
                assert not (here and exclusion.service == shipment.service)
            elif exclusion.sku is None:
                assert not here
            else:
                assert not (here and exclusion.sku in {skus[line] for line in shipment.lines})


@settings(max_examples=150, deadline=None)
@given(
    problem=_problems(skus=("A", "B"), locations=("L1", "L2", "L3"), most=3, light=True),
    split_penalty=st.integers(0, 500),
)
def test_where_all_fits_into_single_parcels_nothing_cheaper_exists(
    problem: SourcingProblem, split_penalty: int
) -> None:
    policy = SourcingPolicy(split_penalty=split_penalty)
    assert plan(problem, policy).cost == min(_all_costs(problem, policy))


def _all_costs(problem: SourcingProblem, policy: SourcingPolicy) -> Iterator[int]:
    """The cost of every way to split the order over the locations, in whole units."""
    lines = {line.sku: line for line in problem.lines}
    demand = {line.sku: line.quantity for line in problem.lines}
    for loads in product(*(_loads(problem, place, demand) for place in problem.locations)):
        sent = {sku: sum(load.get(sku, 0) for load in loads) for sku in demand}
        used = [(place, load) for place, load in zip(problem.locations, loads, strict=True) if load]
        missing = sum(demand.values()) - sum(sent.values())
        if any(sent[sku] > demand[sku] for sku in demand):
            continue
        if problem.ship_complete and missing and used:
            continue
        offers = [
            best_offer(problem, policy, place, {lines[sku]: n for sku, n in load.items()})
            for place, load in used
        ]
        if all(offers):
            yield (
                sum(offer.costs.total for offer in offers if offer)
                + policy.split_penalty * max(0, len(used) - 1)
                + policy.backorder_per_unit * missing
            )


def _loads(
    problem: SourcingProblem, place: Location, demand: dict[str, int]
) -> list[dict[str, int]]:
    """Everything that a location could give."""
    there = {
        row.sku: row.units
        for row in problem.availability
        if row.location_id == place.location_id
        and not any(
            e.carrier is None and e.location_id == place.location_id and e.sku in (None, row.sku)
            for e in problem.exclusions
        )
    }
    ranges = [range(min(there.get(sku, 0), units) + 1) for sku, units in demand.items()]
    return [
        {sku: units for sku, units in zip(demand, load, strict=True) if units}
        for load in product(*ranges)
    ]
