"""The steps of a return that change its status alone."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages.returns import ReturnStatus

_BEGUN = text("""
UPDATE returns SET status = 'authorised' WHERE id = :return_id AND status = 'requested'
""")
_ENDED = text("""
UPDATE returns SET status = :status, closed_at = :at
WHERE id = :return_id AND status NOT IN ('closed', 'expired', 'cancelled')
""")


async def write_begun(conn: AsyncConnection, return_id: str) -> None:
    """Its workflow has begun; one that is further stays there."""
    await conn.execute(_BEGUN, {"return_id": return_id})


async def write_ended(
    conn: AsyncConnection, return_id: str, status: ReturnStatus, at: datetime
) -> None:
    """It ends, once; the order is locked by an earlier statement."""
    values = {"return_id": return_id, "status": status.value, "at": at}
    await conn.execute(_ENDED, values)
