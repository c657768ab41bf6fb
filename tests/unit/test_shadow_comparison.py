"""What a policy on trial would have done differently, in figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.policies import Comparison, Comparisons, Decided, Figures
from domain.sourcing import Costs, SourcedShipment, SourcingPlan

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)


def _shipment(
    location: str, units: int = 1, *, days: float = 2, parcel: int = 500
) -> SourcedShipment:
    return SourcedShipment(
        location_id=location,
        carrier="colibri",
        service="standard",
        lines={"1": units},
        weight_grams=1000,
        distance_km=100,
        promise=AT + timedelta(days=days),
        # What a policy weighs is not what is paid.
        costs=Costs(parcel=parcel, handling=100, lateness=70_000, risk=900, scarcity=5),
        co2_grams=300,
    )


def _plan(*shipments: SourcedShipment, missing: int = 0) -> SourcingPlan:
    return SourcingPlan(
        method="exact",
        shipments=shipments,
        backordered={"1": missing} if missing else {},
        cost=1,
    )


def _decided(order: str, live: SourcingPlan, shadow: SourcingPlan, **changes: str) -> Decided:
    versions = {"live_version": "1/a", "shadow_version": "1/b", "currency": "EUR"} | changes
    return Decided(order_id=order, generation=2, at=AT, live=live, shadow=shadow, **versions)


def _compared(*decisions: Decided) -> list[Comparison]:
    comparisons = Comparisons()
    for decided in decisions:
        comparisons.add(decided)
    return comparisons.all()


def test_both_sides_are_summed_over_all_decisions() -> None:
    same = _plan(_shipment("LIL"))
    split = _plan(_shipment("LYO"), _shipment("GNT", days=4, parcel=700))
    [pair] = _compared(_decided("1", same, same), _decided("2", same, split))
    assert (pair.decisions, pair.differing, pair.dated) == (2, 1, 2)
    assert pair.live == Figures(cost=1200, shipments=2, missing=0, days=4.0, co2_grams=600)
    assert pair.shadow == Figures(cost=2000, shipments=3, missing=0, days=6.0, co2_grams=900)


def test_days_are_compared_only_where_both_send_something() -> None:
    [pair] = _compared(
        _decided("1", _plan(_shipment("LIL")), _plan(missing=1)),
        _decided("2", _plan(_shipment("LIL")), _plan(_shipment("LIL", days=3))),
    )
    assert (pair.dated, pair.live.days, pair.shadow.days) == (1, 2.0, 3.0)
    assert (pair.live.missing, pair.shadow.missing) == (0, 1)


@pytest.mark.parametrize(
    "shadow",
    [
        _plan(_shipment("LYO")),
        _plan(_shipment("LIL", units=2)),
        _plan(_shipment("LIL"), missing=1),
        _plan(_shipment("LIL").model_copy(update={"service": "express"})),
    ],
)
def test_another_location_service_or_quantity_is_another_decision(shadow: SourcingPlan) -> None:
    [pair] = _compared(_decided("1", _plan(_shipment("LIL")), shadow))
    assert pair.differing == 1


def test_the_same_shipments_weighed_otherwise_are_the_same_decision() -> None:
    shipments = _shipment("LIL"), _shipment("LYO")
    live = _plan(*shipments)
    shadow = _plan(*reversed(shipments)).model_copy(update={"cost": 99})
    [pair] = _compared(_decided("1", live, shadow))
    assert (pair.differing, pair.most) == (0, [])


def test_the_orders_that_differ_most_come_first_and_are_few() -> None:
    live = _plan(_shipment("LIL"))
    decisions = [
        _decided(f"{n:02}", live, _plan(_shipment("LYO", parcel=500 + n))) for n in range(15)
    ]
    decisions.append(_decided("empty", live, _plan(missing=1)))
    [pair] = _compared(*decisions)
    [other] = _compared(*reversed(decisions))
    named = [found.order_id for found in pair.most]
    assert named == ["empty", "14", "13", "12", "11", "10", "09", "08", "07", "06"]
    assert pair == other


def test_each_pair_of_policies_and_each_currency_is_compared_by_itself() -> None:
    plan = _plan(_shipment("LIL"))
    found = _compared(
        _decided("1", plan, plan),
        _decided("2", plan, plan, currency="GBP"),
        _decided("3", plan, plan, live_version="0/a"),
    )
    pairs = [(pair.live_version, pair.shadow_version, pair.currency) for pair in found]
    assert pairs == [("0/a", "1/b", "EUR"), ("1/a", "1/b", "EUR"), ("1/a", "1/b", "GBP")]
