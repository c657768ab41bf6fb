"""Agreements: published in versions that never change, one agreement for a party and channel."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.versions import OutOfTurnError, Published, VersionChangedError
from domain.pricing import Agreement


@dataclass(frozen=True, slots=True)
class Party:
    """With whom an agreement is: a customer, or by default all of a segment; `channel` None for
    every one."""

    customer_id: str | None = None
    segment: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class AgreementVersion:
    """A version of an agreement, the first of which is 1. It counts from `valid_from` to
    `valid_until`, both included; of several the last one. `published_at` is None before it is."""

    agreement_id: str
    version: int
    party: Party
    terms: Agreement
    valid_from: date
    valid_until: date | None = None
    published_at: datetime | None = None


class AnotherAgreementError(Exception):
    """The party has an agreement for that channel already, under another id; or the agreement of
    this id is with another party."""


class UnknownNamesError(Exception):
    """An agreement names what there is not: `fields`, each with the name."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {name}" for field, name in fields.items()))
        self.fields = fields


_UNKNOWN = text("""
SELECT field, name FROM (
    SELECT 'customer_id', CAST(:customer_id AS text)
    WHERE NOT EXISTS (SELECT FROM customers WHERE id = :customer_id)
    UNION ALL
    SELECT 'channel', CAST(:channel AS text)
    WHERE NOT EXISTS (SELECT FROM channels WHERE code = :channel)
    UNION ALL
    SELECT 'lists[' || named.position - 1 || ']', named.id
    FROM jsonb_array_elements_text(:lists) WITH ORDINALITY AS named (id, position)
    WHERE NOT EXISTS (SELECT FROM price_lists WHERE id = named.id)
) AS unknown (field, name) WHERE name IS NOT NULL ORDER BY field
""").bindparams(bindparam("lists", type_=JSONB))
_MIXED = text("""
SELECT currency FROM price_lists
WHERE id IN (SELECT jsonb_array_elements_text(:lists))
GROUP BY currency HAVING count(DISTINCT tax_included) > 1 ORDER BY currency LIMIT 1
""").bindparams(bindparam("lists", type_=JSONB))
_HEAD = text("""
INSERT INTO agreements (id, customer_id, segment, channel)
VALUES (:id, :customer_id, :segment, :channel) ON CONFLICT DO NOTHING
""")
_LOCK = text("SELECT customer_id, segment, channel FROM agreements WHERE id = :id FOR UPDATE")
_LATEST = text("SELECT max(number) FROM agreement_versions WHERE agreement_id = :id")
_READ = text("""
SELECT v.number, g.customer_id, g.segment, g.channel, v.valid_from, v.valid_until, v.body,
       v.published_at
FROM agreements g JOIN agreement_versions v ON v.agreement_id = g.id
WHERE g.id = :id ORDER BY v.number
""")
_PUBLISH = text("""
INSERT INTO agreement_versions (version, agreement_id, number, valid_from, valid_until, terms_days,
                                invoicing, body, published_at)
VALUES (:version, :id, :number, :valid_from, :valid_until, :terms_days, :invoicing, :body, :at)
""").bindparams(bindparam("body", type_=JSONB))


class MixedTaxError(Exception):
    """Of the lists in one `currency`, some have the tax in their prices and some have not."""

    def __init__(self, currency: str) -> None:
        super().__init__(currency)
        self.currency = currency


async def publish_agreement(
    conn: AsyncConnection, new: AgreementVersion, at: datetime
) -> Published:
    """Publish a version of an agreement, for orders placed from `at` on; orders keep theirs.

    A version that stands with the same contents is left as it is. Raises VersionChangedError where
    it stands with others, OutOfTurnError where it does not follow the latest one,
    AnotherAgreementError, UnknownNamesError and MixedTaxError.
    """
    await _check_names(conn, new)
    await _lock(conn, new)
    standing = {version.version: version for version in await read_versions(conn, new.agreement_id)}
    if new.version in standing:
        if not _is_same(standing[new.version], new):
            raise VersionChangedError(new.agreement_id, new.version)
        return Published.STANDS
    latest = max(standing, default=0)
    if new.version != latest + 1:
        raise OutOfTurnError(new.agreement_id, latest)
    await conn.execute(
        _PUBLISH,
        {
            "version": f"{new.agreement_id}/{new.version}",
            "id": new.agreement_id,
            "number": new.version,
            "valid_from": new.valid_from,
            "valid_until": new.valid_until,
            "terms_days": new.terms.terms_days,
            "invoicing": new.terms.invoicing.value,
            "body": new.terms.model_dump(mode="json"),
            "at": at,
        },
    )
    return Published.NOW


async def read_versions(conn: AsyncConnection, agreement_id: str) -> list[AgreementVersion]:
    """All versions of an agreement, the first one first; none where there is no such agreement."""
    found = await conn.execute(_READ, {"id": agreement_id})
    return [_version(agreement_id, row) for row in found]


async def _check_names(conn: AsyncConnection, new: AgreementVersion) -> None:
    lists = list(new.terms.lists)
    named = {
        "customer_id": new.party.customer_id,
        "channel": new.party.channel,
        "lists": lists,
    }
    unknown = {row.field: row.name for row in await conn.execute(_UNKNOWN, named)}
    if unknown:
        raise UnknownNamesError(unknown)
    mixed = await conn.scalar(_MIXED, {"lists": lists})
    if mixed is not None:
        raise MixedTaxError(mixed)


async def _lock(conn: AsyncConnection, new: AgreementVersion) -> None:
    """Hold the agreement, made if there is none, until the transaction ends."""
    party = {
        "customer_id": new.party.customer_id,
        "segment": new.party.segment,
        "channel": new.party.channel,
    }
    await conn.execute(_HEAD, {"id": new.agreement_id, **party})
    held = (await conn.execute(_LOCK, {"id": new.agreement_id})).mappings().one_or_none()
    if held is None:
        raise AnotherAgreementError("another agreement is in force for the same")
    if dict(held) != party:
        raise AnotherAgreementError(f"agreement {new.agreement_id!r} is with somebody else")


def _is_same(standing: AgreementVersion, new: AgreementVersion) -> bool:
    validity = (standing.valid_from, standing.valid_until)
    return standing.terms == new.terms and validity == (new.valid_from, new.valid_until)


def _version(agreement_id: str, row: Row[Any]) -> AgreementVersion:
    return AgreementVersion(
        agreement_id=agreement_id,
        version=row.number,
        party=Party(row.customer_id, row.segment, row.channel),
        terms=Agreement.model_validate(row.body),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        published_at=row.published_at,
    )
