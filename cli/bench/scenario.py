"""The orders that are measured: straight ones, in a world that does everything right."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.network import (
    Account,
    CarrierService,
    Channel,
    Customer,
    Location,
    Network,
    Product,
    Receipt,
    load_network,
    receive_stock,
)
from adapters.postgres.policies import activate_policy
from domain.messages.policy import OrderPolicy, SourcingPolicy

PLACES = ("LILLE", "LYON", "NANTES", "METZ", "TOURS")
ANYWHERE = "ANYWHERE"
_WHERE = {
    "LILLE": ("59000", 50.63, 3.06),
    "LYON": ("69000", 45.76, 4.84),
    "NANTES": ("44000", 47.22, -1.55),
    "METZ": ("57000", 49.12, 6.18),
    "TOURS": ("37000", 47.39, 0.69),
}
_PLENTY = 1_000_000
# While orders are placed, locations pick nothing: it would take them half an hour at the least.
_HELD = 1.0
# Three days pass in a few seconds.
_FAST = 100_000.0
_NETWORK = Network(
    channels=[Channel("web", "Web shop")],
    customers=[Customer("C-1", "business", "en")],
    accounts=[Account("C-1", "EUR", 10**12, 30)],
    products=[
        *(Product(f"ONLY-{place}", f"Only at {place}", 500) for place in PLACES),
        Product(ANYWHERE, "At all of them", 500),
    ],
    locations=[
        Location(name, name.title(), "warehouse", "FR", *where, "Europe/Paris", 100)
        for name, where in _WHERE.items()
    ],
    services=[
        CarrierService("colibri", "standard", "Colibri Standard", "FR", "*", 500, 100, 2, 30_000)
    ],
)


class OutsideWorld:
    """The simulated partners: they book and accept at once, and do the work when they are told."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def hold(self, **behaviour: Any) -> None:
        """Book and accept, and do nothing beyond that."""
        await self.behave(speed=_HELD, **behaviour)

    @asynccontextmanager
    async def at_work(self, **behaviour: Any) -> AsyncIterator[None]:
        """Inside, all that was accepted is picked, dispatched and delivered, fast."""
        await self.behave(**{"speed": _FAST, **behaviour})
        try:
            yield
        finally:
            await self.hold()

    async def behave(self, **behaviour: Any) -> None:
        """Put a behaviour in force, in the words of the world's own API."""
        (await self._client.put("/behaviour", json=behaviour)).raise_for_status()


@asynccontextmanager
async def outside_world(url: str) -> AsyncIterator[OutsideWorld]:
    """The world at this address, which holds its work back."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        world = OutsideWorld(client)
        await world.hold()
        yield world


async def prepare(engine: AsyncEngine) -> None:
    """Load the network, with plenty of stock."""
    # As many shipments as there are places.
    policy = OrderPolicy(version="bench", sourcing=SourcingPolicy(max_shipments=len(PLACES)))
    async with engine.begin() as connection:
        await load_network(connection, _NETWORK)
        await activate_policy(connection, policy)
        receipts = [
            Receipt(sku, place, _PLENTY) for place in PLACES for sku in (f"ONLY-{place}", ANYWHERE)
        ]
        await receive_stock(connection, receipts, "bench", datetime.now(UTC))


def body(reference: str, places: Sequence[str]) -> dict[str, Any]:
    """An order whose every line is in stock at one of the places alone: a shipment for each."""
    return order(reference, [line(f"ONLY-{place}", 1) for place in places])


def line(sku: str, quantity: int) -> dict[str, Any]:
    """A line of an order."""
    return {"sku": sku, "quantity": quantity, "unit_price": 1000}


def order(reference: str, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """An order on account."""
    return {
        "channel": "web",
        "reference": reference,
        "customer_id": "C-1",
        "currency": "EUR",
        "ship_to": {
            "name": "Bench",
            "street": "1 rue du Banc",
            "city": "Paris",
            "postal_code": "75001",
            "country": "FR",
            "email": "bench@example.org",
        },
        "lines": list(lines),
    }
