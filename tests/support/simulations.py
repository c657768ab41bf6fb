"""Two locations to simulate with: `near` is cheaper than `far`, all else is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.calendar import LocationCalendar
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.simulation import NOTHING_FAILS, PlacedOrder, Rule, Scenario, by_policy
from domain.sourcing import Line, Location, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NEAR, FAR, PARCEL = 100, 300, 500
"""Cents: handling at each location, and a parcel from either."""
POLICY = OrderPolicy(version="tried", sourcing=SourcingPolicy(resourcing_cost=0, split_penalty=0))


def place(location_id: str, handling: int, **fields: Any) -> Location:
    given: dict[str, Any] = {"kind": "warehouse", "country": "FR", "reliability": 1.0, **fields}
    return Location(
        location_id=location_id,
        name=location_id,
        latitude=48.0,
        longitude=2.0,
        timezone="Europe/Paris",
        cut_off_hour=16,
        handling_cost=handling,
        **given,
    )


def with_capacity(location: Location, shipments: int) -> Location:
    calendar = LocationCalendar.plain(location.timezone, location.cut_off_hour)
    return location.model_copy(
        update={"calendar": calendar.model_copy(update={"capacity": shipments})}
    )


PARCELS = Service(
    carrier="colibri",
    service="home",
    name="Colibri Home",
    origin_country="FR",
    destination_country="FR",
    base_price=PARCEL,
    price_per_kg=0,
    transit_days=1,
    max_weight_grams=30_000,
    co2_grams_per_tkm=100,
)


def order(number: int, at: datetime, /, **skus: int) -> PlacedOrder:
    """An order for units by SKU, to where the network is."""
    return PlacedOrder(
        order_id=f"web:{number}",
        at=at,
        currency="EUR",
        country="FR",
        latitude=48.0,
        longitude=2.0,
        lines=tuple(
            Line(line_id=str(line), sku=sku, quantity=units, weight_grams=100)
            for line, (sku, units) in enumerate(skus.items(), start=1)
        ),
    )


def scenario(
    orders: list[PlacedOrder], stock: Mapping[tuple[str, str], int], **fields: Any
) -> Scenario:
    """Stock by (SKU, location); nothing goes wrong unless the fields say so."""
    given: dict[str, Any] = {
        "seed": 1,
        "locations": (place("near", NEAR), place("far", FAR)),
        "services": (PARCELS,),
        "disruptions": NOTHING_FAILS,
        "weights": SourcingPolicy(resourcing_cost=700, split_penalty=0),
    }
    return Scenario(orders=tuple(orders), opening=stock, **{**given, **fields})


def rule(policy: OrderPolicy = POLICY, name: str = "tried") -> Rule:
    return by_policy(name, policy)
