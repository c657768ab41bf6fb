"""Finding the shipment that a partner speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import reading
from adapters.postgres.tables import bookings, effects, reservations, shipments
from domain.messages.orders import ShipmentStatus


@dataclass(frozen=True, slots=True)
class ReleasedLine:
    """What a location was asked to pick for a line."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ReleasedShipment:
    """`is_at_store` says that the location hands it over to the customer, `has_expired` that it was
    not fetched in time, `is_own` that the location is the one that picks it."""

    shipment_id: str
    order_id: str
    lines: Mapping[str, ReleasedLine]
    is_own: bool
    is_at_store: bool
    has_expired: bool


@dataclass(frozen=True, slots=True)
class BookedShipment:
    """`live` is False when the booking is void at the carrier or given up with its shipment, and
    when the carrier has refused it."""

    shipment_id: str
    order_id: str
    live: bool


async def shipment_at(
    engine: AsyncEngine, location_id: str, shipment_id: str
) -> ReleasedShipment | None:
    """The shipment of that id, if it is the location's own, or fetched there."""
    query = (
        select(
            shipments.c.order_id,
            shipments.c.status,
            shipments.c.location_id,
            shipments.c.collect_at,
            reservations.c.line_id,
            reservations.c.sku,
            reservations.c.planned,
        )
        .outerjoin(reservations, reservations.c.shipment_id == shipments.c.id)
        .where(
            shipments.c.id == shipment_id,
            or_(shipments.c.location_id == location_id, shipments.c.collect_at == location_id),
        )
    )
    async with reading(engine) as connection:
        rows = (await connection.execute(query)).all()
    if not rows:
        return None
    lines = {
        row.line_id: ReleasedLine(row.sku, row.planned) for row in rows if row.line_id is not None
    }
    first = rows[0]
    return ReleasedShipment(
        shipment_id,
        first.order_id,
        lines,
        is_own=first.location_id == location_id,
        is_at_store=first.collect_at == location_id,
        has_expired=first.status == ShipmentStatus.EXPIRED,
    )


async def shipment_booked_at(
    engine: AsyncEngine, carrier: str, reference: str
) -> BookedShipment | None:
    """The shipment booked under our reference, if the booking is that carrier's."""
    attempt = func.split_part(bookings.c.reference, ":", 4)
    void = select(effects.c.key).where(effects.c.key == shipments.c.id + ":void:" + attempt)
    query = (
        select(
            shipments.c.id,
            shipments.c.order_id,
            shipments.c.status,
            bookings.c.state,
            void.exists().label("is_void"),
        )
        .join(shipments, shipments.c.id == bookings.c.shipment_id)
        .where(bookings.c.reference == reference, bookings.c.carrier == carrier)
    )
    async with reading(engine) as connection:
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    # One that another is to replace counts until its carrier knows: the parcel may go with it.
    is_to_be_replaced = row.state == "voided" and row.status != ShipmentStatus.ABANDONED
    live = row.state in ("intent", "booked") or (is_to_be_replaced and not row.is_void)
    return BookedShipment(row.id, row.order_id, live)
