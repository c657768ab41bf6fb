"""Locations from which carriers collect at noon and at four, where it is always the morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from temporalio.testing import TimeSkipper

from adapters.postgres.network import CarrierService, Network, load_network
from domain.calendar import (
    CarrierDays,
    Lane,
    LocationCalendar,
    Pickups,
    ServiceCalendar,
    WorkingDay,
)
from tests.support.house import LILLE, LYON, SHORT
from world.behaviour import Behaviour

if TYPE_CHECKING:
    from typing import Any

    from adapters.postgres.network import Location
    from domain.messages.policy import OrderPolicy
    from tests.support.house import House

NOON, FOUR = time(12), time(16)
PACKING = timedelta(minutes=30)
_MORNING = 10
_EVERY_DAY = (CarrierDays(weekdays=(0, 1, 2, 3, 4, 5, 6)),)


def morning_zone() -> str:
    """A time zone where it is past ten in the morning."""
    ahead = _MORNING - datetime.now(UTC).hour
    ahead += 24 if ahead < -12 else 0
    return f"Etc/GMT{-ahead:+d}"


def location(known: Location, kind: str, zone: str, capacity: int | None = None) -> Location:
    """Open day and night, all week; half an hour from the pick to the hand-over."""
    calendar = LocationCalendar(
        timezone=zone,
        country=known.country,
        kind=kind,
        week=(WorkingDay(),) * 7,
        preparation=PACKING,
        packing=PACKING,
        capacity=capacity,
    )
    return replace(known, kind=kind, timezone=zone, calendar=calendar)


def service(carrier: str, price: int, **collected: tuple[time, ...]) -> CarrierService:
    """A service to everywhere that takes a day; `collected` are its times by kind of location."""
    calendar = ServiceCalendar(
        lanes=(Lane(transit_days=1),),
        days=_EVERY_DAY,
        pickups=tuple(Pickups(kind=kind, times=times) for kind, times in collected.items()),
    )
    name = f"{carrier.capitalize()} service"
    return CarrierService(carrier, "day", name, "FR", "*", price, 0, 1, 30_000, calendar=calendar)


async def collect(house: House, *services: CarrierService, capacity: int | None = None) -> None:
    """Lille, a store, and Lyon, a warehouse further away; nobody else collects or sends. Locations
    take what they are asked for and say nothing of it by themselves."""
    zone = morning_zone()
    places = [location(LILLE, "store", zone, capacity), location(LYON, "warehouse", zone)]
    await house.sql("DELETE FROM carrier_services")
    async with house.engine.begin() as conn:
        await load_network(conn, Network(locations=places, services=services))


def patient(max_upgrade_cost: int = 0, **changes: Any) -> OrderPolicy:
    """A policy by which nothing is late but what misses its milestone."""
    long = timedelta(days=20)
    sourcing = SHORT.sourcing.model_copy(update={"max_upgrade_cost": max_upgrade_cost})
    return SHORT.model_copy(
        update={
            "version": "patient",
            "sourcing": sourcing,
            "pick_timeout": long,
            "dispatch_timeout": long,
            "backorder_timeout": long,
            "report_grace": timedelta(0),
        }
        | changes
    )


async def skip_to(house: House, order: str, moment: datetime) -> None:
    """Have an order's own clock pass a moment."""
    handle, skipper = house.handle(order), TimeSkipper(house.client)
    now = await skipper.get_current_time(handle)
    await skipper.fast_forward(handle, moment - now + timedelta(seconds=1))


async def milestones(house: House, shipment: str) -> Any:
    """What the books have of a shipment's times: promise, pick_by, dispatch_by."""
    [row] = await house.sql(
        "SELECT promise, pick_by, dispatch_by FROM shipments WHERE id = :id", id=shipment
    )
    return row


async def report(house: House, path: str, reference: str, kind: str) -> None:
    """A location or a carrier reports, as it would by its webhook."""
    body = {
        "event_id": uuid4().hex,
        "kind": kind,
        "reference": reference,
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    answer = await house.api.post(f"/webhooks/{path}", json=body)
    assert answer.status_code == 202, answer.text


async def goes_on(house: House, order: str, number: int) -> None:
    """A shipment is picked, leaves by the booking that stands, and arrives."""
    shipment = f"{order}:{number}"
    [row] = await house.sql(
        "SELECT s.location_id, b.carrier, b.reference FROM shipments s"
        " JOIN bookings b ON b.shipment_id = s.id AND b.state = 'booked' WHERE s.id = :id",
        id=shipment,
    )
    for kind in ("picked", "dispatched"):
        await report(house, f"warehouses/{row.location_id}", shipment, kind)
    await house.until_event(order, "dispatched")
    await report(house, f"carriers/{row.carrier}", row.reference, "delivered")
    await house.until_status(order, "closed")
    await house.handle(order).result()


async def released(house: House, **changes: Any) -> str:
    """An order of which Lille has everything, and says nothing."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    order: str = (await house.place(("SKU-1", 2), **changes))["order_id"]
    await house.until_event(order, "released")
    return order


async def skip_to_pick(house: House, order: str) -> None:
    await skip_to(house, order, (await milestones(house, f"{order}:1")).pick_by)


async def said(house: House, order: str, kind: str) -> list[str]:
    """What the timeline says of events of a kind, in English."""
    found = await house.sql(
        "SELECT detail->'then'->>'en' AS words FROM order_events"
        " WHERE order_id = :id AND kind = :kind ORDER BY id",
        id=order,
        kind=kind,
    )
    return [row.words for row in found]
