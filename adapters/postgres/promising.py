"""What a promise for a cart rests on, read in two statements that lock nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.availability import UNITS
from adapters.postgres.policies import ASSIGNED
from adapters.postgres.pricing import ENTITLED_TO
from adapters.postgres.snapshot import CLOSED, DESTINATION, PLANNED, WHERE_IT_GOES, planned_since
from domain.messages.orders import OrderType
from domain.messages.policy import OrderPolicy
from domain.messages.steps import Exclusion
from domain.pricing import CarrierServiceRight
from domain.sourcing import Availability, PlannedDay, Scarcity
from domain.stock import Supply

_CART = text(f"""
SELECT EXISTS (SELECT FROM channels WHERE code = :channel) AS channel_known,
       customers.id AS customer_id, accounts.currency,
       coalesce(accounts.ship_complete, false) AS terms_complete,
       {WHERE_IT_GOES},
       (SELECT coalesce(jsonb_object_agg(p.sku, jsonb_build_object('weight_grams', p.weight_grams,
                   'volume_cm3', p.volume_cm3, 'longest_mm', p.longest_mm)), '{{}}')
        FROM products p WHERE p.sku = ANY(:skus)) AS products,
       ARRAY(SELECT l.id FROM locations l WHERE l.active AND l.collect ORDER BY l.id) AS stores,
       ({ENTITLED_TO}) AS entitled_to,
       ({CLOSED}) AS closed,
       (SELECT coalesce(jsonb_object_agg(asks.type, policies.body), '{{}}')
        FROM (SELECT t.type, goes.country FROM unnest(CAST(:types AS text[])) AS t(type)) AS asks
        CROSS JOIN LATERAL ({ASSIGNED}) AS assigned
        JOIN policies ON policies.version = assigned.policy_version) AS policies
FROM (SELECT CAST(:country AS text) AS country, CAST(:postal_code AS text) AS postal_code,
             CAST(:collect_at AS text) AS collect_at) AS o
{DESTINATION}
LEFT JOIN customers ON customers.id = :customer_id
LEFT JOIN accounts ON accounts.customer_id = customers.id
""")  # noqa: S608 - made of constants
_STOCK = text(f"""
SELECT (SELECT coalesce(jsonb_agg(a), '[]') FROM (
            SELECT s.location_id, s.sku, {UNITS} AS units
            FROM (SELECT CAST(:channel AS text) AS channel) AS asks
            CROSS JOIN stock s JOIN locations l ON l.id = s.location_id AND l.active
            WHERE s.sku = ANY(:skus) ORDER BY s.location_id, s.sku) AS a
        WHERE a.units > 0) AS available,
       (SELECT coalesce(jsonb_agg(p), '[]') FROM ({PLANNED}) AS p) AS planned,
       (SELECT coalesce(jsonb_agg(c), '[]') FROM (
            SELECT u.id, sku, location_id, due, confidence, units - received - claimed AS units
            FROM supplies u JOIN locations l ON l.id = u.location_id AND l.active
            WHERE sku = ANY(:skus) AND NOT closed AND units > received + claimed
            ORDER BY u.id, sku) AS c) AS coming,
       (SELECT coalesce(jsonb_agg(k), '[]') FROM (
            SELECT location_id, sku, cost FROM scarcities WHERE sku = ANY(:skus)
            ORDER BY location_id, sku) AS k) AS scarce
""")  # noqa: S608

_RIGHTS = TypeAdapter(tuple[CarrierServiceRight, ...] | None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A cart: to where it goes, or the store `collect_at` where it is fetched."""

    channel: str
    customer_id: str | None
    country: str | None
    postal_code: str | None
    collect_at: str | None
    skus: Collection[str]


@dataclass(frozen=True, slots=True)
class Cart:
    """What the books say about a cart. `destination` is what a problem holds of it; its country is
    None where the store of the cart is not known. `products` gives weight and size by SKU, `stores`
    are the locations where customers may fetch, `policies` those of an order by its type;
    `entitled_to` the only carrier services that the customer may use, None for every one; `closed`
    are the locations that nobody gets anything from now."""

    channel_known: bool
    customer_known: bool
    currency: str | None
    terms_complete: bool
    destination: Mapping[str, Any]
    products: Mapping[str, Mapping[str, int]]
    stores: Sequence[str]
    policies: Mapping[OrderType, OrderPolicy]
    entitled_to: tuple[CarrierServiceRight, ...] | None
    closed: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True)
class OnOffer:
    """What there is of a cart's SKUs for its channel, and what is to come."""

    availability: tuple[Availability, ...]
    planned: tuple[PlannedDay, ...]
    scarcities: tuple[Scarcity, ...]
    supplies: tuple[Supply, ...]


async def read_cart(conn: AsyncConnection, asked: Asked, at: datetime) -> Cart:
    """Everything about a cart but the stock, by the agreement in force at this moment."""
    row = (
        await conn.execute(
            _CART,
            {
                "channel": asked.channel,
                "customer_id": asked.customer_id,
                "country": asked.country,
                "postal_code": asked.postal_code,
                "collect_at": asked.collect_at,
                "skus": list(asked.skus),
                "types": [kind.value for kind in OrderType],
                "at": at,
            },
        )
    ).one()
    places = ("country", "postal_code", "latitude", "longitude", "region", "timezone")
    return Cart(
        channel_known=row.channel_known,
        customer_known=row.customer_id is not None,
        currency=row.currency,
        terms_complete=row.terms_complete,
        destination={name: getattr(row, name) for name in places},
        products=row.products,
        stores=row.stores,
        policies={
            OrderType(kind): OrderPolicy.model_validate(body) for kind, body in row.policies.items()
        },
        entitled_to=_RIGHTS.validate_python(row.entitled_to),
        closed=tuple(Exclusion.model_validate(closed) for closed in row.closed),
    )


async def read_on_offer(
    conn: AsyncConnection, asked: Asked, limited: Sequence[str], at: datetime
) -> OnOffer:
    """The stock as it is; `limited` names the locations that hand over so many shipments a day."""
    row = (
        await conn.execute(
            _STOCK,
            {
                "channel": asked.channel,
                "skus": list(asked.skus),
                "locations": list(limited),
                "since": planned_since(at),
            },
        )
    ).one()
    return OnOffer(
        availability=tuple(Availability.model_validate(given) for given in row.available),
        planned=tuple(PlannedDay.model_validate(given) for given in row.planned),
        scarcities=tuple(Scarcity.model_validate(given) for given in row.scarce),
        supplies=tuple(
            Supply(
                given["id"],
                given["sku"],
                given["location_id"],
                datetime.fromisoformat(given["due"]),
                given["units"],
                given["confidence"],
            )
            for given in row.coming
        ),
    )
