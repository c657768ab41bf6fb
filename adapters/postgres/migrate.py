"""Bring a database to this release's schema: `python -m adapters.postgres.migrate`."""

import os
import sys
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from adapters.settings import DatabaseUrl

# No more than this: what is wrong with it may be a part of the password.
_NO_ADDRESS = (
    "DATABASE_URL is not the address of a database,"
    " such as postgresql://user:password@host:5432/database."
)
_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Upgrade the database at `url` (postgresql+psycopg://...) to the newest revision.

    Safe to run from several processes at once: they take turns under an advisory lock.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def main() -> None:
    """Migrate the database that DATABASE_URL names, or say in one sentence why it cannot be."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("DATABASE_URL is not set: it names the database to migrate")
    try:
        address = TypeAdapter(DatabaseUrl).validate_python(url)
        parts = make_url(address)
    except (ValidationError, ArgumentError, ValueError):
        sys.exit(_NO_ADDRESS)
    if "@" in (parts.host or ""):  # the end of a password that is not percent-encoded
        sys.exit(_NO_ADDRESS)
    try:
        migrate(address)
    except DBAPIError as error:
        if not _is_of_the_connection(error):
            raise
        reason = " ".join(str(error.orig).split()).rstrip(".?")
        if parts.password:
            reason = reason.replace(str(parts.password), "***")
        sys.exit(f"The database that DATABASE_URL names cannot be used: {reason}.")


def _is_of_the_connection(error: DBAPIError) -> bool:
    """Whether the server or its address is to blame, and not a migration."""
    return error.statement is None or isinstance(
        error.orig, psycopg.OperationalError | psycopg.errors.InsufficientPrivilege
    )


if __name__ == "__main__":
    main()
