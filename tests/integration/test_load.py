"""Giving an installation what it starts with."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.engine import create_engine
from adapters.postgres.policies import activate_policy, read_active
from cli.load import print_sample, run, sample
from cli.target import Target
from domain.messages.policy import OrderPolicy


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


async def test_a_changed_price_list_or_agreement_needs_a_new_version(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _load(None, database_url)
    capsys.readouterr()
    print_sample()
    printed = capsys.readouterr().out
    file = tmp_path / "installation.json"
    for kind, change, says in (
        ("price_lists", {"prices": []}, "'trade'"),
        ("agreements", {"valid_until": "2027-01-01"}, "'trade-b0002'"),
        ("agreements", {"version": 3}, "follows the latest"),
        ("agreements", {"agreement_id": "new"}, "one agreement"),
    ):
        content = json.loads(printed)
        content[kind][0].update(change)
        file.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(SystemExit, match=says):
            await _load(file, database_url)


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


async def test_loading_leaves_an_active_book_of_policies_in_force(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await _load(None, database_url)
    assert "policy standard is active" in capsys.readouterr().out
    engine = create_engine(database_url, pool_size=1)
    async with engine.begin() as connection:
        await activate_policy(connection, OrderPolicy(version="2026-11/standard"))

    await _load(None, database_url)

    assert "policies stay those of 2026-11" in capsys.readouterr().out
    async with engine.connect() as connection:
        assert list((await read_active(connection)).policies) == ["2026-11/standard"]
    await engine.dispose()


def test_the_order_of_the_readme_is_one_that_the_sample_takes() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    order = readme.partition("/orders -H")[2]
    said = {
        name: re.search(rf'"{name}": "([^"]+)"', order)
        for name in ("customer_id", "currency", "sku")
    }
    found = {name: match.group(1) for name, match in said.items() if match is not None}
    network = sample().network
    currencies = {account.customer_id: account.currency for account in network.accounts}
    assert currencies[found["customer_id"]] == found["currency"]
    assert found["sku"] in {product.sku for product in network.products}
