"""A server that resets each connection as soon as it is there, and a loop slow to notice."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx
import uvloop

from tests.support.http import plain_http

Result = TypeVar("Result")

_CALLS = 60
_AT_ONCE = struct.pack("ii", 1, 0)


@contextmanager
def resetting_server() -> Iterator[str]:
    """Give its address, `http://host:port`."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return  # closed: the test is over
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


async def many_on_a_slow_loop(
    call: Callable[[httpx.AsyncClient], Awaitable[Result]],
) -> list[Result]:
    """Make many calls at once on uvloop, as our processes do, while the loop is often held up: then
    many a connection is reset before its caller knows that it was made."""

    async def hold_up() -> None:
        for _ in range(30):
            time.sleep(0.003)  # noqa: ASYNC251  # the loop is to be late
            await asyncio.sleep(0)

    async def calls() -> list[Result]:
        async with plain_http() as client:
            holding = asyncio.create_task(hold_up())
            results = await asyncio.gather(*(call(client) for _ in range(_CALLS)))
            await holding
            return results

    return await asyncio.to_thread(uvloop.run, calls())
