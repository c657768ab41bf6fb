"""The loopback ports that the stack listens on."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cli.stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class PortRequests:
    """A port for each server: None for its usual one or else any free one, 0 for any free one."""

    postgres: int | None = None
    temporal: int | None = None
    ui: int | None = None
    api: int | None = None
    world: int | None = None


@dataclass(frozen=True)
class Ports:
    """The port of each server."""

    postgres: int = 54320
    temporal: int = 7233
    ui: int = 8233
    api: int = 8080
    world: int = 8090


USUAL = Ports()


def choose_ports(requests: PortRequests, say: Callable[[str], None]) -> Ports:
    """Choose a free port for each server; tell when it is not the usual one.

    Raises `StackError` when a port that was asked for by number is taken.
    """
    usual = asdict(USUAL)
    chosen: dict[str, int] = {}
    # All stay bound until the last is chosen: no two servers are given the same one.
    with ExitStack() as bound:
        for server, request in asdict(requests).items():
            holder = _bind(usual[server] if request is None else request)
            if holder is None and request is not None:
                raise StackError(f"Port {request}, wanted for {server}, is taken.")
            holder = holder or _any()
            bound.enter_context(holder)
            chosen[server] = holder.getsockname()[1]
            if request is None and chosen[server] != usual[server]:
                say(f"Port {usual[server]} is taken: {server} listens on {chosen[server]}.")
    return Ports(**chosen)


def free_port() -> int:
    """Give a port of the loopback interface that nobody listens on."""
    with _any() as holder:
        port: int = holder.getsockname()[1]
        return port


def _any() -> socket.socket:
    holder = _bind(0)
    if holder is None:
        raise StackError("No port is free on the loopback interface.")
    return holder


def _bind(port: int) -> socket.socket | None:
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Connections of an earlier run that are still fading away do not make a port taken.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((LOOPBACK, port))
    except OSError:
        holder.close()
        return None
    return holder
