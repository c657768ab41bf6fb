"""The figures of a campaign."""

from cli.chaos.recovery import Recovery
from cli.chaos.report import percentile, recoveries_by_fault


def test_a_percentile_is_a_value_that_so_many_do_not_exceed() -> None:
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.99) == 99.0
    assert percentile(values, 0.5) == 50.0
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([3.0, 1.0], 0.99) == 3.0


def test_one_recovers_when_new_orders_and_those_in_hand_go_on() -> None:
    assert Recovery("kill", 1.0, 0.5, placed=2.0, released=3.0).seconds == 3.0
    assert Recovery("kill", 1.0, 0.5, placed=2.0, released=None).seconds is None


def test_recoveries_are_told_by_kind_and_together() -> None:
    kill = Recovery("kill", 1.0, 0.5, 2.0, 3.0)
    crash = Recovery("crash", 1.0, 0.5, 2.0, 3.0)
    assert recoveries_by_fault([kill, crash]) == {
        "crash": [crash],
        "kill": [kill],
        "all": [kill, crash],
    }
    assert recoveries_by_fault([kill]) == {"kill": [kill]}
