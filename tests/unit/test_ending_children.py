"""What an interrupt does to a step of the stack's start that is under way."""

import asyncio
from pathlib import Path

import psutil
import pytest

from cli.stack.errors import StackError
from cli.stack.process import ProcessSpec, run_to_end
from cli.stack.together import together
from tests.support.world import until


def _sleepers(mark: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [p for p in found if mark in (p.info["cmdline"] or []) and p.status() != "zombie"]


async def test_what_an_interrupted_step_has_started_ends_with_it(tmp_path: Path) -> None:
    seconds = f"{100 + hash(tmp_path) % 1000}.25"
    spec = ProcessSpec("it", ["sh", "-c", f"sleep {seconds} & wait"], tmp_path / "log")
    step = asyncio.create_task(run_to_end(spec))

    async def both_run() -> bool:
        return bool(_sleepers(seconds))

    await until(both_run, "the child of the child runs")
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    assert _sleepers(seconds) == []


async def test_an_interrupted_start_is_no_failure_whatever_its_steps_say() -> None:
    async def complains() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise StackError("I was not ready") from None

    start = asyncio.create_task(together(complains(), complains()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start


async def test_a_start_that_fails_says_why_and_ends_its_other_steps() -> None:
    ended = asyncio.Event()

    async def goes_on() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "never"

    async def fails() -> str:
        await asyncio.sleep(0)
        raise StackError("I do not start")

    with pytest.raises(StackError, match="I do not start"):
        await together(goes_on(), fails())
    assert ended.is_set()


async def test_what_all_steps_of_a_start_give_comes_in_their_order() -> None:
    async def give(word: str) -> str:
        await asyncio.sleep(0)
        return word

    assert await together(give("one"), give("two")) == ["one", "two"]
