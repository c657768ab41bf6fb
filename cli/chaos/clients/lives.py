"""What becomes of one order by its client's wish: placed, then amended, cancelled, held, returned.

Each step is asked for when the one before has an answer; where none says whether it is done,
nothing more is asked of the order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Any

from cli.chaos import network
from cli.chaos.clients.asking import Answer, Asker, Body, Wanted
from cli.chaos.clients.drafts import Draft, address
from cli.chaos.clients.returning import Returning
from cli.chaos.shared import CampaignState
from cli.chaos.told import Kind, Verdict

_SUPPORT = "Maud of support"
_HELD = "on_hold"


class Life:
    """One order of a client. `until` is when nothing new is asked of it any more, in seconds of the
    campaign; what was told done is given to `done`, to be sent once more later."""

    def __init__(
        self,
        asker: Asker,
        draft: Draft,
        dice: Random,
        state: CampaignState,
        until: float,
        done: Callable[[Wanted], object],
    ) -> None:
        self._asker = asker
        self._draft = draft
        self._dice = dice
        self._state = state
        self._until = until
        self._done = done
        self._asked = 0

    async def live(self) -> None:
        """Place it, and ask of it what the dice say."""
        placed = await self._ask(Kind.PLACE, "POST", "/orders", self._draft.body)
        if not placed.is_ok:
            return
        steps = self._steps()
        if placed.document.get("status") == _HELD and self._dice.random() < 0.7:
            steps = (Life.release, *steps)
        for step in steps:
            await asyncio.sleep(self._dice.expovariate(1 / 1.2))
            is_over = self._state.over or self._state.now >= self._until
            if is_over or not self._draft.lines:
                return
            if await step(self) is Verdict.UNKNOWN:
                return

    async def more(self) -> Verdict:
        """More of a line; now and then more than there is."""
        line_id, (sku, units) = self._dice.choice(sorted(self._draft.lines.items()))
        more = self._dice.randint(1, 5)
        return await self._amend(self._draft.lines | {line_id: (sku, units + more)})

    async def fewer(self) -> Verdict:
        """Fewer of a line, or none of it."""
        return await self._amend(self._with_less())

    async def add(self) -> Verdict:
        """A line more."""
        self._draft.added += 1
        sku = self._dice.choice(network.PLENTY + network.SCARCE)
        added = {f"a{self._draft.added}": (sku, self._dice.randint(1, 4))}
        return await self._amend(self._draft.lines | added)

    async def move(self) -> Verdict:
        """Another address, here or in the other country."""
        return await self._change({"ship_to": address(self._dice)}, self._draft.lines)

    async def cancel(self) -> Verdict:
        """All of it."""
        body = {"by": _SUPPORT, "reason": "not wanted any more"}
        return (await self._post(Kind.CANCEL, "cancel", body)).verdict

    async def cancel_lines(self) -> Verdict:
        """Units of a line, on the version that is known or on whichever it is; all of an order of
        one unit."""
        left = self._with_less()
        if left == self._draft.lines:
            left = {}
        less = [
            {"line_id": line_id, "quantity": units - left.get(line_id, (sku, 0))[1]}
            for line_id, (sku, units) in self._draft.lines.items()
            if left.get(line_id) != (sku, units)
        ]
        # In words of its own: the same body is the same cancellation.
        reason = f"too many, {self._dice.getrandbits(32):x}"
        body: Body = {"by": _SUPPORT, "reason": reason, "lines": less}
        if self._dice.random() < 0.5:
            body["version"] = self._draft.version
        answer = await self._post(Kind.CANCEL, "cancel", body)
        if answer.is_ok:
            self._draft.lines = left
            self._draft.version += 1
        return answer.verdict

    async def hold(self) -> Verdict:
        body = {"by": _SUPPORT, "reason": "the customer is asked first"}
        return (await self._post(Kind.HOLD, "hold", body)).verdict

    async def release(self) -> Verdict:
        body = {"released_by": _SUPPORT, "note": "the customer has agreed"}
        return (await self._post(Kind.RELEASE, "hold/release", body)).verdict

    async def send_back(self) -> Verdict:
        """Some of what was delivered."""
        returning = Returning(self._asker, self._draft, self._dice, self._state, self._until)
        return await returning.send_back(self._done)

    def _steps(self) -> Sequence["_Step"]:
        return self._dice.choices([way for way, _ in _WAYS], [odds for _, odds in _WAYS])[0]

    def _with_less(self) -> dict[str, tuple[str, int]]:
        """The lines without some units of one of them; one unit alone stays as it is."""
        lines = dict(self._draft.lines)
        line_id, (sku, units) = self._dice.choice(sorted(lines.items()))
        if units > 1:
            lines[line_id] = (sku, units - self._dice.randint(1, units - 1))
        elif len(lines) > 1:
            del lines[line_id]
        return lines

    async def _amend(self, lines: dict[str, tuple[str, int]]) -> Verdict:
        body: Body = {"lines": self._draft.line_bodies(lines)}
        if self._dice.random() < 0.3:
            body["backorder"] = True
        return await self._change(body, lines)

    async def _change(self, change: Body, lines: Mapping[str, tuple[str, int]]) -> Verdict:
        body = {"version": self._draft.version, **change}
        answer = await self._ask(Kind.AMEND, "PATCH", self._draft.path, body)
        if answer.is_ok:
            self._draft.lines = dict(lines)
            self._draft.version += 1
        return answer.verdict

    async def _post(self, kind: Kind, command: str, body: Body) -> Answer:
        return await self._ask(kind, "POST", f"{self._draft.path}/{command}", body)

    async def _ask(self, kind: Kind, method: str, path: str, body: dict[str, Any]) -> Answer:
        self._asked += 1
        key = f"{self._draft.order_id}/{self._asked}/{kind}"
        wanted = Wanted(kind, key, self._draft.order_id, method, path, body)
        answer = await self._asker.ask(wanted, self._dice)
        if answer.is_ok and kind in _REPEATABLE:
            self._done(wanted)
        return answer


_Step = Callable[[Life], Awaitable[Verdict]]

# A hold that is asked for again later holds the order again.
_REPEATABLE = frozenset({Kind.PLACE, Kind.AMEND, Kind.CANCEL})
_WAYS: Sequence[tuple[Sequence[_Step], int]] = (
    ((), 36),
    ((Life.more,), 6),
    ((Life.fewer,), 5),
    ((Life.add, Life.fewer), 5),
    ((Life.move, Life.more), 5),
    ((Life.cancel_lines,), 6),
    ((Life.cancel_lines, Life.add, Life.cancel_lines), 3),
    ((Life.cancel,), 8),
    ((Life.more, Life.cancel), 4),
    ((Life.hold, Life.release), 5),
    ((Life.hold, Life.more, Life.release), 4),
    ((Life.hold, Life.cancel), 2),
    ((Life.send_back,), 9),
    ((Life.more, Life.send_back), 2),
)
"""What clients do with their orders, and how often of 100."""
