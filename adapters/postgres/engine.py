"""Connections to Ariane's own books."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# Seconds until a server that does not answer counts as unreachable.
CONNECT_TIMEOUT = 5


def create_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine for `postgresql+psycopg://...`, READ COMMITTED, at most `pool_size` connections.

    A connection that the server has dropped is noticed before it is used. Errors do not repeat the
    values of their statement, which may be personal data.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT},
    )
