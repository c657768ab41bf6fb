"""`ariane bench-stock` as a person runs it, with little to measure."""

from __future__ import annotations

import asyncio
import sysconfig
from pathlib import Path

from tests.support.up import MARK, processes_of, without_ours

_ARIANE = Path(sysconfig.get_path("scripts")) / "ariane"


async def _bench_stock(directory: Path, *options: str) -> tuple[int, str]:
    """Run it in a directory of its own; gives the exit status and the output."""
    process = await asyncio.create_subprocess_exec(
        *(str(_ARIANE), "bench-stock", "--write=benchmarks.md", *options),
        cwd=directory,
        env={**without_ours(), MARK: str(directory)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_figures_are_measured_beside_pgbench_and_written(tmp_path: Path) -> None:
    tiny = ("--rounds=1", "--callers=4", "--reservations=40", "--reads=40", "--seconds=1")
    books = ("--skus", "20", "40", "--open-orders=30")
    code, output = await _bench_stock(tmp_path, *tiny, *books)
    assert code == 0, output
    written = (tmp_path / "benchmarks.md").read_text()
    for words in (
        "200 rows of stock, 0 orders in fulfilment",
        "400 rows of stock, 30 orders in fulfilment",
        "| reservations, all of one SKU |",
        "| SKUs read, 500 at a time |",
    ):
        assert words in output
        assert words in written
    assert processes_of(tmp_path) == []


async def test_reservations_in_contention_break_nothing(tmp_path: Path) -> None:
    code, output = await _bench_stock(tmp_path, "--contended=600", "--callers=8")
    assert code == 0, output
    assert "| reservations asked for | 600 in " in (tmp_path / "benchmarks.md").read_text()
    assert "| rows that broke one | 0 |" in output
    assert "| deadlocks | 0 |" in output
    assert processes_of(tmp_path) == []
