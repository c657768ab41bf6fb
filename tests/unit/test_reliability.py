"""A location's reliability is learned from what becomes of its shipments."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reliability import Counts, Outcome, Reliability, learned

FAILURES = [Outcome.REJECTED, Outcome.SHORT, Outcome.LATE]
OUTCOMES = st.lists(st.sampled_from(Outcome), max_size=60)


def _after(outcomes: list[Outcome], start: float = 0.98, half_life: float = 50) -> Reliability:
    return reduce(
        lambda so_far, outcome: learned(so_far, outcome, half_life),
        outcomes,
        Reliability(value=start),
    )


def test_after_a_half_life_of_failures_half_of_the_reliability_is_left() -> None:
    assert _after([Outcome.SHORT] * 50, start=0.98).value == pytest.approx(0.49)


def test_after_a_half_life_of_kept_shipments_half_of_what_was_missing_is_left() -> None:
    assert _after([Outcome.KEPT] * 10, start=0.5, half_life=10).value == pytest.approx(0.75)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_reject_a_short_pick_and_a_late_dispatch_count_alike(failure: Outcome) -> None:
    assert _after([failure]).value == _after([Outcome.REJECTED]).value < 0.98


def test_what_happened_last_counts_most() -> None:
    bad_start = _after([Outcome.LATE] * 5 + [Outcome.KEPT] * 5)
    bad_end = _after([Outcome.KEPT] * 5 + [Outcome.LATE] * 5)
    assert bad_start.value > bad_end.value
    assert bad_start.counts == bad_end.counts


def test_a_location_that_always_fails_keeps_a_chance() -> None:
    assert _after([Outcome.REJECTED] * 60, half_life=1).value == 0.01


def test_the_counts_tell_what_a_reliability_rests_on() -> None:
    found = _after([Outcome.KEPT, Outcome.KEPT, Outcome.REJECTED, Outcome.SHORT, Outcome.LATE])
    assert found.counts == Counts(kept=2, rejected=1, short=1, late=1)
    assert found.counts.total == 5
    assert Reliability(value=0.98).counts.total == 0


@pytest.mark.parametrize("half_life", [0, -1])
def test_a_half_life_of_nothing_is_refused(half_life: float) -> None:
    with pytest.raises(ValueError, match="half-life"):
        _after([Outcome.KEPT], half_life=half_life)


@given(outcomes=OUTCOMES, start=st.floats(0.01, 1), half_life=st.floats(0.1, 1000))
def test_a_reliability_stays_a_share_and_its_counts_add_up(
    outcomes: list[Outcome], start: float, half_life: float
) -> None:
    found = _after(outcomes, start, half_life)
    assert 0 < found.value <= 1
    assert found.counts.total == len(outcomes)


@given(outcomes=OUTCOMES, at=st.integers(0, 59), half_life=st.floats(0.1, 1000))
def test_a_failure_in_the_place_of_a_kept_shipment_is_never_better(
    outcomes: list[Outcome], at: int, half_life: float
) -> None:
    kept, failed = (
        [*outcomes[:at], outcome, *outcomes[at:]] for outcome in (Outcome.KEPT, Outcome.LATE)
    )
    assert _after(failed, half_life=half_life).value <= _after(kept, half_life=half_life).value
