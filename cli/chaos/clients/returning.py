"""Sending back some of an order: the return, then its goods at the dock and on the bench."""

import asyncio
from collections.abc import Callable
from random import Random

from cli.chaos.clients.asking import Answer, Asker, Body, Wanted
from cli.chaos.clients.drafts import Draft
from cli.chaos.shared import CampaignState
from cli.chaos.told import Kind, Verdict

_SUPPORT, _DOCK = "Maud of support", "Sam at the dock"
_STATES = (("as new", "restock"), ("used", "refurbish"), ("used", "restock"), ("broken", "scrap"))
_LOOK_EVERY = 1.0
_PATIENCE = 45.0


class Returning:
    """One return of one order. `until` is when nothing new is asked for any more."""

    def __init__(
        self, asker: Asker, draft: Draft, dice: Random, state: CampaignState, until: float
    ) -> None:
        self._asker = asker
        self._draft = draft
        self._dice = dice
        self._state = state
        self._until = until

    async def send_back(self, done: Callable[[Wanted], object]) -> Verdict:
        """Ask for the return when the order is delivered, and report what came; what was told done
        is given to `done`. An order that is not delivered in time keeps its goods."""
        line = await self._delivered_line()
        if line is None:
            return Verdict.REFUSED
        line_id, units = line["line_id"], self._dice.randint(1, int(line["shipped"]))
        asked = await self._ask(self._opening(line_id, units), done)
        if not asked.is_ok:
            return asked.verdict
        if self._state.now >= self._until or self._dice.random() < 0.1:
            # Nothing is ever sent.
            return asked.verdict
        return await self._take_in(asked.document, line_id, units, done)

    async def _take_in(
        self, opened: Body, line_id: str, units: int, done: Callable[[Wanted], object]
    ) -> Verdict:
        return_id, location = opened["return_id"], opened["return_to"]
        lines = [{"line_id": line_id, "quantity": units}]
        dock: Body = {"event_id": f"dock-{return_id}", "location": location, "lines": lines}
        came = await self._ask(self._report(return_id, "received", dock), done)
        if not came.is_ok:
            return came.verdict
        # The rest stays there, as if nobody had looked at it yet; the location may do so in parts.
        parts = [units] if units == 1 or self._dice.random() < 0.5 else [1, units - 1]
        for number, part in enumerate(parts):
            grade, disposition = self._dice.choice(_STATES)
            found = {"line_id": line_id, "quantity": part}
            state = {"grade": grade, "disposition": disposition}
            bench: Body = {"event_id": f"bench-{return_id}-{number}", "units": [found | state]}
            looked = await self._ask(self._report(return_id, "inspected", bench), done)
            if not looked.is_ok:
                return looked.verdict
        return Verdict.OK

    async def _delivered_line(self) -> Body | None:
        """A line of which something was shipped, once the order is closed."""
        until = min(self._until, self._state.now + _PATIENCE)
        while self._state.now < until:
            order = await self._asker.look(self._draft.path)
            if order is not None and order["status"] in ("closed", "cancelled"):
                shipped = [line for line in order["lines"] if line["shipped"]]
                return self._dice.choice(shipped) if shipped else None
            await asyncio.sleep(_LOOK_EVERY)
        return None

    def _opening(self, line_id: str, units: int) -> Wanted:
        order_id = self._draft.order_id
        line = {"line_id": line_id, "quantity": units, "reason": "does not fit"}
        body = {"reference": f"back-{self._draft.reference}", "lines": [line], "by": _SUPPORT}
        path = f"{self._draft.path}/returns"
        return Wanted(Kind.RETURN, f"{order_id}/return", order_id, "POST", path, body)

    def _report(self, return_id: str, what: str, body: Body) -> Wanted:
        key = f"{return_id}/{body['event_id']}"
        path = f"/returns/{return_id}/{what}"
        return Wanted(Kind.RECEIVE_RETURN, key, return_id, "POST", path, body | {"by": _DOCK})

    async def _ask(self, wanted: Wanted, done: Callable[[Wanted], object]) -> Answer:
        answer = await self._asker.ask(wanted, self._dice)
        if answer.is_ok:
            done(wanted)
        return answer
