"""The notices that wait to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

_UNSENT = text("""
SELECT n.id, n.order_id, n.occasion, n.template, n.channel, n.detail, o.language,
       CASE n.channel WHEN 'email' THEN c.email ELSE c.phone END AS address
FROM notices n JOIN orders o ON o.id = n.order_id JOIN order_contacts c
    ON c.order_id = o.id AND c.revision = o.contact_revision
WHERE n.sent_at IS NULL AND n.given_up_at IS NULL ORDER BY n.id LIMIT :limit
""")
_SENT = text("""
UPDATE notices n
SET attempts = n.attempts + 1, sent_at = a.sent_at, given_up_at = a.given_up_at,
    failure = a.failure
FROM jsonb_to_recordset(:attempts)
    AS a(id bigint, sent_at timestamptz, given_up_at timestamptz, failure text)
WHERE n.id = a.id AND n.sent_at IS NULL AND (n.given_up_at IS NULL OR a.sent_at IS NOT NULL)
""").bindparams(bindparam("attempts", type_=JSONB))


@dataclass(frozen=True)
class Notice:
    """A notice to send; `address` is personal data."""

    id: int
    order_id: str
    occasion: str
    template: str
    channel: str
    detail: dict[str, Any]
    language: str
    address: str | None


@dataclass(frozen=True)
class Attempt:
    """How sending a notice ended: `failure` says why it did not leave, `is_final` that no further
    attempt would end otherwise."""

    notice_id: int
    at: datetime
    failure: str | None = None
    is_final: bool = False


async def read_unsent(conn: AsyncConnection, limit: int) -> list[Notice]:
    """The oldest notices that were not sent, at most `limit`."""
    rows = (await conn.execute(_UNSENT, {"limit": limit})).mappings()
    return [Notice(**row) for row in rows]


async def write_attempts(conn: AsyncConnection, attempts: Sequence[Attempt]) -> None:
    await conn.execute(
        _SENT,
        {
            "attempts": [
                {
                    "id": attempt.notice_id,
                    "sent_at": attempt.at.isoformat() if attempt.failure is None else None,
                    "given_up_at": attempt.at.isoformat() if attempt.is_final else None,
                    "failure": attempt.failure,
                }
                for attempt in attempts
            ]
        },
    )
