"""Makes the faults of a schedule happen, each at its time, and notes what came of it."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from cli.chaos.faults import Fault, Ground
from cli.chaos.recovery import Probe, Recovery
from cli.chaos.schedule import Planned
from cli.stack import StackError

# What a fault is stopped by when another one is in its way: it did not happen then.
_IN_ITS_WAY = (
    SQLAlchemyError,
    RPCError,
    httpx.HTTPError,
    sqlite3.Error,
    OSError,
    StackError,
)
# A process that was replaced comes back within this time, or something is wrong with it.
_LONGEST = 150.0
# What is over at once tries so often, a second apart, to find something to happen to.
_TRIES = 4


@dataclass(frozen=True)
class Happened:
    """What came of one fault: `what` in a few words, or `why_not`."""

    fault: str
    began: float
    ended: float
    parameters: Mapping[str, str | float]
    what: str | None
    why_not: str | None = None


@dataclass
class Account:
    """What the controller did so far."""

    happened: list[Happened] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How often each kind of fault happened."""
        return Counter(one.fault for one in self.happened if one.what is not None)

    @property
    def missed(self) -> Counter[str]:
        """How often each kind found nothing to happen to."""
        return Counter(one.fault for one in self.happened if one.what is None)


class Controller:
    """Runs once. Faults overlap, but those that come alone wait until all others have ended."""

    def __init__(
        self,
        ground: Ground,
        faults: Mapping[str, Fault],
        probe: Probe,
        log: Path,
        enough: asyncio.Event,
    ) -> None:
        self.account = Account()
        self._ground = ground
        self._faults = faults
        self._probe = probe
        self._log = log
        self._enough = enough
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, planned: Sequence[Planned], second_chances: float) -> None:
        """Make all of it happen, and for so many seconds what never did; then the campaign is over.

        Nothing new begins once there is `enough`. When it ends, or is ended, nothing is broken any
        more.
        """
        async with asyncio.TaskGroup() as group:
            for event in planned:
                if await self._enough_by(event.at):
                    break
                if self._faults[event.fault].alone:
                    await self._settle()
                    await self._happen(event)
                else:
                    self._begin(group, event)
            await self._settle()
            until = self._ground.state.now + second_chances
            await self._give_second_chances(group, planned, until)
        self._ground.state.over = True

    async def _give_second_chances(
        self, group: asyncio.TaskGroup, planned: Sequence[Planned], until: float
    ) -> None:
        """Whatever found nothing to happen to may find it now."""
        while (left := until - self._ground.state.now) > 1.0 and not self._enough.is_set():
            done = self.account.counts
            again = {event.fault: event for event in planned if not done[event.fault]}
            if not again:
                return
            for event in again.values():
                self._begin(
                    group, Planned(self._ground.state.now, left, event.fault, event.parameters)
                )
            await self._settle()
            await asyncio.sleep(0.5)

    def _begin(self, group: asyncio.TaskGroup, event: Planned) -> None:
        task = group.create_task(self._happen(event))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _happen(self, event: Planned) -> None:
        fault = self._faults[event.fault]
        began = self._ground.state.now
        what, why_not = None, "nothing that it could happen to"
        try:
            async with asyncio.timeout(event.lasts + _LONGEST):
                what = await self._do(fault, event)
        except _IN_ITS_WAY as error:
            why_not = f"{type(error).__name__}: {error}"
        self._note(
            Happened(
                fault.name,
                round(began, 3),
                round(self._ground.state.now, 3),
                event.parameters,
                what,
                None if what is not None else why_not,
            )
        )

    async def _do(self, fault: Fault, event: Planned) -> str | None:
        async def happen() -> str | None:
            return await fault.happen(self._ground, event.parameters, event.lasts)

        if not fault.alone:
            return await (_soon(happen) if fault.is_brief else happen())
        await self._ground.arena.until_well()
        what, recovery = await self._probe.around(fault.name, happen)
        if recovery is not None:
            self.account.recoveries.append(recovery)
        return what

    def _note(self, happened: Happened) -> None:
        self.account.happened.append(happened)
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(happened)) + "\n")

    async def _settle(self) -> None:
        if self._under_way:
            await asyncio.wait(set(self._under_way))

    async def _enough_by(self, moment: float) -> bool:
        """Wait for that moment; True where there is enough by then."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, moment - self._ground.state.now)):
                await self._enough.wait()
        return self._enough.is_set()


async def _soon(happen: Callable[[], Awaitable[str | None]]) -> str | None:
    """Something else may be away just now that it could happen to."""
    what = await happen()
    for _ in range(_TRIES - 1):
        if what is not None:
            break
        await asyncio.sleep(1.0)
        what = await happen()
    return what
