"""Looking up what the first request would otherwise wait for."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.calendar import public_holidays

_REGIONS = text("""
SELECT country, region FROM locations WHERE active
UNION SELECT country, region FROM postal_codes WHERE postal_code = '' OR region IS NOT NULL
ORDER BY country, region
""")

_log = structlog.stdlib.get_logger(__name__)


async def warm_up(engine: AsyncEngine, at: datetime) -> int:
    """Look up the public holidays, of this year and the next, of all places there are; gives how
    many regions that are. Importing the tables alone takes a third of a second. A database that is
    not ready yet is noted in the log: then the first requests look them up."""
    try:
        async with engine.connect() as conn:
            regions = [tuple(row) for row in await conn.execute(_REGIONS)]
    except SQLAlchemyError as error:
        _log.warning("no public holidays are looked up", reason=type(error).__name__)
        return 0
    await asyncio.to_thread(_look_up, regions, at.year)
    return len(regions)


def _look_up(regions: Iterable[tuple[str, str | None]], year: int) -> None:
    for country, region in regions:
        for each in (year, year + 1):
            public_holidays(country, region, each)
