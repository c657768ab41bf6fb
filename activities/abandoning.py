"""Shipments that will not happen: their units are their order's again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import allocation, reliability, stock
from domain.messages.steps import Abandon


async def give_up(
    conn: AsyncConnection, order_id: str, abandon: Sequence[Abandon], at: datetime
) -> set[str]:
    """Earmark for the order what the shipments held, but for what they yield to others: gives the
    SKUs of that, which are free. The order's row is locked already."""
    yields = {sku for abandoned in abandon for sku in abandoned.yields}
    gone = [abandoned.shipment_id for abandoned in abandon]
    await allocation.abandon(conn, order_id, gone)
    await reliability.note_given_up(conn, abandon, at)
    if yields:
        free = await allocation.drop_earmarks(conn, order_id, yields)
        await stock.release(conn, order_id, free)
    return yields
