"""What the hands of customers, support staff and locations do to one order, over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Any

import httpx

from cli.demo.calling import call, problem_of
from cli.demo.living import Change
from cli.demo.scenario import OrderBody, order_id_of
from domain.messages.orders import OrderStatus

_SUPPORT, _DOCK = "Maud of support", "Sam at the dock"
_STORES = {"FR": "paris", "BE": "brussels", "GB": "london"}
_STATES = (("as new", "restock"), ("as new", "restock"), ("used", "refurbish"), ("broken", "scrap"))
_HOLD_LOOKS, _HOLD_PAUSE = 60, 0.5

Body = Mapping[str, Any]


class RefusedError(Exception):
    """The API does not do it; the message is the end of the problem's type."""


class Hands:
    """Hold one order. What they do raises RefusedError, and NoAnswerError."""

    def __init__(self, client: httpx.AsyncClient, order: OrderBody) -> None:
        self._client = client
        self._order = order
        self._path = f"/orders/{order_id_of(order)}"
        self._dice = Random(order_id_of(order))

    async def order_more(self) -> None:
        await self._amend_largest(lambda quantity: quantity + self._dice.randint(1, 3))

    async def order_fewer(self) -> None:
        await self._amend_largest(lambda quantity: quantity - quantity // 2)

    async def move(self) -> None:
        """To another house in the same street."""
        ship_to = self._order["ship_to"]
        await self._amend({"ship_to": ship_to | {"street": f"{ship_to['street']} bis"}})

    async def cancel(self) -> None:
        await self._post(f"{self._path}/cancel", {"by": _SUPPORT, "reason": "not wanted any more"})

    async def cancel_one(self) -> None:
        """A unit of the first line, or all of it where it is of one."""
        body = {"by": _SUPPORT, "reason": "one too many", "lines": [_units("1", 1)]}
        await self._post(f"{self._path}/cancel", body)

    async def hold(self) -> None:
        """Put it on hold, and release it when it is."""
        await self._put_on_hold()
        await self._release()

    async def hold_and_amend(self) -> None:
        await self._put_on_hold()
        await self.order_more()
        await self._release()

    async def send_back(self) -> None:
        """Half of a line, which its location inspects."""
        opened = await self._open_return({})
        await self._take_in(opened)

    async def exchange(self) -> None:
        """A unit for another one of the same."""
        line = await self._delivered_line()
        wanted = {"sku": line["sku"], "quantity": 1}
        opened = await self._open(
            {
                "lines": [_units(line["line_id"], 1) | {"reason": "damaged on the way"}],
                "resolution": "exchange",
                "exchange_lines": [wanted],
            }
        )
        await self._take_in(opened)

    async def bring_to_store(self) -> None:
        grade, disposition = self._dice.choice(_STATES)
        store = _STORES.get(self._order["ship_to"]["country"], "paris")
        await self._open_return({"brought_to": store}, {"grade": grade, "disposition": disposition})

    async def announce_only(self) -> None:
        """A return of which nothing ever comes."""
        await self._open_return({})

    async def send_back_unannounced(self) -> None:
        """A parcel with nothing but the delivery note in it."""
        line = await self._delivered_line()
        body = {
            "event_id": f"dock-{self._order['reference']}",
            "location": "lille",
            "order_reference": self._order["reference"],
            "lines": [{"sku": line["sku"], "quantity": 1}],
            "by": _DOCK,
        }
        answer = await self._post("/returns/unannounced", body)
        for matched in answer["matched"]:
            await self._inspect(await self._get(matched["links"]["self"]))

    async def bring_back_unwanted(self) -> None:
        """What was cancelled too late is not taken in at the door."""
        answer = await self._get(f"{self._path}/returns")
        for opened in answer["returns"]:
            if opened["origin"] == "cancelled_too_late":
                await self._take_in(opened)

    async def _amend_largest(self, quantity: Callable[[int], int]) -> None:
        order = await self._get(self._path)
        lines = [
            {"sku": line["sku"], **_units(line["line_id"], line["ordered"] - line["cancelled"])}
            for line in order["lines"]
        ]
        largest = max(lines, key=lambda line: int(line["quantity"]))
        largest["quantity"] = quantity(largest["quantity"])
        await self._amend({"lines": [line for line in lines if line["quantity"]]}, order)

    async def _amend(self, change: Body, order: Body | None = None) -> None:
        order = order or await self._get(self._path)
        await self._send("PATCH", self._path, {"version": order["version"], **change})

    async def _put_on_hold(self) -> None:
        body = {"by": _SUPPORT, "reason": "the customer is asked first"}
        status = (await self._post(f"{self._path}/hold", body))["status"]
        for _ in range(_HOLD_LOOKS):
            if status == OrderStatus.ON_HOLD:
                return
            await asyncio.sleep(_HOLD_PAUSE)
            status = (await self._get(self._path))["status"]
        raise RefusedError("never came to be on hold")

    async def _release(self) -> None:
        body = {"released_by": _SUPPORT, "note": "the customer has agreed"}
        await self._post(f"{self._path}/hold/release", body)

    async def _delivered_line(self) -> Body:
        """The first line of which something was shipped."""
        order = await self._get(self._path)
        shipped = [line for line in order["lines"] if line["shipped"]]
        if not shipped:
            raise RefusedError("nothing was shipped")
        return dict(shipped[0])

    async def _open_return(self, where: Body, state: Body | None = None) -> Body:
        line = await self._delivered_line()
        units = _units(line["line_id"], (line["shipped"] + 1) // 2)
        return await self._open(
            {"lines": [units | {"reason": "does not fit"} | dict(state or {})], **where}
        )

    async def _open(self, body: Body) -> Body:
        reference = f"back-{self._order['reference']}"
        return await self._post(
            f"{self._path}/returns", {"reference": reference, "by": _SUPPORT, **body}
        )

    async def _take_in(self, opened: Body) -> None:
        """What was announced comes to the location where it is to come, and is inspected."""
        if "received" not in opened["links"]:
            raise RefusedError("its return has ended")
        lines = [_units(line["line_id"], line["announced"]) for line in opened["lines"]]
        body = {
            "event_id": f"dock-{opened['return_id']}",
            "location": opened["return_to"],
            "lines": lines,
            "by": _DOCK,
        }
        await self._inspect(await self._post(opened["links"]["received"], body))

    async def _inspect(self, came: Body) -> None:
        units = []
        for line in came["lines"]:
            grade, disposition = self._dice.choice(_STATES)
            state = {"grade": grade, "disposition": disposition}
            units.append(_units(line["line_id"], line["received"]) | state)
        body = {"event_id": f"bench-{came['return_id']}", "units": units, "by": _DOCK}
        await self._post(came["links"]["inspected"], body)

    async def _get(self, path: str) -> Body:
        return await self._send("GET", path)

    async def _post(self, path: str, body: Body) -> Body:
        return await self._send("POST", path, body)

    async def _send(self, method: str, path: str, body: Body | None = None) -> Body:
        answer = await call(self._client, method, path, body)
        if not answer.is_success:
            raise RefusedError(problem_of(answer))
        document: Body = answer.json()
        return document


def _units(line_id: str, quantity: int) -> dict[str, Any]:
    return {"line_id": line_id, "quantity": quantity}


STEPS: Mapping[Change, Sequence[tuple[OrderStatus | None, Callable[[Hands], Awaitable[None]]]]] = {
    Change.MORE: [(None, Hands.order_more)],
    Change.FEWER: [(None, Hands.order_fewer)],
    Change.ADDRESS: [(None, Hands.move)],
    Change.CANCEL: [(None, Hands.cancel)],
    Change.CANCEL_LINE: [(None, Hands.cancel_one)],
    Change.CANCEL_LATE: [
        (OrderStatus.SHIPPED, Hands.cancel),
        (OrderStatus.CLOSED, Hands.bring_back_unwanted),
    ],
    Change.HOLD: [(None, Hands.hold)],
    Change.HOLD_AND_AMEND: [(None, Hands.hold_and_amend)],
    Change.RETURN: [(OrderStatus.CLOSED, Hands.send_back)],
    Change.RETURN_IN_STORE: [(OrderStatus.CLOSED, Hands.bring_to_store)],
    Change.EXCHANGE: [(OrderStatus.CLOSED, Hands.exchange)],
    Change.NEVER_SENT_BACK: [(OrderStatus.CLOSED, Hands.announce_only)],
    Change.UNANNOUNCED: [(OrderStatus.CLOSED, Hands.send_back_unannounced)],
}
"""What is done for each change, step by step, as soon as its order stands so far; None: at once."""
