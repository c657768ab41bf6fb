"""The steps of a return that change its status alone."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.returns.reading import lock_return, read_units
from domain.messages.returns import EndReturn, ReturnStatus

_BEGUN = text("""
UPDATE returns SET status = 'authorised' WHERE id = :return_id AND status = 'requested'
""")
_ENDED = text("""
UPDATE returns SET status = :status, closed_at = :at WHERE id = :return_id
""")


class MoreHasCome(Exception):
    """The return is open, and the books have units of it that whoever ends it does not know of."""


class HasEnded(Exception):
    """The return has ended before, with `status`."""

    def __init__(self, status: ReturnStatus) -> None:
        super().__init__(status)
        self.status = status


async def write_begun(conn: AsyncConnection, return_id: str) -> None:
    """Its workflow has begun; one that is further stays there."""
    await conn.execute(_BEGUN, {"return_id": return_id})


async def write_ended(conn: AsyncConnection, request: EndReturn) -> None:
    """It ends; the order is locked by an earlier statement. Raises HasEnded and MoreHasCome."""
    return_id = request.return_id
    status = await lock_return(conn, return_id)
    if status.is_final:
        raise HasEnded(status)
    units = await read_units(conn, return_id)
    if (units.received, units.inspected) != (request.received, request.inspected):
        raise MoreHasCome(return_id)
    values = {"return_id": return_id, "status": request.status.value, "at": request.at}
    await conn.execute(_ENDED, values)
