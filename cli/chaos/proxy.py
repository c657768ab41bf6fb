"""A small TCP proxy between two parts, on loopback, that can be told to misbehave.

It knows nothing of what it carries. What one end sends is forwarded as it comes, unless the link is
in trouble or a wire is tripped (`cli.chaos.wires`).
"""

import asyncio
import itertools
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from cli.chaos.wires import Moment, Watch, Wire
from cli.stack.ports import LOOPBACK

_CHUNK = 65536
# Closing a socket that lingers for no time sends RST instead of FIN.
_AT_ONCE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a link.

    `delay` is how many seconds each piece of data takes longer, `rate` how many bytes pass in a
    second. A `black_hole` takes everything and forwards nothing. With `half_closed` the far end
    seems to have ended at the moment of its next answer, while it still gets what is sent. With
    `refuses` a new connection is reset at once.
    """

    delay: float = 0.0
    rate: float | None = None
    black_hole: bool = False
    half_closed: bool = False
    refuses: bool = False


@dataclass(frozen=True)
class Upstream:
    """A part that connections are forwarded to."""

    name: str
    port: int


@dataclass(eq=False)
class Connection:
    """One connection through a link: from a client to one of the link's upstreams."""

    upstream: Upstream
    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    watch: Watch = field(default_factory=Watch)

    def reset(self) -> None:
        """End it for both sides, with RST and whatever is under way."""
        for writer in (self.near, self.far):
            reset(writer)


class Link:
    """Listens from `open` to `close`, on the free port that is known then, and forwards to its
    upstreams in turn.

    An upstream that does not take a connection is passed over, as by any load balancer.
    """

    def __init__(self, name: str, upstreams: Sequence[Upstream]) -> None:
        self.name = name
        self.port = 0
        self._upstreams = list(upstreams)
        self._turn = itertools.count()
        self._trouble = Trouble()
        self._changed = asyncio.Event()
        self._connections: set[Connection] = set()
        self._wires: list[Wire] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Take connections from now on."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection and take no more."""
        if self._server is not None:
            self._server.close()
        self.reset_all()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many connections it carries now."""
        return len(self._connections)

    @contextmanager
    def trouble(self, **what: float | bool) -> Iterator[None]:
        """Be in trouble inside the block, besides whatever else is wrong: fields of `Trouble`."""
        self._become(replace(self._trouble, **what))  # type: ignore[arg-type]  # by their names
        try:
            yield
        finally:
            well = Trouble()
            self._become(replace(self._trouble, **{name: getattr(well, name) for name in what}))

    @contextmanager
    def wired(self, wire: Wire) -> Iterator[Wire]:
        """Have the wire looked out for, on every connection, inside the block."""
        self._wires.append(wire)
        try:
            yield wire
        finally:
            self._wires.remove(wire)

    def reset_all(self) -> int:
        """End every connection with RST; gives how many there were."""
        ended = list(self._connections)
        for connection in ended:
            connection.reset()
        return len(ended)

    def _become(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._changed.set()
        self._changed = asyncio.Event()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # The end of this proxy ends its connections too, and nobody waits for them.
        with suppress(asyncio.CancelledError):
            await self._carry(reader, writer)

    async def _carry(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        reached = None if self._trouble.refuses else await self._reach()
        if reached is None:
            reset(near)
            return
        upstream, answers, far = reached
        connection = Connection(upstream, near, far)
        self._connections.add(connection)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(connection, Moment.BEFORE, reader, far))
                pumps.create_task(self._pump(connection, Moment.AFTER, answers, near))
        finally:
            self._connections.discard(connection)
            for writer in (near, far):
                writer.close()

    async def _reach(self) -> tuple[Upstream, asyncio.StreamReader, asyncio.StreamWriter] | None:
        first = next(self._turn)
        for offset in range(len(self._upstreams)):
            upstream = self._upstreams[(first + offset) % len(self._upstreams)]
            try:
                reader, writer = await asyncio.open_connection(LOOPBACK, upstream.port)
            except OSError:
                continue  # it is down: another one may not be
            return upstream, reader, writer
        return None

    async def _pump(
        self,
        connection: Connection,
        moment: Moment,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
    ) -> None:
        """Forward one direction until it ends; an end that is reset ends both."""
        try:
            while chunk := await source.read(_CHUNK):
                await self._hold_up(len(chunk))
                if connection.watch.trips(self._wires, moment, chunk, connection.upstream.name):
                    connection.reset()
                    return
                if moment is Moment.AFTER and self._trouble.half_closed:
                    break
                sink.write(chunk)
                await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()
        except OSError:
            connection.reset()

    async def _hold_up(self, size: int) -> None:
        while self._trouble.black_hole:
            await self._changed.wait()
        trouble = self._trouble
        pause = trouble.delay + (size / trouble.rate if trouble.rate else 0.0)
        if pause:
            await asyncio.sleep(pause)


def reset(writer: asyncio.StreamWriter) -> None:
    """End one side of a connection with RST."""
    held: socket.socket | None = writer.get_extra_info("socket")
    if held is not None and held.fileno() >= 0:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()
