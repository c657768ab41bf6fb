"""The orders that are measured: straight ones, in a world without faults."""

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
from domain.messages.policy import OrderPolicy

ONE_LOCATION = ("NEAR",)
TWO_LOCATIONS = ("NEAR", "FAR")
_PLENTY = 1_000_000
_NETWORK = Network(
    channels=[Channel("web", "Web shop")],
    customers=[Customer("C-1", "business", "en")],
    accounts=[Account("C-1", "EUR", 10**12, 30)],
    products=[Product(f"ONLY-{place}", f"Only at {place}", 500) for place in TWO_LOCATIONS],
    locations=[
        Location("NEAR", "Lille", "warehouse", "FR", "59000", 50.63, 3.06, "Europe/Paris", 100),
        Location("FAR", "Lyon", "warehouse", "FR", "69000", 45.76, 4.84, "Europe/Paris", 100),
    ],
    services=[
        CarrierService("colibri", "standard", "Colibri Standard", "FR", "*", 500, 100, 2, 30_000)
    ],
)


async def prepare(engine: AsyncEngine, world_url: str, speed: float) -> None:
    """Load the network with plenty of stock, and a world that does everything right, fast."""
    async with engine.begin() as connection:
        await load_network(connection, _NETWORK)
        await activate_policy(connection, OrderPolicy(version="bench"))
        receipts = [Receipt(f"ONLY-{place}", place, _PLENTY) for place in TWO_LOCATIONS]
        await receive_stock(connection, receipts, "bench", datetime.now(UTC))
    async with httpx.AsyncClient(base_url=world_url, trust_env=False) as client:
        (await client.put("/behaviour", json={"speed": speed})).raise_for_status()


def body(reference: str, locations: tuple[str, ...]) -> dict[str, Any]:
    """An order whose every line is in stock at one of `locations` alone: a shipment for each."""
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
        "lines": [
            {"sku": f"ONLY-{location}", "quantity": 1, "unit_price": 1000} for location in locations
        ],
    }
