"""What the benchmarks write: each its own section, and what they did not reach."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from cli.bench.reporting import spread, write_section
from cli.bench.stock.contention import Order
from cli.bench.stock.data import Size
from cli.bench.stock.rates import Rates
from cli.bench.stock.report import Report

if TYPE_CHECKING:
    from pathlib import Path

_SIZES = (Size(10, 100, 0), Size(10, 1000, 500))
_GOOD = Rates(
    update_one_row=100,
    hot=500,
    update_any_row=1000,
    spread=500,
    select_any_row=1000,
    read_one=700,
    read_many=2000,
)
_HERE = ("SKU-1", "L1")
_THERE = ("SKU-2", "L1")


def test_a_section_replaces_itself_and_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    for name, content in (("stock", "## Stock\n\nslow"), ("orders", "## Orders"), ("stock", "now")):
        write_section(file, name, content)
    once = file.read_text()
    assert [line for line in once.splitlines() if line.startswith("<!--")] == [
        "<!-- section: orders -->",
        "<!-- section: stock -->",
    ]
    assert "## Orders" in once
    assert "now" in once
    assert "slow" not in once
    write_section(file, "stock", "now")
    assert file.read_text() == once


def test_rates_are_told_by_their_median_lowest_and_highest() -> None:
    assert spread([1000, 3000, 2500.4], 0) == "2,500 (1,000 to 3,000)"
    assert spread([0.5], 2) == "0.50 (0.50 to 0.50)"


def test_aims_that_are_reached_are_no_news() -> None:
    report = Report(_SIZES, ([_GOOD], [_GOOD]))
    assert report.missed() == []
    assert "| reservations, all of one SKU | 500 (500 to 500) |" in report.tables()


def test_an_aim_that_the_median_does_not_reach_is_named() -> None:
    slow = replace(_GOOD, hot=499)
    [sentence] = Report(_SIZES, ([_GOOD, slow, slow], [_GOOD] * 3)).missed()
    assert sentence.startswith("reservations, all of one SKU: 4.99 of UPDATE of one row, not 5")


def test_a_rate_that_falls_with_the_size_of_the_books_is_named() -> None:
    slower = replace(_GOOD, read_many=1500)
    [sentence] = Report(_SIZES, ([_GOOD], [slower])).missed()
    assert sentence == "SKUs read, 500 at a time: 0.75 of what the smaller books give"


def test_ratios_are_taken_within_a_round() -> None:
    fast = replace(_GOOD, hot=5000, update_one_row=1000)
    assert Report(_SIZES, ([_GOOD, fast], [_GOOD, fast])).missed() == []


def test_an_order_that_was_told_something_else_than_the_books_say_is_named() -> None:
    order = Order("web:1", "web", critical=False, told=Counter({_HERE: 2}))
    assert order.compare({_HERE: 2}) == []
    assert order.compare({}) == [f"web:1 was told 2 of {_HERE}, the books say 0"]
    assert order.compare({_HERE: 2, _THERE: 1}) == [
        f"web:1 was told 0 of {_THERE}, the books say 1"
    ]


def test_units_that_an_order_did_not_wait_for_may_be_there_or_not() -> None:
    order = Order("web:1", "web", critical=False, doubted=Counter({_HERE: 2}))
    assert order.compare({}) == []
    assert order.compare({_HERE: 2}) == []
    assert order.compare({_HERE: 3}) == [f"web:1 was told 0 of {_HERE}, the books say 3"]
