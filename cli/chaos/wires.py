"""Trip wires: something happens exactly when certain bytes pass a proxy, and they never arrive.

So a process is killed just before or just after what it does takes effect, and knows of nothing:
its code is what production runs.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

# The longest thing that any pattern matches may be cut in two by the network.
_OVERLAP = 256


class Moment(Enum):
    """Which way the bytes go that are held back: a request, or the answer to it."""

    BEFORE = "before"
    AFTER = "after"


async def happens_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; False when it does not come in that time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


@dataclass(eq=False)
class Wire:
    """Trips once, or once among all that share `tripped`; `pattern` is looked for in requests.

    With `Moment.BEFORE` the request is not forwarded; with `Moment.AFTER` it is, and the answer to
    it is not. Then `act` is called with the name of the upstream, and the connection is reset.
    """

    pattern: re.Pattern[bytes]
    moment: Moment
    act: Callable[[str], object] = field(default=lambda _: None)
    tripped: asyncio.Event = field(default_factory=asyncio.Event)

    async def trips_within(self, seconds: float) -> bool:
        """Wait until it trips; False when it does not in that time."""
        return await happens_within(self.tripped, seconds)


class Watch:
    """What one connection remembers of the bytes that went by."""

    def __init__(self) -> None:
        self._tail = b""
        self._asked: set[Wire] = set()

    def trips(self, wires: Sequence[Wire], moment: Moment, chunk: bytes, upstream: str) -> bool:
        """Look at the next bytes of a direction; True when they must not be forwarded."""
        armed = [wire for wire in wires if not wire.tripped.is_set()]
        if moment is Moment.AFTER:
            answered = next((wire for wire in armed if wire in self._asked), None)
            return answered is not None and _trip(answered, upstream)
        if not armed:
            self._tail = b""
            return False
        known, seen = len(self._tail), self._tail + chunk
        self._tail = seen[-_OVERLAP:]
        for wire in armed:
            # What went by before is not what passes now.
            if not any(found.end() > known for found in wire.pattern.finditer(seen)):
                continue
            if wire.moment is Moment.BEFORE:
                return _trip(wire, upstream)
            self._asked.add(wire)
        return False


def _trip(wire: Wire, upstream: str) -> bool:
    wire.tripped.set()
    wire.act(upstream)
    return True
