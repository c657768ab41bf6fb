"""What `ariane simulate` reads and writes, without a process of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.demo.places import built_in
from cli.main import app
from cli.simulate import network
from cli.simulate.page import of_trial
from cli.simulate.policies import read_policies
from cli.simulate.report import with_margin
from cli.simulate.stream import invent_stream, read_stream
from cli.simulate.words import FIGURES
from domain.simulation import Outcome, simulate
from domain.simulation.statistics import Estimate
from domain.simulation.trial import Trial, compare
from tests.support.simulations import DAY, MONDAY, order, rule, scenario

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
_BOOK = """
version = "t"
[policies.standard]
[policies.green]
extends = "standard"
sourcing.co2_price_per_tonne = 50000
"""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--policy=none.toml",), "none.toml cannot be read: No such file or directory"),
        (("--policy=book.toml",), "book.toml holds several policies: name one of"),
        (("--policy=book.toml:red",), "book.toml holds no policy 'red'"),
        (("--policy=wrong.toml",), "policies.standard.sourcing.max_shipment: unknown field"),
        (("--policy=high.toml",), "policies.standard.sourcing.max_shipments: "),
        (("--policy=book.toml:green", "--policy=book.toml:green"), "the same policy twice"),
        (("--orders=empty.csv",), "empty.csv holds no order that can be played"),
        (("--orders=orders.toml",), "orders.toml cannot be read"),
        (("--orders=book.toml",), "does not name the column(s) InvoiceNo"),
        (("--html=nowhere/report.html",), "--html nowhere/report.html cannot be written"),
        (("--from-history=3",), "--from-history takes one --policy"),
    ],
)
def test_bad_input_is_one_line_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.toml").write_text(_BOOK)
    (tmp_path / "empty.csv").write_text(_HEADER)
    head = 'version = "t"\n[policies.standard]\n'
    (tmp_path / "wrong.toml").write_text(f"{head}sourcing.max_shipment = 2\n")
    (tmp_path / "high.toml").write_text(f"{head}sourcing.max_shipments = 99\n")
    ended = CliRunner().invoke(app, ["simulate", "--orders-count=5", *options])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_policies_are_called_by_their_names_or_where_these_are_the_same_as_given(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text(_BOOK)
    two.write_text('version = "u"\n[policies.green]\nsourcing.split_penalty = 7\n')
    tried = read_policies([f"{one}:standard", f"{one}:green", str(two)])
    assert [policy.name for policy in tried] == ["standard", f"{one}:green", str(two)]
    assert tried[1].policy.sourcing.co2_price_per_tonne == 50_000
    assert tried[2].policy.sourcing.split_penalty == 7


def test_without_a_policy_the_one_with_every_default_is_played() -> None:
    (tried,) = read_policies([])
    assert (tried.name, tried.policy.version) == ("standard", "standard")


def test_an_order_of_a_file_comes_when_and_where_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        f"{_HEADER}"
        "800002,10002,RED JUG,4,2011-10-04 10:15:00,1.05,17001.0,France\n"
        "800001,10001,BLUE JUG,2,2011-10-03 09:15:00,2.55,17000.0,United Kingdom\n"
        "800001,10001,BLUE JUG,1,2011-10-03 09:15:00,2.55,17000.0,United Kingdom\n"
    )
    first, second = read_stream(file, 1, built_in(), None).orders
    # Nine in the morning in London is eight in UTC while summer time lasts.
    assert first.at == datetime(2011, 10, 3, 8, 15, tzinfo=UTC)
    assert [(line.line_id, line.sku, line.quantity) for line in first.lines] == [
        ("1", "10001", 2),
        ("2", "10001", 1),
    ]
    assert (first.country, second.country) == ("GB", "FR")
    assert 49 < first.latitude < 61
    assert len(read_stream(file, 1, built_in(), 1).orders) == 1


def test_invented_orders_come_in_the_working_hours_of_the_days_and_are_the_same_each_time() -> None:
    stream = invent_stream(300, 3, built_in(), 14)
    assert stream == invent_stream(300, 3, built_in(), 14)
    assert stream != invent_stream(300, 4, built_in(), 14)
    # About one in fifty is one that the API would refuse.
    assert 270 < len(stream.orders) < 300
    moments = [placed.at for placed in stream.orders]
    assert moments == sorted(moments)
    assert {at.weekday() for at in moments} == {0, 1, 2, 3, 4}
    assert all(7 <= at.hour < 19 for at in moments)
    assert moments[0].date() == date(2026, 1, 5)
    assert moments[-1].date() <= date(2026, 1, 16)
    for placed in stream.orders:
        if placed.requested_date is not None:
            assert 2 <= (placed.requested_date - placed.at.date()).days <= 9


def test_every_service_of_the_demo_says_what_it_emits_and_by_whose_factors() -> None:
    offered = network.services()
    assert {one.origin_country for one in offered} == {"FR", "BE", "GB"}
    assert all(one.co2_grams_per_tkm > 0 and one.co2_source for one in offered)


def test_figures_of_a_report_are_those_of_an_outcome() -> None:
    played: Outcome = simulate(scenario([order(1, MONDAY, x=1)], {("x", "near"): 1}), rule())
    assert [figure.name for figure in FIGURES] == list(played.figures())
    terms = [figure.name for figure in FIGURES if figure.is_term]
    assert sum(played.figures()[name] for name in terms) == played.figures()["cost"]


def _trial(name: str) -> Trial:
    orders = [order(n, MONDAY + n * DAY, x=1) for n in range(3)]
    played = [scenario(orders, {("x", "near"): 3}, seed=seed) for seed in (1, 2)]
    return compare(played, [rule(name=name), rule(name="other")])


def test_a_name_is_text_in_a_page_whatever_it_holds() -> None:
    page = of_trial(_trial("<b>$x_1$ & co</b>"), "a < b", "en")
    assert "<b>" not in page
    assert "&lt;b&gt;$x_1$ &amp; co&lt;/b&gt;" in page
    assert "a &lt; b" in page


def test_a_page_is_readable_on_a_phone_and_in_french() -> None:
    page = of_trial(_trial("simple"), "Essai.", "fr")
    assert '<html lang="fr">' in page
    assert 'name="viewport" content="width=device-width' in page
    assert "Coût par commande expédiée" in page
    assert page == of_trial(_trial("simple"), "Essai.", "fr")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Estimate(12_345.0, 67.0), "+123.45 ± 0.67"),
        (Estimate(-12_345.0, None), "-123.45"),
        (Estimate(-0.2, 0.0), "0.00 ± 0.00"),
        (Estimate(0.0, 0.0), "0.00 ± 0.00"),
    ],
)
def test_a_difference_has_its_sign_and_nothing_has_none(value: Estimate, words: str) -> None:
    assert with_margin(value, FIGURES[0], signed=True) == words
