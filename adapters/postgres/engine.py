"""Connections to Ariane's own books."""

from psycopg import Error
from sqlalchemy import ExceptionContext, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# Seconds until a server that does not answer counts as unreachable.
CONNECT_TIMEOUT = 5


def create_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine for `postgresql+psycopg://...`, READ COMMITTED, at most `pool_size` connections.

    A connection that the server has dropped is noticed before it is used. Errors do not repeat the
    values of their statement nor of the rows at fault, which may be personal data.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT},
    )
    event.listen(engine.sync_engine, "handle_error", _leave_values_out)
    return engine


def _leave_values_out(context: ExceptionContext) -> None:
    """Cut an error down to what names no value. Its text ends up in logs and in histories.

    The server's detail repeats the row at fault; the first line of a data exception (class 22)
    repeats the value itself.
    """
    error = context.original_exception
    if not isinstance(error, Error) or error.sqlstate is None:
        return
    said = error.diag.message_primary or ""
    if error.sqlstate.startswith("22"):
        said = "a value that the database cannot take"
    where = error.diag.constraint_name or error.diag.column_name or error.diag.table_name
    telling = f"{said} ({error.sqlstate}{f', {where}' if where else ''})"
    error.args = (telling,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {telling}",)
