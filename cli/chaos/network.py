"""The network of a campaign: four locations, two carriers, customers of every kind, and SKUs of
which there is plenty, some of which there is too little, and some of which there is none.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.agreements import AgreementVersion, Party, publish_agreement
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
from adapters.postgres.price_lists import NewPrice, PriceListVersion, publish_list
from cli.demo import taxes
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.pricing import Agreement, Discount

CHANNEL = "web"
CURRENCY = "EUR"
PLENTY = tuple(f"PLENTY-{number}" for number in range(1, 9))
SCARCE = tuple(f"SCARCE-{number}" for number in range(1, 5))
LEAD = "LEAD"
"""Nobody has any of it, and 100,000 units weigh what an order may weigh at most."""
LEAD_GRAMS = 20_000
LOCATIONS = ("lille", "lyon", "paris", "liege")
WITH_ROOM = ("B-1", "B-2", "B-3")
"""Customers on account whose credit nothing exhausts."""
TIGHT = "B-4"
"""Their credit is soon used up: their orders are held, and a person lets them go on."""
AGREED = "B-5"
"""A customer with prices of an agreement: their orders name none."""
CONSUMER = "P-1"
"""Pays up front, and has no account."""
_OPENING = "opening stock"
_SINCE = date(2026, 1, 1)
_PRICES = {sku: 300 + 170 * n for n, sku in enumerate((*PLENTY, *SCARCE))}


def price_of(sku: str) -> int:
    """What the shop asks for a unit, in minor units, tax included."""
    return _PRICES.get(sku, 0)


def opening() -> Sequence[Receipt]:
    """What is there before the first order: goods by SKU and location."""
    plenty = [
        Receipt(sku, location, 20_000)
        for n, sku in enumerate(PLENTY)
        for location in (LOCATIONS[n % 4], LOCATIONS[(n + 1) % 4])
    ]
    scarce = [Receipt(sku, LOCATIONS[n % 4], 30) for n, sku in enumerate(SCARCE)]
    return (*plenty, *scarce)


def network() -> Network:
    """The master data."""
    return Network(
        channels=[Channel(CHANNEL, "Web shop")],
        customers=[
            *(Customer(name, "business", "en") for name in (*WITH_ROOM, TIGHT, AGREED)),
            Customer(CONSUMER, "consumer", "fr"),
        ],
        accounts=[
            *(Account(name, CURRENCY, 10**12, 30) for name in (*WITH_ROOM, AGREED)),
            Account(TIGHT, CURRENCY, 60_000, 30),
        ],
        products=[
            *(Product(sku, f"Plenty of {sku}", 400) for sku in PLENTY),
            *(Product(sku, f"Little of {sku}", 900) for sku in SCARCE),
            Product(LEAD, "Lead", LEAD_GRAMS),
        ],
        locations=[
            Location(
                "lille", "Lille", "warehouse", "FR", "59810", 50.59, 3.11, "Europe/Paris", 140
            ),
            Location("lyon", "Lyon", "warehouse", "FR", "69800", 45.70, 4.94, "Europe/Paris", 140),
            Location("paris", "Paris", "store", "FR", "75002", 48.87, 2.34, "Europe/Paris", 320),
            Location("liege", "Liège", "3pl", "BE", "4460", 50.64, 5.47, "Europe/Brussels", 210),
        ],
        services=[
            service
            for origin in ("FR", "BE")
            for service in (
                CarrierService("colibri", "home", "Colibri Home", origin, "*", 490, 60, 2, 30_000),
                CarrierService("colibri", "dawn", "Colibri Dawn", origin, "*", 1190, 80, 1, 30_000),
                CarrierService(
                    "sterne", "parcel", "Sterne Parcel", origin, "*", 640, 45, 2, 50_000
                ),
            )
        ],
        seller=taxes.SELLER,
        vat_rates=taxes.rates(),
    )


def policy(*, continue_as_new_after_events: int = 100) -> OrderPolicy:
    """Short time-outs, so that what is silent is passed over within a campaign; by default a
    history is so short that many an order continues as new."""
    return OrderPolicy(
        version=f"chaos-{continue_as_new_after_events}",
        sourcing=SourcingPolicy(max_upgrade_cost=800),
        pick_timeout=timedelta(seconds=20),
        release_timeout=timedelta(seconds=15),
        dispatch_timeout=timedelta(minutes=5),
        return_timeout=timedelta(seconds=30),
        hold_timeout=timedelta(days=1),
        backorder_timeout=timedelta(days=1),
        unrefunded_grades=("broken",),
        refund_percent={"used": 60},
        continue_as_new_after_events=continue_as_new_after_events,
    )


def behaviour(seed: int) -> dict[str, object]:
    """A world in which everything goes wrong now and then, for `PUT /behaviour`: parcels arrive
    some seconds after they were ordered, and until they leave there is time to change them."""
    return {
        "seed": seed,
        "speed": 50_000.0,
        "odds": {
            "carrier_refuses": 0.02,
            "carrier_hangs_after_booking": 0.01,
            "carrier_unavailable": 0.01,
            "warehouse_refuses": 0.01,
            "warehouse_hangs_after_accepting": 0.01,
            "warehouse_unavailable": 0.01,
            "warehouse_rejects": 0.01,
            "warehouse_silent": 0.005,
            "short_pick": 0.02,
            "payment_declines": 0.02,
            "payment_hangs_after_authorising": 0.01,
            "payment_hangs_after_capturing": 0.01,
            "payment_hangs_after_refunding": 0.01,
            "payment_unavailable": 0.01,
            "notifier_unavailable": 0.01,
            "duplicate_webhook": 0.05,
            "late_webhook": 0.03,
            "reordered_webhook": 0.05,
            "collected_event": 0.3,
            "in_transit_event": 0.3,
            "exception_event": 0.02,
            "late_delivery": 0.03,
        },
        "pick_hours": [10.0, 60.0],
        "dispatch_hours": [10.0, 60.0],
        "hang_seconds": 4.0,
    }


async def prepare(engine: AsyncEngine, world_url: str, seed: int, chosen: OrderPolicy) -> None:
    """Load everything, and have the world behave; a repeat changes nothing."""
    now = datetime.now(UTC)
    async with engine.begin() as connection:
        await load_network(connection, network())
        # A process whose clock is slow has heard of them too.
        await publish_list(connection, _list(), now - timedelta(days=1))
        await publish_agreement(connection, _agreement(), now - timedelta(days=1))
        await activate_policy(connection, chosen)
        await receive_stock(connection, opening(), _OPENING, now)
    async with httpx.AsyncClient(base_url=world_url, trust_env=False) as client:
        (await client.put("/behaviour", json=behaviour(seed))).raise_for_status()


def _list() -> PriceListVersion:
    prices = [NewPrice(sku, price) for sku, price in _PRICES.items()]
    prices += [NewPrice(sku, price * 9 // 10, min_quantity=10) for sku, price in _PRICES.items()]
    return PriceListVersion(
        "trade", 1, CURRENCY, tax_included=False, valid_from=_SINCE, prices=prices
    )


def _agreement() -> AgreementVersion:
    return AgreementVersion(
        agreement_id="terms-b5",
        version=1,
        party=Party(AGREED, None, None),
        terms=Agreement(lists=("trade",), discounts=(Discount(bps=300),)),
        valid_from=_SINCE,
    )
