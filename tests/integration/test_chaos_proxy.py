"""The proxy that faults happen to: what it forwards, and how it misbehaves when it is told to."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from cli.chaos.proxy import Link, Upstream, reset
from cli.chaos.wires import Moment, Watch, Wire

LOOPBACK = "127.0.0.1"
COMMIT = re.compile(rb"COMMIT")


@dataclass
class Echo:
    """A server that answers each line with the line, and remembers what it got."""

    name: str
    port: int = 0
    got: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self.got.append(line)
                writer.write(self.name.encode() + b" " + line)
                await writer.drain()
        except ConnectionError:
            pass  # as the test wants it
        finally:
            writer.close()


@asynccontextmanager
async def echo(name: str = "echo") -> AsyncIterator[Echo]:
    server = Echo(name)
    listening = await asyncio.start_server(server.serve, LOOPBACK, 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


@dataclass
class Caller:
    """One connection through a link."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, line: bytes) -> bytes:
        self.writer.write(line + b"\n")
        async with asyncio.timeout(5):
            return (await self.reader.readline()).rstrip()


Call = Callable[[], Awaitable[Caller]]


@pytest.fixture
async def server() -> AsyncIterator[Echo]:
    async with echo() as running:
        yield running


@pytest.fixture
async def link(server: Echo) -> AsyncIterator[Link]:
    opened = Link("a>b", [Upstream("b", server.port)])
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def call(link: Link) -> AsyncIterator[Call]:
    callers: list[Caller] = []

    async def connect() -> Caller:
        caller = Caller(*await asyncio.open_connection(LOOPBACK, link.port))
        callers.append(caller)
        return caller

    yield connect
    for caller in callers:
        reset(caller.writer)


async def test_what_is_said_arrives_and_is_answered(call: Call) -> None:
    caller = await call()
    assert await caller.say(b"one") == b"echo one"
    assert await caller.say(b"two") == b"echo two"


async def test_the_end_of_one_side_is_the_end_of_the_other(call: Call) -> None:
    caller = await call()
    await caller.say(b"one")
    caller.writer.write_eof()
    assert await caller.reader.read() == b""


async def test_an_upstream_that_is_down_is_passed_over() -> None:
    async with echo("well") as well:
        async with echo("down") as down:
            pass
        link = Link("a>b", [Upstream("down", down.port), Upstream("well", well.port)])
        await link.open()
        answers = []
        for _ in range(2):
            caller = Caller(*await asyncio.open_connection(LOOPBACK, link.port))
            answers.append(await caller.say(b"hello"))
            reset(caller.writer)
        await link.close()
    assert answers == [b"well hello"] * 2


async def test_connections_that_are_reset_end_with_an_error(link: Link, call: Call) -> None:
    caller = await call()
    await caller.say(b"one")
    assert link.reset_all() == 1
    with pytest.raises(ConnectionResetError):
        await caller.reader.read()


async def test_a_link_that_refuses_resets_new_connections_alone(link: Link, call: Call) -> None:
    known = await call()
    await known.say(b"one")
    with link.trouble(refuses=True):
        fresh = await call()
        with pytest.raises(ConnectionResetError):
            await fresh.reader.read()
        assert await known.say(b"two") == b"echo two"
    assert await (await call()).say(b"three") == b"echo three"


async def test_what_falls_into_a_black_hole_arrives_when_it_has_gone(
    link: Link, call: Call, server: Echo
) -> None:
    caller = await call()
    await caller.say(b"one")
    with link.trouble(black_hole=True):
        saying = asyncio.create_task(caller.say(b"two"))
        done, _ = await asyncio.wait({saying}, timeout=0.05)
        assert not done
        assert server.got == [b"one\n"]
    assert await saying == b"echo two"


async def test_a_half_closed_link_still_takes_what_it_does_not_answer(
    link: Link, call: Call, server: Echo
) -> None:
    caller = await call()
    await caller.say(b"one")
    with link.trouble(half_closed=True):
        assert await caller.say(b"two") == b""
    assert server.got == [b"one\n", b"two\n"]


async def test_troubles_of_different_kinds_end_each_by_itself(link: Link, call: Call) -> None:
    caller = await call()
    with link.trouble(black_hole=True):
        with link.trouble(delay=0.01):
            saying = asyncio.create_task(caller.say(b"one"))
        done, _ = await asyncio.wait({saying}, timeout=0.05)
        assert not done
    assert await saying == b"echo one"


async def test_a_wire_before_keeps_the_request_from_arriving(
    link: Link, call: Call, server: Echo
) -> None:
    tripped_by: list[str] = []
    caller = await call()
    with link.wired(Wire(COMMIT, Moment.BEFORE, tripped_by.append)) as wire:
        assert await caller.say(b"BEGIN") == b"echo BEGIN"
        with pytest.raises(ConnectionResetError):
            await caller.say(b"COMMIT")
        assert await wire.trips_within(1)
    assert tripped_by == ["b"]
    assert server.got == [b"BEGIN\n"]


async def test_a_wire_after_keeps_the_answer_from_arriving(
    link: Link, call: Call, server: Echo
) -> None:
    caller = await call()
    with link.wired(Wire(COMMIT, Moment.AFTER)) as wire:
        assert await caller.say(b"BEGIN") == b"echo BEGIN"
        with pytest.raises(ConnectionResetError):
            await caller.say(b"COMMIT")
        assert wire.tripped.is_set()
    assert server.got == [b"BEGIN\n", b"COMMIT\n"]


async def test_a_wire_trips_once_and_not_for_what_passed_before(link: Link, call: Call) -> None:
    caller = await call()
    with link.wired(Wire(re.compile(rb"never"), Moment.BEFORE)):
        await caller.say(b"COMMIT")
        with link.wired(Wire(COMMIT, Moment.BEFORE)) as wire:
            assert await caller.say(b"BEGIN") == b"echo BEGIN"
            with pytest.raises(ConnectionResetError):
                await caller.say(b"COMMIT")
            assert wire.tripped.is_set()
            assert await (await call()).say(b"COMMIT") == b"echo COMMIT"


def test_a_pattern_that_the_network_cuts_in_two_is_seen() -> None:
    watch, wire = Watch(), Wire(COMMIT, Moment.BEFORE)
    assert not watch.trips([wire], Moment.BEFORE, b"...COM", "b")
    assert watch.trips([wire], Moment.BEFORE, b"MIT", "b")
