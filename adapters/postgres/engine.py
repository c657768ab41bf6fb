"""Connections to Ariane's own books."""

from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Error
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

# Seconds until a server that does not answer counts as unreachable.
CONNECT_TIMEOUT = 5
# Seconds for which a connection that has just worked is believed to work: less than a server takes
# to start again.
_TRUSTED_FOR = 0.2
# Compiling a statement to machine code pays for reports, not for what takes a millisecond.
_OPTIONS = "-c jit=off"
# From its second time on a connection a statement is not parsed again, and soon not planned.
_PREPARE_AFTER = 1
_PREPARED_AT_MOST = 500
# The same engines, on the same connections. To make one costs as much as a statement.
_WITHOUT_TRANSACTIONS: WeakKeyDictionary[AsyncEngine, AsyncEngine] = WeakKeyDictionary()


def create_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine for `postgresql+psycopg://...`, READ COMMITTED, at most `pool_size` connections.

    The connection that was used last is used next: it knows the statements. One that the server
    has dropped is noticed before it is used, unless that has just happened. Errors do not repeat
    the values of their statement nor of the rows at fault, which may be personal data.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        pool_use_lifo=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            "options": _OPTIONS,
            "prepare_threshold": _PREPARE_AFTER,
        },
    )
    event.listen(engine.sync_engine, "connect", _prepare_many)
    event.listen(engine.sync_engine, "handle_error", _leave_values_out)
    _ask_after_a_rest(engine.sync_engine)
    return engine


def reading(engine: AsyncEngine) -> AsyncConnection:
    """A connection, to be entered, on which each statement sees what is committed by then.

    It is `engine.connect()` without the two round trips of a transaction: for what needs none, such
    as reads, and a write that is one statement.
    """
    if engine not in _WITHOUT_TRANSACTIONS:
        options = engine.execution_options(isolation_level="AUTOCOMMIT")
        _WITHOUT_TRANSACTIONS[engine] = options
    return _WITHOUT_TRANSACTIONS[engine].connect()


def _prepare_many(connection: Any, _: Any) -> None:
    connection.driver_connection.prepared_max = _PREPARED_AT_MOST


def _ask_after_a_rest(engine: Engine) -> None:
    """Ask a connection that was not used for a moment whether the server still knows it."""

    @event.listens_for(engine, "checkin")
    def remember(_: Any, record: Any) -> None:
        record.info["worked_at"] = monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: Any, _: Any) -> None:
        if monotonic() - record.info.get("worked_at", monotonic()) < _TRUSTED_FOR:
            return
        try:
            engine.dialect.do_ping(connection)
        except Error as error:
            raise InvalidatePoolError("the server has dropped a connection") from error


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
