"""`ariane simulate` as a person runs it."""

from __future__ import annotations

import asyncio
import re
import sysconfig
from pathlib import Path

import pytest

from tests.support.books import allocate, open_books
from tests.support.up import without_ours

_ARIANE = Path(sysconfig.get_path("scripts")) / "ariane"
_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
_ROWS = "".join(
    f"8{number:05},{10000 + number % 7},BLUE JUG,{1 + number % 5},"
    f"2011-10-{3 + number // 10:02} 09:15:00,2.55,170{number % 10:02}.0,United Kingdom\n"
    for number in range(40)
)
_BOOK = """
version = "t"
[policies.standard]
[policies.green]
extends = "standard"
sourcing.co2_price_per_tonne = 50000
sourcing.lateness_per_day = 0
"""


async def _simulate(directory: Path, *options: str) -> tuple[int, str, str]:
    """Run it in a directory of its own; gives the exit status, the output and the errors."""
    process = await asyncio.create_subprocess_exec(
        *(str(_ARIANE), "simulate", *options),
        cwd=directory,
        env={**without_ours(), "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """With a file of orders and a book of two policies."""
    (tmp_path / "orders.csv").write_text(_HEADER + _ROWS)
    (tmp_path / "book.toml").write_text(_BOOK)
    return tmp_path


async def test_two_policies_are_tried_on_a_file_of_orders(directory: Path) -> None:
    options = (
        "--orders=orders.csv",
        "--policy=book.toml:standard",
        "--policy=book.toml:green",
        "--seeds=3",
    )
    code, output, errors = await _simulate(directory, *options, "--html=report.html")
    assert code == 0, errors
    assert "orders.csv: 40 orders from 2011-10-03 to 2011-10-06, seeds 1-3." in output
    assert "green less standard" in output
    for words in ("Shipments per order", "OTIF, first promise", "CO2, kg", "coventry"):
        assert words in output
    assert "240 orders in" in output
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert "green less standard" in page
    # Names of XML vocabularies are no addresses that a browser asks.
    addresses = set(re.findall(r"""(?:src|href)=["']([^"'#][^"']*)""", page))
    assert addresses == set()
    assert "<script" not in page
    assert "@import" not in page


async def test_the_same_seed_gives_the_same_report_to_the_byte(directory: Path) -> None:
    reports = []
    for name in ("one.html", "two.html"):
        options = ("--orders-count=10", "--days=3", "--seeds=2", "--seed=7", f"--html={name}")
        code, output, errors = await _simulate(directory, *options)
        assert code == 0, errors
        without_times = [line for line in output.splitlines() if " a second." not in line]
        reports.append((without_times, (directory / name).read_bytes()))
    assert reports[0] == reports[1]


async def test_only_the_first_days_of_a_file_are_played(directory: Path) -> None:
    options = ("--orders=orders.csv", "--days=2", "--seeds=1", "--language=fr")
    code, output, errors = await _simulate(directory, *options)
    assert code == 0, errors
    assert "orders.csv : 20 commandes du 2011-10-03 au 2011-10-04" in output
    assert "Expéditions par commande" in output


async def test_past_decisions_are_made_again_under_another_policy(
    directory: Path, database_url: str
) -> None:
    async with open_books(database_url) as books:
        await books.stock(LIL_1=5, LYO_2=5, LIL_2=1)
        split = await books.order(("SKU-1", 2), ("SKU-2", 3))
        whole = await books.order(("SKU-1", 1))
        for order in (split, whole):
            await books.fund(order)
            assert (await books.sourcing.allocate(allocate(order))).shipments
        before = await books.content()
        (directory / "one.toml").write_text(
            'version = "u"\n[policies.whole]\n'
            "sourcing.max_shipments = 1\nsourcing.relaxation = []\n"
        )
        code, output, errors = await _simulate(
            directory,
            "--from-history=3660",
            "--policy=one.toml",
            f"--database-url={database_url.replace('+psycopg', '')}",
            "--html=history.html",
        )
        assert code == 0, errors
        assert await books.content() == before
    assert "2 decisions since" in output
    assert split in output
    assert whole not in output
    for words in ("Units not sent", "under whole", "Those that differ most"):
        assert words in output
    page = (directory / "history.html").read_text(encoding="utf-8")
    assert split in page
    assert page.count("<svg") == 1


async def test_a_history_without_decisions_says_so(directory: Path, database_url: str) -> None:
    code, output, errors = await _simulate(
        directory,
        "--from-history=2",
        "--policy=book.toml:green",
        f"--database-url={database_url.replace('+psycopg', '')}",
    )
    assert code == 0, errors
    assert "No decision was stored since" in output
