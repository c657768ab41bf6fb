"""What a cart costs, by what the books say: the agreement in force, its lists, the rates of tax.

The price itself is `domain.pricing.price`; here is what it rests on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.collect_points import STORE, Store, store_of
from domain.pricing import (
    Agreement,
    AgreementInForce,
    CartLine,
    Grounds,
    ListedPrice,
    Priced,
    PriceList,
    PriceRefused,
    ProductFacts,
    Rate,
    price,
)

__all__ = [
    "ENTITLED_TO",
    "GROUNDS",
    "CartLine",
    "Parties",
    "PriceRefused",
    "Priced",
    "PricingRequest",
    "grounds_of",
    "price_lines",
    "read_parties",
]

_A_DAY = timedelta(days=1)

_IN_FORCE = """
    SELECT v.version, v.agreement_id, v.valid_until, v.body
    FROM agreements AS g JOIN agreement_versions AS v ON v.agreement_id = g.id
    WHERE (g.customer_id = customers.id OR g.segment = customers.segment)
      AND (g.channel IS NULL OR g.channel = :channel)
      AND v.published_at <= :at
      AND v.valid_from <= today.day AND coalesce(v.valid_until, 'infinity') >= today.day
    ORDER BY g.customer_id IS NULL, g.channel IS NULL, v.number DESC LIMIT 1
"""
_FROZEN = """
    SELECT v.version, v.agreement_id, v.valid_until, v.body
    FROM agreement_versions AS v WHERE v.version = :agreement_version
"""


_TODAY = """
    (SELECT) AS always
    LEFT JOIN seller ON true
    CROSS JOIN LATERAL (
        SELECT (CAST(:at AS timestamptz) AT TIME ZONE coalesce(seller.timezone, 'UTC'))::date AS day
    ) AS today
"""


def _grounds(agreement: str) -> str:
    return f"""
    SELECT jsonb_build_object(
        'on', today.day,
        'country', asks.country,
        'seller_country', seller.country,
        'vat_id', customers.vat_id,
        'agreement', agreed.version,
        'terms', agreed.body,
        'lists', (
            SELECT jsonb_agg(jsonb_build_object(
                'list_id', lists.id, 'number', valid.number, 'tax_included', lists.tax_included,
                'valid_until', valid.valid_until,
                'prices', (
                    SELECT jsonb_agg(jsonb_build_array(p.sku, p.min_quantity, p.unit_price))
                    FROM prices AS p WHERE p.list_id = lists.id AND p.number = valid.number
                      AND p.sku IN (SELECT sku FROM jsonb_to_recordset(:lines) AS line (sku text))
                )) ORDER BY named.position)
            FROM jsonb_array_elements_text(agreed.body -> 'lists') WITH ORDINALITY
                AS named (id, position)
            JOIN price_lists AS lists ON lists.id = named.id AND lists.currency = :currency
            JOIN LATERAL (
                SELECT v.number, v.valid_until FROM price_list_versions AS v
                WHERE v.list_id = lists.id AND v.published_at <= :at
                  AND v.valid_from <= today.day AND coalesce(v.valid_until, 'infinity') >= today.day
                ORDER BY v.number DESC LIMIT 1
            ) AS valid ON true
        ),
        'products', (
            SELECT jsonb_object_agg(p.sku, jsonb_build_object(
                'group', p.product_group, 'vat_category', p.vat_category))
            FROM products AS p
            WHERE p.sku IN (SELECT sku FROM jsonb_to_recordset(:lines) AS line (sku text))
        ),
        'rates', (
            SELECT jsonb_agg(jsonb_build_object('country', r.country, 'category', r.category,
                'bps', r.rate_bps, 'valid_from', r.valid_from))
            FROM vat_rates AS r WHERE r.country = asks.country AND seller.country IS NOT NULL
        ),
        'ends', (
            SELECT jsonb_agg(ends.day) FROM (
                SELECT agreed.valid_until
                UNION ALL
                SELECT v.valid_from - 1 FROM agreement_versions AS v
                WHERE v.agreement_id = agreed.agreement_id AND v.valid_from > today.day
                UNION ALL
                SELECT v.valid_from - 1 FROM price_list_versions AS v
                WHERE v.list_id IN (SELECT jsonb_array_elements_text(agreed.body -> 'lists'))
                  AND v.valid_from > today.day
            ) AS ends (day) WHERE ends.day IS NOT NULL
        )
    ) AS grounds
    FROM {_TODAY}
    LEFT JOIN LATERAL ({agreement}) AS agreed ON true
    """  # noqa: S608 - made of the constants above


GROUNDS = _grounds(_IN_FORCE)
"""What a price rests on, as `grounds_of` reads it: to be joined laterally to `customers` and
`asks` (country of destination), in a statement with the parameters lines, channel, currency, at."""

ENTITLED_TO = f"""
    SELECT nullif(agreed.body -> 'services', 'null')
    FROM {_TODAY} CROSS JOIN LATERAL ({_IN_FORCE}) AS agreed
"""  # noqa: S608 - made of the constants above
"""The only carrier services that `customers` may use by the agreement in force, null for every one:
a scalar of a statement with the parameters channel and at."""

_READ = """
SELECT priced.grounds
FROM (SELECT CAST(:country AS text) AS country) AS asks
LEFT JOIN customers ON customers.id = :customer_id
CROSS JOIN LATERAL ({grounds}) AS priced
"""
_NOW = text(_READ.format(grounds=GROUNDS)).bindparams(bindparam("lines", type_=JSONB))
_AS_AGREED = text(_READ.format(grounds=_grounds(_FROZEN))).bindparams(
    bindparam("lines", type_=JSONB)
)


_PARTIES = text(f"""
SELECT EXISTS (SELECT FROM customers WHERE id = :customer_id) AS customer_known,
       EXISTS (SELECT FROM channels WHERE code = :channel) AS channel_known,
       {STORE}
FROM (SELECT) AS always LEFT JOIN locations AS store ON store.id = :collect_at AND store.active
""")  # noqa: S608 - made of a constant


@dataclass(frozen=True, slots=True)
class Parties:
    """Who a cart is of, and where it is fetched; `store` is None where it is not, or where no
    active location is called like that."""

    customer_known: bool
    channel_known: bool
    store: Store | None


@dataclass(frozen=True, slots=True)
class PricingRequest:
    """A cart of a customer, in one currency, that goes to a country.

    `at` is the moment whose agreements, lists and rates count. What was priced before is priced
    again under the same terms with `at` as it was then, `agreement_version` the version that it was
    priced by, and `as_agreed`, which holds it to that version, and to none where that is None;
    otherwise the version in force counts. `tax_included` says how prices that the channel names are
    meant, None as the agreed ones are.

    A line that exists keeps its price where its price_source is `channel`: name it in `unit_price`.
    Where it is `agreement`, leave that out: the price is then the agreed one for all units now.
    """

    customer_id: str
    channel: str
    currency: str
    country: str
    at: datetime
    lines: Sequence[CartLine]
    agreement_version: str | None = None
    as_agreed: bool = False
    tax_included: bool | None = None


async def read_parties(
    conn: AsyncConnection, customer_id: str, channel: str, collect_at: str | None
) -> Parties:
    """Look up what a cart names besides its products."""
    named = {"customer_id": customer_id, "channel": channel, "collect_at": collect_at}
    row = (await conn.execute(_PARTIES, named)).one()
    return Parties(row.customer_known, row.channel_known, store_of(row))


async def price_lines(conn: AsyncConnection, request: PricingRequest) -> Priced | PriceRefused:
    """Price a cart in one statement, or say which of its fields stand in the way."""
    values = {
        "customer_id": request.customer_id,
        "channel": request.channel,
        "currency": request.currency,
        "country": request.country,
        "at": request.at,
        "lines": [{"sku": sku} for sku in sorted({line.sku for line in request.lines})],
    }
    statement = _NOW
    if request.as_agreed or request.agreement_version is not None:
        statement = _AS_AGREED
        values["agreement_version"] = request.agreement_version
    found = await conn.scalar(statement, values)
    return price(request.lines, grounds_of(found), request.tax_included)


def grounds_of(found: dict[str, Any]) -> Grounds:
    """What a price rests on, from what `GROUNDS` gives."""
    on = date.fromisoformat(found["on"])
    agreement = None
    if found["agreement"] is not None:
        terms = Agreement.model_validate(found["terms"])
        agreement = AgreementInForce(version=found["agreement"], terms=terms)
    lists = found["lists"] or ()
    rates = tuple(Rate.model_validate(rate) for rate in found["rates"] or ())
    ends = [*(found["ends"] or ()), *(listed.pop("valid_until") for listed in lists)]
    days = [date.fromisoformat(day) for day in ends if day is not None]
    days += [rate.valid_from - _A_DAY for rate in rates if rate.valid_from > on]
    return Grounds(
        on=on,
        country=found["country"] or "",
        seller_country=found["seller_country"],
        vat_id=found["vat_id"],
        agreement=agreement,
        lists=tuple(_list(listed) for listed in lists),
        products={
            sku: ProductFacts.model_validate(facts)
            for sku, facts in (found["products"] or {}).items()
        },
        rates=rates,
        valid_until=min(days, default=None),
    )


def _list(found: dict[str, Any]) -> PriceList:
    prices: dict[str, list[ListedPrice]] = {}
    for sku, min_quantity, unit_price in found.pop("prices") or ():
        listed = ListedPrice(min_quantity=min_quantity, unit_price=unit_price)
        prices.setdefault(sku, []).append(listed)
    return PriceList(prices={sku: tuple(breaks) for sku, breaks in prices.items()}, **found)
