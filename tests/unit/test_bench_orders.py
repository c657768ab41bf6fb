"""The benchmark of orders: what it counts, reads off logs and histories, and says."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.client import WorkflowHistory

from cli.bench.counting import count
from cli.bench.histories import STRAIGHT
from cli.bench.latency import arrivals, open_loop, percentile
from cli.bench.orders_report import OrdersReport
from cli.bench.patience import until
from cli.bench.processes import used
from cli.bench.rates import EMPTY, FLOOR, ORDERS, Measured, Plan, Stretch, place_in_lanes
from cli.bench.shape import shape_of, size_of
from cli.bench.statements import Tally, read_log, tally
from cli.bench.tables import table
from cli.stack import StackError

_HISTORIES = Path(__file__).parent.parent / "replay" / "histories"
_PROCESSES = ("server", "worker", "floor worker", "api", "postgres", "world", "client")
_LOG = """\
ariane-api 6b.1 LOG:  statement: ;
ariane-api 6b.1 LOG:  statement: BEGIN ISOLATION LEVEL READ COMMITTED
ariane-api 6b.1 LOG:  execute _pg3_0:\x20
\tSELECT language
\tFROM customers
\tWHERE id = $1
ariane-worker 6b.2 LOG:  statement: ;
ariane-worker 6b.2 LOG:  statement: BEGIN ISOLATION LEVEL READ COMMITTED
ariane-worker 6b.3 LOG:  execute a8402858d4f1e1d2: BEGIN
ariane-worker 6b.2 LOG:  execute <unnamed>: SELECT id FROM order_signals ORDER BY id LIMIT $1
ariane-worker 6b.3 LOG:  execute 2e16894aba6170cc:\x20
\tUPDATE orders SET told = $1
ariane-worker 6b.2 LOG:  statement: ROLLBACK
ariane-api 6b.1 LOG:  execute _pg3_1: INSERT INTO orders VALUES ($1)
ariane-api 6b.1 LOG:  statement: COMMIT
ariane-worker 6b.3 LOG:  execute 79663c1d3b43ceaf: COMMIT
ariane-worker 6b.3 LOG:  statement: SELECT 1 FROM effects
ariane-worker 6b.3 ERROR:  could not serialize access
[unknown] 6b.9 LOG:  statement: SELECT count(*) FROM orders
"""


def _history(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, (_HISTORIES / f"{name}.json").read_text())


def test_what_is_billed_is_counted_by_kind() -> None:
    counts = count([_history("straight-1")])
    assert (counts.events, counts.actions, counts.activities, counts.local_activities) == (
        *(46, 17),
        *(2, 6),
    )
    assert counts.by_kind["workflow tasks with local activities"] == 4


def test_runs_that_continue_as_new_are_counted_together() -> None:
    runs = [_history("continued-as-new-1"), _history("continued-as-new-2")]
    assert count(runs).events == sum(count([run]).events for run in runs)


def test_counts_differ_in_words_and_bytes_within_a_share() -> None:
    counts = count([_history("straight-1")])
    assert counts.differences(counts, 0.0) == []
    longer = replace(counts, size=counts.size + 100, workflow_tasks=7)
    assert longer.differences(counts, 0.5) == ["7 workflow tasks, not 6"]
    assert len(longer.differences(counts, 0.001)) == 2


def test_a_shape_is_read_off_an_order_with_all_its_bytes() -> None:
    history = _history("straight-1")
    shape = shape_of(history, details=400)
    started = history.events[0].workflow_execution_started_event_attributes
    assert size_of(shape.start) == len(started.input.payloads[0].data)
    assert (shape.calls, len(shape.signals)) == (2, 3)
    assert [len(turn.local) for turn in shape.start.turns] == [2, 0, 0, 1, 1, 2]
    assert shape.start.turns[0].attributes["OrderStatus"] == "in_fulfilment"


def test_a_history_that_the_floor_has_nothing_like_is_refused() -> None:
    with pytest.raises(ValueError, match="TIMER_FIRED"):
        shape_of(_history("silent-1"), details=400)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert sum(value <= found for value in values) >= share * len(values)
    below = [value for value in values if value < found]
    assert len(below) < share * len(values)


def test_the_99th_of_a_hundred_is_not_the_worst() -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], 0.99) == 99
    assert percentile([7.0], 0.99) == 7


def test_arrivals_are_those_of_their_seed_and_come_at_their_rate() -> None:
    due = arrivals(25, 2_000, seed=1)
    assert due == arrivals(25, 2_000, seed=1) != arrivals(25, 2_000, seed=2)
    gaps = [later - earlier for earlier, later in itertools.pairwise(due)]
    assert min(gaps) > 0
    assert statistics.mean(gaps) == pytest.approx(1 / 25, rel=0.1)
    # As a Poisson process has them, the gaps spread as widely as they are long.
    assert statistics.stdev(gaps) == pytest.approx(1 / 25, rel=0.1)


async def test_in_open_loop_nobody_waits_for_those_before() -> None:
    together = asyncio.Barrier(3)
    assert len(await open_loop([0, 0, 0], lambda _: together.wait())) == 3


async def test_who_is_sent_late_is_timed_from_when_it_was_due() -> None:
    [seconds] = await open_loop([-60.0], lambda _: asyncio.sleep(0))
    assert seconds >= 60


async def test_waiting_ends_with_how_far_it_came() -> None:
    async def two() -> int:
        return 2

    await until(two, 2, "orders are booked")
    with pytest.raises(StackError, match="only 2 of 3 orders are booked"):
        await until(two, 3, "orders are booked", patience=0)


async def test_an_order_that_fails_is_what_a_stretch_ends_with() -> None:
    with pytest.raises(StackError, match="no x-3"):
        await place_in_lanes(_Failing(), "x", clients=2, number=5)


class _Failing:
    async def place(self, name: str) -> None:
        if name == "x-3":
            raise StackError(f"no {name}")

    async def booked(self, prefix: str, number: int) -> None: ...

    async def end(self, prefix: str, number: int) -> None: ...


def test_statements_are_told_from_what_surrounds_them_and_from_those_of_relays() -> None:
    assert tally(read_log(_LOG)) == {
        "API": Tally(statements=2, transactions=1, housekeeping=1),
        "worker": Tally(statements=2, transactions=2, housekeeping=0),
    }


def test_processor_time_is_for_each_order() -> None:
    assert used({"api": 1.0}, {"api": 3.0}, 4) == {"api": 0.5}


def test_a_table_has_its_numbers_to_the_right() -> None:
    assert table(["", "n"], [["a", "1"]]) == "|  | n |\n| --- | ---: |\n| a | 1 |"


def _report(booked: float, answered_in: float, statements: int) -> OrdersReport:
    """Orders of so many booked a second beside a floor of 10, answered in so many seconds beside
    0.1."""

    def stretch(rate: float, seconds: float) -> list[Stretch]:
        spent = dict.fromkeys(_PROCESSES, 0.01)
        return [Stretch(rate, rate, [seconds] * 4, spent, spent)] * 3

    counts = count([_history("straight-1")])
    measured = Measured(
        closed_loop={
            (name, clients): stretch(rate, seconds)
            for clients in (1, 8)
            for name, rate, seconds in (
                (ORDERS, booked, answered_in),
                (FLOOR, 10, 0.1),
                (EMPTY, 50, 0.01),
            )
        },
        open_loop={ORDERS: [[answered_in] * 4] * 3, FLOOR: [[0.1] * 4] * 3},
    )
    return OrdersReport(
        plan=Plan(rounds=3, numbers={1: 4, 8: 4}, offered=4, rate=25),
        measured=measured,
        histories={STRAIGHT: [counts] * 3},
        floor=counts,
        statements={"API": Tally(2, 1, 0), "worker": Tally(statements, 3, 0)},
    )


def test_aims_that_are_reached_are_not_named_and_stand_beside_what_was_measured() -> None:
    report = _report(booked=8, answered_in=0.15, statements=10)
    assert report.missed() == []
    content = report.content("- machine: this one")
    assert (
        "| booked, 8 clients | 8.0 (8.0 to 8.0) | 10.0 (10.0 to 10.0) | 0.80 (0.80 to 0.80) "
        "| 0.8 | 50.0 (50.0 to 50.0) |" in content
    )
    assert "| together (aim: 12 statements) | 12 | 4 | 0 |" in content
    assert "| 500 ms |" in content


def test_every_aim_that_is_missed_is_named() -> None:
    report = replace(
        _report(booked=7.9, answered_in=0.5, statements=11),
        floor=count([_history("split-1")]),
    )
    missed = report.missed()
    assert missed[:2] == [
        "orders booked per second, 1 client: 0.79 of the floor, not 0.8",
        "orders booked per second, 8 clients: 0.79 of the floor, not 0.8",
    ]
    assert missed[2:5] == [
        "p50 to the promise: 5.00 times the floor's",
        "p99 at 25 orders offered per second: 500 ms, not 500",
        "statements until an order is booked: 13, not 12",
    ]
    assert missed[5].startswith("the floor is unlike an order: ")
