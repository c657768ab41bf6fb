"""How long a step waits for what it needs to be back, and how often it asks meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

import pytest

from workflows.steps import RETRIES


def attempts() -> Iterator[float]:
    """The seconds at which a step is tried that fails at once."""
    longest = RETRIES.maximum_interval
    assert longest is not None
    at, pause = 0.0, RETRIES.initial_interval.total_seconds()
    while True:
        yield at
        at += pause
        pause = min(pause * RETRIES.backoff_coefficient, longest.total_seconds())


@pytest.mark.parametrize(
    ("away", "waits"),
    [(timedelta(seconds=2), 1), (timedelta(seconds=30), 5), (timedelta(hours=3), 30)],
)
def test_a_step_goes_on_soon_after_what_it_needs_is_back(away: timedelta, waits: float) -> None:
    # It may be back a moment earlier.
    for seconds in (away.total_seconds() * n / 100 for n in range(1, 101)):
        assert next(at for at in attempts() if at >= seconds) - seconds <= waits


def test_a_partner_that_is_away_for_hours_is_asked_twice_a_minute() -> None:
    hours = list(takewhile(lambda at: at < 4 * 3600, attempts()))
    assert len([at for at in hours if at >= 3600]) == pytest.approx(3 * 3600 / 30, abs=1)
    assert len(hours) < 520
