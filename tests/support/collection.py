"""What customers fetch at a store: shipments of books at every stage of their way there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from activities.collection import CollectionActivities
from activities.collection_end import CollectionEndActivities
from adapters.postgres.network import Location, Network, load_network
from domain.messages.collection import (
    ExpireCollection,
    MoveCollection,
    RecordCollection,
    RecordReady,
    RemindCollector,
)
from domain.messages.orders import OrderType
from tests.support.books import AT, book, dispatch, pick, release

if TYPE_CHECKING:
    from domain.messages.collection import Expired, Fetched
    from tests.support.books import Books

PARIS = Location(
    "PAR", "Paris", "store", "FR", "75002", 48.87, 2.34, "Europe/Paris", 100, collect=True
)
NICE = Location(
    "NCE", "Nice", "store", "FR", "06000", 43.7, 7.27, "Europe/Paris", 100, collect=True
)
UNTIL = AT + timedelta(days=7)


async def open_stores(books: Books) -> None:
    """Two stores without stock, in Paris and in Nice."""
    async with books.engine.begin() as conn:
        await load_network(conn, Network(locations=[PARIS, NICE]))


def collecting(books: Books) -> CollectionActivities:
    return CollectionActivities(books.engine)


async def in_store(books: Books, *lines: tuple[str, int], **changes: Any) -> str:
    """A shipment of Paris' own stock that is ready there; gives its id."""
    asked = {"type": OrderType.COLLECT, "collect_at": "PAR"} | changes
    shipment = f"{await books.sourced(*(lines or [('SKU-1', 2)]), **asked)}:1"
    await books.locating.release_to_location(release(shipment))
    await books.shipments.record_pick(pick(shipment))
    await collecting(books).record_ready(ready(shipment))
    return shipment


async def sent_there(books: Books, *lines: tuple[str, int], **changes: Any) -> str:
    """A shipment from elsewhere that is ready in Paris; gives its id."""
    asked = {"type": OrderType.SHIP_TO_STORE, "collect_at": "PAR"} | changes
    shipment = f"{await books.sourced(*(lines or [('SKU-2', 2)]), **asked)}:1"
    await books.carrying.book_carrier(book(shipment))
    await books.locating.release_to_location(release(shipment))
    await books.shipments.record_pick(pick(shipment))
    await collecting(books).send_to_store(dispatch(shipment))
    await collecting(books).record_ready(ready(shipment))
    return shipment


async def fetch(books: Books, shipment: str) -> Fetched | Expired:
    """The customer comes, the day after it was ready."""
    return await CollectionEndActivities(books.engine).record_collection(
        RecordCollection(shipment_id=shipment, occurred_at=AT + timedelta(days=1), at=AT)
    )


async def expire(books: Books, shipment: str) -> Fetched | Expired:
    """Nobody comes."""
    return await CollectionEndActivities(books.engine).expire_collection(
        ExpireCollection(shipment_id=shipment, reason="nobody came", at=UNTIL)
    )


async def remind(books: Books, shipment: str) -> None:
    await collecting(books).remind_collector(
        RemindCollector(shipment_id=shipment, until=UNTIL, at=AT)
    )


async def move(books: Books, order: str) -> None:
    """The customer agrees to fetch in Nice what is not ready."""
    await collecting(books).move_collection(
        MoveCollection(
            order_id=order,
            generation=1,
            location_id="NCE",
            location_name="Nice",
            agreed_by="Marie",
            note="she moves",
            at=AT,
        )
    )


def ready(shipment: str) -> RecordReady:
    return RecordReady(shipment_id=shipment, ready_at=AT, until=UNTIL, at=AT)
