"""Returns that may have lost their workflow."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WAITING = text("""
SELECT id FROM returns WHERE status = 'requested' AND opened_at < :before
""")
_OPEN = text("""
SELECT id FROM returns
WHERE status IN ('requested', 'authorised', 'received', 'refund_refused') AND opened_at < :before
""")
_OPEN_AMONG = text("""
SELECT id FROM returns
WHERE status IN ('requested', 'authorised', 'received', 'refund_refused') AND id = ANY(:ids)
""")
_ENDED = text("SELECT id FROM returns WHERE id = ANY(:ids) AND closed_at < :before")


async def never_begun(conn: AsyncConnection, before: datetime) -> list[str]:
    """Returns opened before a moment that no workflow has begun with."""
    return list((await conn.execute(_WAITING, {"before": before})).scalars())


async def open_returns(
    conn: AsyncConnection, before: datetime, among: Sequence[str] | None = None
) -> list[str]:
    """Returns that have not ended, by the books: opened before a moment, or `among` these."""
    if among is None:
        return list((await conn.execute(_OPEN, {"before": before})).scalars())
    return list((await conn.execute(_OPEN_AMONG, {"ids": list(among)})).scalars())


async def ended(conn: AsyncConnection, among: Sequence[str], before: datetime) -> list[str]:
    """Those `among` these returns that had ended before a moment."""
    return list((await conn.execute(_ENDED, {"ids": list(among), "before": before})).scalars())
