"""`python -m tests.mutants`: plant each known bug, and see that something catches it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tests.mutants.campaigning import run_campaign
from tests.mutants.catalogue import MUTANTS
from tests.mutants.catching import Outcome, Verdict, catch, run_tests
from tests.mutants.mutant import ROOT, ByCampaign, ByTests, Mutant
from tests.mutants.planting import Nursery
from tests.mutants.table import write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

_RELIABILITY = ROOT / "docs" / "reliability.md"
# Each pair of servers keeps half a core busy; more at once would only wait for each other.
_AT_ONCE = 2
_console = Console(stderr=True, highlight=False, soft_wrap=True)


def main(
    only: Annotated[
        list[str] | None, typer.Option(help="A mutant, by name; may be given again.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the table into docs/reliability.md.")
    ] = False,
    at_once: Annotated[int, typer.Option(min=1, help="How many run at the same time.")] = _AT_ONCE,
) -> None:
    """Plant each known bug in a copy of the tree, and see that something catches it.

    Ends with 1 when one survives, or breaks before what is to catch it can.
    """
    mutants = [m for m in MUTANTS if not only or m.name in only]
    unknown = {*(only or ())} - {m.name for m in mutants}
    if unknown:
        raise typer.BadParameter(f"no mutant is called {', '.join(sorted(unknown))}")
    began = time.monotonic()
    outcomes = asyncio.run(_run(mutants, at_once))
    caught = [o for o in outcomes if o.verdict is Verdict.CAUGHT]
    took = time.monotonic() - began
    _console.print(f"{len(caught)} of {len(mutants)} mutants are caught, in {took:.0f} s")
    if write:
        if only:
            raise typer.BadParameter("the table is written of all mutants")
        write_table(_RELIABILITY, outcomes)
    if len(caught) < len(mutants):
        raise typer.Exit(1)


async def _run(mutants: Sequence[Mutant], at_once: int) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="ariane-mutants-") as directory:
        nursery = Nursery(Path(directory))
        await nursery.prepare()
        turns = asyncio.Semaphore(at_once)
        await _see_that_all_passes(nursery, mutants, turns)
        return list(await asyncio.gather(*(_try(nursery, m, turns) for m in mutants)))


async def _see_that_all_passes(
    nursery: Nursery, mutants: Sequence[Mutant], turns: asyncio.Semaphore
) -> None:
    """Without any bug nothing fails: what fails with one fails because of it."""
    catchers = [m.caught_by for m in mutants]
    nodes = dict.fromkeys(n for c in catchers if isinstance(c, ByTests) for n in c.nodes)
    stormy = (replace(c, rules=()) for c in catchers if isinstance(c, ByCampaign))
    campaigns = dict.fromkeys(stormy)
    _console.print(f"Without any bug: {len(nodes)} tests, {len(campaigns)} campaigns")
    healthy = [_test_healthy(nursery, list(nodes), turns)] if nodes else []
    healthy += [_storm_healthy(nursery, campaign, turns) for campaign in campaigns]
    failed = [reason for reasons in await asyncio.gather(*healthy) for reason in reasons]
    if failed:
        _give_up(failed)


async def _test_healthy(
    nursery: Nursery, nodes: Sequence[str], turns: asyncio.Semaphore
) -> Sequence[str]:
    async with turns:
        run = await run_tests(nursery.healthy, nodes)
    failed = [f"{t.node} {t.outcome}: {t.said}" for t in run.tests if t.outcome != "passed"]
    return [*run.broken, *failed, *(f"{node} did not run" for node in run.missing(nodes))]


async def _storm_healthy(
    nursery: Nursery, campaign: ByCampaign, turns: asyncio.Semaphore
) -> Sequence[str]:
    async with turns:
        report = await run_campaign(await nursery.copy(f"healthy-{campaign.fault}"), campaign)
    return [*report.violations, *([report.broken] if report.broken else [])]


def _give_up(reasons: Sequence[str]) -> None:
    for reason in reasons:
        _console.print(reason)
    _console.print("Nothing can be said of mutants while the tree itself is not in order.")
    raise typer.Exit(2)


async def _try(nursery: Nursery, mutant: Mutant, turns: asyncio.Semaphore) -> Outcome:
    async with turns:
        outcome = await catch(mutant, await nursery.plant(mutant))
    said = outcome.said.strip().partition("\n")[0][:200]
    line = f"{outcome.verdict:9}{outcome.seconds:5.0f} s  {mutant.name}: {outcome.by}"
    _console.print(line, markup=False)
    _console.print(f"{'':18}{said}", markup=False)
    return outcome


if __name__ == "__main__":
    typer.run(main)
