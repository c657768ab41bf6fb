"""What the benchmarks of many open orders say of what they measured."""

from datetime import UTC, datetime

from cli.bench.closing import ClosingFigures, ClosingPlan
from cli.bench.crowd import CrowdFigures, CrowdPlan, Stage
from cli.bench.crowd_books import waiting
from domain.messages.policy import OrderPolicy
from domain.messages.state import OrderStart

_MIB = 1024 * 1024


def test_new_orders_stand_beside_those_of_an_empty_system() -> None:
    stages = [
        Stage(0, [40.0, 50.0, 60.0], [0.1, 0.2], 100 * _MIB, 0, 0.0),
        Stage(2_000, [30.0, 40.0, 50.0], [0.2, 0.4], 200 * _MIB, 100 * _MIB, 12.0),
        Stage(20_000, [20.0, 25.0, 30.0], [0.3, 0.5], 400 * _MIB, 200 * _MIB, 110.0),
    ]
    figures = CrowdFigures(CrowdPlan(orders=34, rounds=3), stages, cached=5_000)
    written = figures.section()
    assert "| 2,000 | 40.0 (30.0 to 50.0) | 0.80 | 200 ms | 400 ms | 200 MiB | 12 s |" in written
    assert "| 20,000 | 25.0 (20.0 to 30.0) | 0.50 | 300 ms | 500 ms | 400 MiB | 110 s |" in written
    assert "takes 51 KiB of its" in written


def test_what_a_workflow_takes_is_counted_of_those_that_are_kept() -> None:
    stages = [
        Stage(0, [1.0], [1.0], 0, 0, 0.0),
        Stage(8_000, [1.0], [1.0], 500 * _MIB, 500 * _MIB, 0.0),
    ]
    assert (
        CrowdFigures(CrowdPlan(orders=34, rounds=3), stages, cached=5_000).bytes_each
        == 500 * _MIB / 5_000
    )


def test_a_closing_tells_of_the_critical_orders_apart() -> None:
    figures = ClosingFigures(
        ClosingPlan(clients=16), 50.0, 40.0, 0.25, [1.0, 2.0], [float(n) for n in range(1, 99)]
    )
    written = figures.section()
    assert "| critical orders | 2 | 1.0 s | 2.0 s | 2.0 s |" in written
    assert "| the others | 98 | 49.0 s | 98.0 s | 98.0 s |" in written
    assert "100 orders wait for their pick at one location" in written
    assert "(0.03 of that rate)" in written


def test_the_state_that_a_waiting_order_starts_with_is_what_a_history_holds() -> None:
    start = waiting("R-1", OrderPolicy(version="bench"), datetime(2026, 3, 3, tzinfo=UTC))
    assert OrderStart.model_validate_json(start.model_dump_json()) == start
