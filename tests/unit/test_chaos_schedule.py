"""When which fault comes."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from cli.chaos.faults import FAULTS, Fault
from cli.chaos.schedule import LEAD_IN, QUIET_AFTER, Planned, schedule

ALONE = {name for name, fault in FAULTS.items() if fault.alone}


def test_the_same_seed_has_the_same_faults_and_another_one_others() -> None:
    assert schedule(7, 180) == schedule(7, 180)
    assert schedule(7, 180) != schedule(8, 180)


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_comes_within_three_minutes(seed: int) -> None:
    assert {planned.fault for planned in schedule(seed, 180)} == set(FAULTS)


def test_every_kind_comes_in_every_part_of_a_long_campaign() -> None:
    planned = schedule(1, 3600)
    for start in range(0, 3240, 360):
        part = {event.fault for event in planned if start <= event.at < start + 360}
        assert part == set(FAULTS)


@pytest.mark.parametrize("seconds", [30, 180, 1000, 3600])
def test_all_begin_after_the_lead_in_and_end_in_time(seconds: float) -> None:
    for event in schedule(3, seconds):
        assert event.at >= LEAD_IN
        assert event.lasts >= 0
        assert event.at + event.lasts <= seconds + 0.01


@pytest.mark.parametrize("seed", range(20))
def test_a_single_kill_has_a_quiet_time_around_it(seed: int) -> None:
    planned = schedule(seed, 400)
    for kill in planned:
        if kill.fault not in ALONE:
            continue
        for other in planned:
            if other is not kill:
                is_before = other.at + other.lasts <= kill.at
                assert is_before or other.at >= kill.at + QUIET_AFTER - 0.01


def test_faults_that_come_alone_come_again_and_again_where_there_are_no_others() -> None:
    kill: Fault = FAULTS["worker-killed"]
    planned = schedule(1, 66, {kill.name: kill})
    assert len(planned) == 5
    gaps = [later.at - sooner.at for sooner, later in pairwise(planned)]
    assert all(gap >= QUIET_AFTER for gap in gaps)


def test_parameters_are_drawn_for_each_time() -> None:
    links = {
        event.parameters["link"]
        for event in schedule(1, 3600)
        if event.fault == "network-loses-reply"
    }
    assert len(links) > 5


def test_faults_may_come_closer_together_with_the_same_quiet_times() -> None:
    usual, dense = schedule(1, 3600), schedule(1, 3600, every=1.0)
    assert len(dense) > 2 * len(usual)
    kills = [event for event in dense if event.fault in ALONE]
    assert len(kills) == len([event for event in usual if event.fault in ALONE])


def test_brief_faults_may_come_closer_together_than_those_that_last() -> None:
    usual, dense = schedule(1, 3600), schedule(1, 3600, brief_every=0.3)

    def count(events: Sequence[Planned], *, brief: bool) -> int:
        return sum(FAULTS[event.fault].is_brief is brief for event in events)

    assert count(dense, brief=True) > 2 * count(usual, brief=True)
    assert count(dense, brief=False) == count(usual, brief=False)
