"""`ariane demo` as a person runs it: a stack of its own, orders over HTTP, an account, an end."""

from __future__ import annotations

import asyncio
import json
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.scratch import usual_ports
from tests.support.up import MARK, processes_of, without_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

_ARIANE = Path(sysconfig.get_path("scripts")) / "ariane"
_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


async def _demo(directory: Path, *options: str) -> tuple[int, str, Mapping[str, Any]]:
    """Run it in a directory of its own; gives the exit status, the output and the figures."""
    async with usual_ports():
        process = await asyncio.create_subprocess_exec(
            *(str(_ARIANE), "demo", *options, "--json=figures.json"),
            cwd=directory,
            env={**without_ours(), MARK: str(directory)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    assert process.returncode is not None
    file = directory / "figures.json"
    return (
        process.returncode,
        output.decode(),
        json.loads(file.read_text()) if file.exists() else {},
    )


async def test_a_dozen_orders_are_placed_settled_and_checked(tmp_path: Path) -> None:
    code, output, figures = await _demo(tmp_path, "--orders-count=12", "--seed=6")
    assert code == 0, output
    assert figures["orders"]["offered"] == 12
    assert figures["orders"]["accepted"] + sum(figures["orders"]["refused"].values()) == 12
    in_books = sum(figures["outcomes"]["by_status"].values())
    exchanging = figures["living"]["exchange_orders"]
    assert in_books - exchanging == figures["orders"]["accepted"]
    at_rest = {"closed", "cancelled", "on_hold", "backordered"}
    assert set(figures["outcomes"]["by_status"]) <= at_rest
    wanted = [sum([c["made"], *c["refused"].values()]) for c in figures["changes"].values()]
    assert sum(wanted) >= 6
    assert sum(c["made"] for c in figures["changes"].values()) >= 3
    assert {"order-workflow", "carrier-ledger", "stock-ledger"} <= set(figures["invariants"])
    assert not any(figures["invariants"].values())
    for words in ("OTIF, by order", "notices sent", "amended, more", "rows at fault"):
        assert words in output
    assert processes_of(tmp_path) == []


async def test_an_imported_file_is_accounted_for_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        f"{_HEADER}"
        "800001,10001,BLUE JUG,2,2011-10-03 09:15:00,2.55,17000.0,United Kingdom\n"
        "800001,10001,BLUE JUG,1,2011-10-03 09:15:00,2.55,17000.0,United Kingdom\n"
        "800002,10002,RED JUG,4,2011-10-03 10:15:00,1.05,17001.0,France\n"
        "800003,10002,RED JUG,0,2011-10-03 10:15:00,1.05,17001.0,France\n"
        "800004,10002,RED JUG\n"
    )
    code, output, figures = await _demo(tmp_path, "--orders=orders.csv")
    assert code == 0, output
    assert figures["import"] == {
        "rows_read": 5,
        "lines_accepted": 3,
        "lines_reported": 2,
        "reasons": {"a quantity of zero or less": 1, "3 field(s) in place of 8": 1},
    }
    assert figures["lines"] == {"accepted": 3, "refused": 0, "unanswered": 0}


async def test_a_file_that_is_none_ends_the_demo_before_it_starts_anything(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("not,the,columns\n")
    code, output, _ = await _demo(tmp_path, "--orders=orders.csv")
    assert code == 1
    assert "does not name the column(s) InvoiceNo" in output
    assert not (tmp_path / ".ariane").exists()
