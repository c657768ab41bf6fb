"""When the controller of a campaign lets faults begin."""

import asyncio
from pathlib import Path

import httpx
from temporalio.client import Client

from adapters.postgres.engine import create_engine
from cli.chaos.arena import Arena
from cli.chaos.clients.writing import ClientTally, ToldLog
from cli.chaos.controller import Controller
from cli.chaos.faults import Fault, Ground, Parameters, Partners
from cli.chaos.recovery import Probe
from cli.chaos.schedule import Planned
from cli.chaos.shared import CampaignState

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


async def test_nothing_new_breaks_once_there_is_enough_and_what_is_broken_is_mended(
    tmp_path: Path,
) -> None:
    enough, mended = asyncio.Event(), asyncio.Event()

    async def until_enough(_: Ground, __: Parameters, ___: float) -> str:
        enough.set()
        await asyncio.sleep(0)
        mended.set()
        return "broken, and mended"

    async def not_any_more(_: Ground, __: Parameters, ___: float) -> str:
        return "broken too late"

    faults = {
        "first": Fault("first", until_enough, lasts=(1.0, 1.0)),
        "second": Fault("second", not_any_more),
    }
    engine = create_engine(NOWHERE)
    client = await Client.connect("127.0.0.1:1", lazy=True)
    async with httpx.AsyncClient() as http:
        partners = Partners(http, "http://127.0.0.1:1")
        ground = Ground(Arena(tmp_path), CampaignState(), engine, client, http, partners)
        with ToldLog(tmp_path / "told.jsonl", ClientTally()) as log:
            controller = Controller(
                ground, faults, Probe(ground, log), tmp_path / "faults.jsonl", enough
            )
            planned = [Planned(0.0, 1.0, "first", {}), Planned(600.0, 0.0, "second", {})]
            await controller.run(planned, second_chances=600.0)

    assert mended.is_set()
    assert controller.account.counts == {"first": 1}
    assert ground.state.over
