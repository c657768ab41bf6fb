"""Adjustments: what people say has changed at a location, and why."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.corrections import Change, Corrected, Correction, Level, correct
from adapters.postgres.moved import MOVED, Frozen, Moved, add_up, read_positions
from adapters.postgres.places import check_skus, read_location
from adapters.postgres.stock_commands import Done, run_stock_command
from domain.stock import Position


class AdjustmentReason(StrEnum):
    """Why there are more or fewer units than were thought."""

    DAMAGED = "damaged"
    LOST = "lost"
    FOUND = "found"
    EXPIRED = "expired"
    SCRAPPED = "scrapped"
    REFURBISHED = "refurbished"
    RETURNED_TO_SUPPLIER = "returned_to_supplier"
    CORRECTION = "correction"


class Adjusted(Frozen):
    """`delta` more on hand and `aside` more set aside, or less."""

    sku: str
    delta: int
    aside: int


class Adjustment(Frozen):
    id: str
    location_id: str
    reason: AdjustmentReason
    note: str
    by: str
    lines: tuple[Adjusted, ...]


class NotThere(Exception):
    """Fewer units of `sku` may be taken away than asked for: `allowed`, and why in `why`."""

    def __init__(self, sku: str, allowed: int, why: str, *, is_aside: bool = False) -> None:
        super().__init__(f"{sku}: {allowed} ({why})")
        self.sku = sku
        self.allowed = allowed
        self.why = why
        self.is_aside = is_aside


async def adjust(engine: AsyncEngine, adjustment: Adjustment, now: datetime) -> Done[Moved]:
    """Change what is on hand or set aside, once, for a reason. Where less is left than is reserved,
    the orders that may wait longest lose units and look for others.

    Raises UnknownLocation, UnknownSkus, NotThere, and KeyReusedError when the id stands for another
    adjustment.
    """
    source = f"adjustment:{adjustment.location_id}:{adjustment.id}"
    return await run_stock_command(
        engine,
        source=source,
        request=adjustment,
        result=MOVED,
        skus={line.sku for line in adjustment.lines},
        now=now,
        act=lambda conn: _adjust(conn, adjustment, source, now),
    )


async def _adjust(
    conn: AsyncConnection, adjustment: Adjustment, source: str, now: datetime
) -> Moved:
    location = await read_location(conn, adjustment.location_id)
    wanted = add_up((line.sku, (line.delta, line.aside)) for line in adjustment.lines)
    await check_skus(conn, wanted)
    changes = {(sku, location.id): change for sku, change in wanted.items()}

    def decide(levels: Mapping[Position, Level]) -> dict[Position, Change]:
        for position, (_, aside) in changes.items():
            there = levels[position].set_aside
            if there + aside < 0:
                raise NotThere(position[0], there, "set aside", is_aside=True)
        return changes

    correction = Correction(
        source=source,
        reason=adjustment.reason,
        words=adjustment.reason.replace("_", " "),
        location_name=location.name,
        at=now,
        now=now,
        note=adjustment.note,
        by=adjustment.by,
    )
    done = await correct(conn, changes.keys(), decide, correction)
    _check_blocked(done)
    positions = await read_positions(conn, location.id, wanted)
    return Moved(positions=positions, resourced=done.resourced, served=done.served)


def _check_blocked(done: Corrected) -> None:
    for position, picked in sorted(done.blocked.items()):
        on_hand = done.before[position].on_hand
        why = f"on hand, {picked} of them picked" if picked else "on hand"
        raise NotThere(position[0], on_hand - picked, why)
