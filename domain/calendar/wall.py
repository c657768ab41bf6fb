"""Wall clocks and moments: the days and times of a zone, as moments of UTC.

Moments are kept in UTC, where they can be compared and subtracted: Python compares two datetimes
of the same zone by what their clocks show, which is wrong in the hour that comes twice.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=65_536)
def moment(timezone: str, ordinal: int, at: time | None) -> datetime:
    """When a zone's clock shows `at` on a day (`date.toordinal`), in UTC; None is the day's end.

    A time that comes twice is its first coming; one that is skipped is the moment of the skip.
    """
    if at is None:
        return moment(timezone, ordinal + 1, time.min)
    zone, wall = ZoneInfo(timezone), datetime.combine(date.fromordinal(ordinal), at)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    return _skip(wall, zone)


def _skip(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which a clock is put forward over the time `wall`."""
    # Read with the offset after the skip it lies before it, and the other way round.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC).replace(microsecond=0) + _SECOND
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after


def day_of(timezone: str, at: datetime) -> int:
    """The zone's day at a moment, as an ordinal.

    Where a clock is put back over midnight the new day, once begun, stays: a later moment is never
    on an earlier day.
    """
    ordinal = at.astimezone(ZoneInfo(timezone)).toordinal()
    return ordinal + 1 if moment(timezone, ordinal + 1, time.min) <= at else ordinal
