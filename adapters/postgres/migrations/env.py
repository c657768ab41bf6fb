"""Alembic's entry: runs the migrations over one connection, one process at a time."""

from alembic import context
from sqlalchemy import create_engine, text

from adapters.postgres.engine import CONNECT_TIMEOUT
from adapters.postgres.tables import metadata

_LOCK = 727_401


def _run() -> None:
    engine = create_engine(
        context.config.attributes["url"], connect_args={"connect_timeout": CONNECT_TIMEOUT}
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


_run()
