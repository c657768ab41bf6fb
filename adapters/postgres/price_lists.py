"""Price lists: published in versions that never change."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.versions import OutOfTurnError, Published, VersionChangedError


@dataclass(frozen=True, slots=True)
class NewPrice:
    """`unit_price` in minor units of the list's currency, from `min_quantity` units on."""

    sku: str
    unit_price: int
    min_quantity: int = 1


@dataclass(frozen=True, slots=True)
class PriceListVersion:
    """A version of a list, the first of which is 1. It counts from `valid_from` to `valid_until`,
    both included; of several the last one. `tax_included` says that the tax is in its prices."""

    list_id: str
    version: int
    currency: str
    tax_included: bool
    valid_from: date
    prices: Sequence[NewPrice]
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class StandingVersion:
    """A version as it stands, without its prices."""

    version: int
    valid_from: date
    valid_until: date | None
    published_at: datetime


class ListChangedError(Exception):
    """A list's currency, or whether the tax is in its prices, is another in its first version."""


class UnknownSkusError(Exception):
    """A list names products that there are not: `skus`."""

    def __init__(self, skus: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(skus)))
        self.skus = skus


_HEAD = text("""
INSERT INTO price_lists (id, currency, tax_included) VALUES (:list_id, :currency, :tax_included)
ON CONFLICT DO NOTHING
""")
_LOCK = text("""
SELECT currency, tax_included FROM price_lists WHERE id = :list_id FOR UPDATE
""")
_LATEST = text("SELECT max(number) FROM price_list_versions WHERE list_id = :list_id")
_STANDING = text("""
SELECT body_hash FROM price_list_versions WHERE list_id = :list_id AND number = :version
""")
_UNKNOWN = text("""
SELECT DISTINCT p.sku FROM jsonb_to_recordset(:prices) AS p (sku text)
WHERE NOT EXISTS (SELECT FROM products WHERE products.sku = p.sku)
""").bindparams(bindparam("prices", type_=JSONB))
_PUBLISH = text("""
WITH version AS (
    INSERT INTO price_list_versions (list_id, number, valid_from, valid_until, body_hash,
                                     published_at)
    VALUES (:list_id, :version, :valid_from, :valid_until, :body_hash, :at)
)
INSERT INTO prices (list_id, number, sku, min_quantity, unit_price)
SELECT :list_id, :version, p.sku, p.min_quantity, p.unit_price
FROM jsonb_to_recordset(:prices) AS p (sku text, min_quantity int, unit_price bigint)
""").bindparams(bindparam("prices", type_=JSONB))
_READ_HEAD = text("SELECT currency, tax_included FROM price_lists WHERE id = :list_id")
_READ_VERSIONS = text("""
SELECT number AS version, valid_from, valid_until, published_at
FROM price_list_versions WHERE list_id = :list_id ORDER BY number
""")
_READ_PRICES = text("""
SELECT sku, unit_price, min_quantity FROM prices
WHERE list_id = :list_id AND number = :version ORDER BY sku, min_quantity
""")


async def publish_list(conn: AsyncConnection, new: PriceListVersion, at: datetime) -> Published:
    """Publish a version of a list, for prices asked for from `at` on.

    A version that stands with the same contents is left as it is. Raises VersionChangedError where
    it stands with others, OutOfTurnError where it does not follow the latest one, ListChangedError
    and UnknownSkusError.
    """
    head = {"list_id": new.list_id, "currency": new.currency, "tax_included": new.tax_included}
    await conn.execute(_HEAD, head)
    standing = (await conn.execute(_LOCK, {"list_id": new.list_id})).one()
    if (standing.currency, standing.tax_included) != (new.currency, new.tax_included):
        how = "with" if standing.tax_included else "without"
        raise ListChangedError(f"{new.list_id!r} is in {standing.currency}, {how} tax")
    named = {"list_id": new.list_id, "version": new.version}
    latest = await conn.scalar(_LATEST, {"list_id": new.list_id}) or 0
    prices = [asdict(price) for price in new.prices]
    fingerprint = _fingerprint(new)
    stands = await conn.scalar(_STANDING, named)
    if stands is not None:
        if stands != fingerprint:
            raise VersionChangedError(new.list_id, new.version)
        return Published.STANDS
    if new.version != latest + 1:
        raise OutOfTurnError(new.list_id, latest)
    unknown = frozenset((await conn.execute(_UNKNOWN, {"prices": prices})).scalars())
    if unknown:
        raise UnknownSkusError(unknown)
    await conn.execute(
        _PUBLISH,
        {
            **named,
            "valid_from": new.valid_from,
            "valid_until": new.valid_until,
            "body_hash": fingerprint,
            "at": at,
            "prices": prices,
        },
    )
    return Published.NOW


async def list_versions(conn: AsyncConnection, list_id: str) -> list[StandingVersion]:
    """All versions of a list, the first one first; none where there is no such list."""
    found = await conn.execute(_READ_VERSIONS, {"list_id": list_id})
    return [StandingVersion(**row) for row in found.mappings()]


async def read_list(
    conn: AsyncConnection, list_id: str, standing: StandingVersion
) -> PriceListVersion:
    """A version that stands, with its prices by SKU and quantity."""
    head = (await conn.execute(_READ_HEAD, {"list_id": list_id})).one()
    named = {"list_id": list_id, "version": standing.version}
    prices = (await conn.execute(_READ_PRICES, named)).mappings()
    return PriceListVersion(
        list_id=list_id,
        version=standing.version,
        currency=head.currency,
        tax_included=head.tax_included,
        valid_from=standing.valid_from,
        valid_until=standing.valid_until,
        prices=[NewPrice(**price) for price in prices],
    )


def _fingerprint(new: PriceListVersion) -> str:
    """The same for two bodies that mean the same, in whatever order their prices stand."""
    prices = sorted([price.sku, price.min_quantity, price.unit_price] for price in new.prices)
    validity = [str(new.valid_from), str(new.valid_until)]
    return hashlib.sha256(json.dumps([validity, prices]).encode()).hexdigest()
