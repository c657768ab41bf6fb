"""Another book of policies becomes active while orders are under way."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from cli.policy.commands import app
from tests.support.house import House
from tests.support.world import until

_BOOK = """
version = "{version}"

[policies.standard]
backorder_timeout = "PT1H"
sourcing.kinds = ["{kind}"]
sourcing.relaxation = []

[[assign]]
policy = "standard"
"""


async def _ask(*arguments: str) -> str:
    """What the command prints; in a thread, for it runs an event loop of its own."""
    runner = CliRunner(env={"DATABASE_URL": None})
    result = await asyncio.to_thread(lambda: runner.invoke(app, arguments))
    assert result.exit_code == 0, result.output
    return result.output


async def _activate(house: House, directory: Path, version: str, kind: str) -> str:
    file = directory / f"{version}.toml"
    text = _BOOK.format(version=version, kind=kind)
    await asyncio.to_thread(file.write_text, text, encoding="utf-8")
    return await _ask("activate", str(file), "--database-url", house.database_url)


async def _open_orders(house: House) -> dict[str, int]:
    listed = json.loads(await _ask("list", "--json", "--database-url", house.database_url))
    return {policy["version"]: policy["open_orders"] for policy in listed["policies"]}


async def test_orders_under_way_keep_the_policy_that_they_started_with(
    house: House, tmp_path: Path
) -> None:
    await _activate(house, tmp_path, "spring", "warehouse")
    early = await house.place(("SKU-1", 2))
    await house.until_told(early["order_id"], "all_backordered")

    said = await _activate(house, tmp_path, "summer", "3pl")

    assert "1 open order(s) keep the version that they started with" in said
    assert (await house.order(early["order_id"]))["policy_version"] == "spring/standard"
    active = (await house.api.get("/policies")).json()
    assert [row["policy_version"] for row in active["assigned"]] == ["summer/standard"]
    assert active["policies"]["summer/standard"]["sourcing"]["kinds"] == ["3pl"]
    assert active["policies"]["summer/standard"]["backorder_timeout"] == "PT1H"

    late = await house.place(("SKU-2", 2))
    assert (await house.order(late["order_id"]))["policy_version"] == "summer/standard"
    assert await _open_orders(house) == {"spring/standard": 1, "summer/standard": 1, "test": 0}
    # Each is sent from the only kind of location that its own policy allows.
    await house.stock(LIL_1=2, GNT_1=2, LIL_2=2, GNT_2=2)
    for order, location in ((early, "LIL"), (late, "GNT")):
        found = await house.until_status(order["order_id"], "closed")
        assert [shipment["location_id"] for shipment in found["shipments"]] == [location]

    async def all_closed() -> bool:
        return set((await _open_orders(house)).values()) == {0}

    await until(all_closed, "no open order runs on any policy")
    await house.check()
