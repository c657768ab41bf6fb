"""Bring a database to this release's schema: `python -m adapters.postgres.migrate`."""

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from pydantic import TypeAdapter

from adapters.settings import DatabaseUrl

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
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("DATABASE_URL is not set: it names the database to migrate")
    migrate(TypeAdapter(DatabaseUrl).validate_python(url))


if __name__ == "__main__":
    main()
