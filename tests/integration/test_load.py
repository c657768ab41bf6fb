"""Giving an installation what it starts with."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from cli.load import print_sample, run
from cli.target import Target

if TYPE_CHECKING:
    from pathlib import Path


async def _load(file: Path | None, url: str) -> None:
    await asyncio.to_thread(run, file, Target(url))


async def _units(url: str) -> int:
    plain = url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(plain) as connection:
        found = await (await connection.execute("SELECT sum(on_hand) FROM stock")).fetchone()
        assert found is not None
        return int(found[0] or 0)


async def test_the_sample_can_be_loaded_again_and_books_its_stock_once(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await _load(None, database_url)
    assert "Loaded 10 locations, 150 products" in capsys.readouterr().out
    units = await _units(database_url)
    await _load(None, database_url)
    assert await _units(database_url) == units > 0


async def test_the_printed_sample_is_a_file_that_loads(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_sample()
    file = tmp_path / "installation.json"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    await _load(file, database_url)
    assert "150 products" in capsys.readouterr().out


async def test_a_wrong_field_is_named_and_nothing_is_loaded(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_sample()
    content = json.loads(capsys.readouterr().out)
    content["network"]["products"][3]["weight_grams"] = "heavy"
    file = tmp_path / "installation.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"network\.products\.3\.weight_grams"):
        await _load(file, database_url)
    assert await _units(database_url) == 0


async def test_stock_of_an_unknown_product_is_refused_as_a_whole(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_sample()
    content = json.loads(capsys.readouterr().out)
    content["stock"][0]["sku"] = "NO-SUCH"
    file = tmp_path / "installation.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SystemExit, match="Nothing is loaded"):
        await _load(file, database_url)
    assert await _units(database_url) == 0


async def test_a_file_that_is_not_there_is_a_sentence(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="cannot be read"):
        await _load(tmp_path / "none.json", database_url)
