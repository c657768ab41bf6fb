"""What was reported once is reported again: twice at once, long after, in another order; to the API
as partners do, and to the workflows themselves."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from random import Random

import httpx
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHandle
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.references import shipment_at
from cli.chaos.arena import Arena
from cli.chaos.faults.fault import Fault, Ground, Parameters
from domain.identity import workflow_id
from domain.messages.events import WarehouseEvent

_MANY = 12
_HTTP_PATIENCE = 5.0
_SENT = (
    "SELECT path, body, stream FROM webhooks WHERE state = 'acknowledged'"
    " ORDER BY seq DESC LIMIT 400"
)


@dataclass(frozen=True)
class _Sent:
    """A webhook that the world has sent, and the shipment it was about."""

    path: str
    body: str
    stream: str


def _sent(arena: Arena) -> list[_Sent]:
    """The last webhooks that were taken, the latest first."""
    address = f"file:{arena.world_ledger}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=2.0)) as connection:
        return [_Sent(*row) for row in connection.execute(_SENT)]


def _latest_twice(sent: Sequence[_Sent], _: Random) -> list[_Sent]:
    return [webhook for webhook in sent[:_MANY] for _ in range(2)]


def _old(sent: Sequence[_Sent], dice: Random) -> list[_Sent]:
    return dice.sample(sent, min(len(sent), _MANY))


def _backwards(sent: Sequence[_Sent], dice: Random) -> list[_Sent]:
    """All reports on some shipments, each one's last report first."""
    streams = sorted({webhook.stream for webhook in sent})
    chosen = set(dice.sample(streams, min(len(streams), _MANY // 3)))
    return [webhook for webhook in sent if webhook.stream in chosen]


async def _send_again(
    ground: Ground,
    parameters: Parameters,
    _: float,
    *,
    choose: Callable[[Sequence[_Sent], Random], list[_Sent]],
    at_once: bool,
) -> str | None:
    chosen = choose(_sent(ground.arena), Random(parameters["dice"]))
    answers = []
    if at_once:
        answers = await asyncio.gather(*(_post(ground, webhook) for webhook in chosen))
    else:
        answers = [await _post(ground, webhook) for webhook in chosen]
    answered = [answer for answer in answers if answer is not None]
    return f"{len(answered)} webhooks" if answered else None


async def _post(ground: Ground, webhook: _Sent) -> int | None:
    """The status of the answer; None without one, as while something else is broken."""
    try:
        answer = await ground.http.post(
            ground.arena.addresses.api_url + webhook.path,
            content=webhook.body,
            headers={"content-type": "application/json"},
            timeout=_HTTP_PATIENCE,
        )
    except httpx.TransportError:
        return None
    return answer.status_code


async def _signal_twice(ground: Ground, parameters: Parameters, _: float) -> str | None:
    """Tell workflows what their locations reported, past the API, twice at once."""
    dice = Random(parameters["dice"])
    signalled = 0
    for webhook in _old(_sent(ground.arena), dice):
        event = await _event(ground, webhook)
        if event is None:
            continue
        order, told = event
        handle = ground.client.get_workflow_handle(workflow_id(order))
        done = await asyncio.gather(*(_signal(handle, "warehouse_event", told) for _ in range(2)))
        signalled += sum(done)
    return f"{signalled} signals" if signalled else None


async def _event(ground: Ground, webhook: _Sent) -> tuple[str, WarehouseEvent] | None:
    _, _, sender = webhook.path.partition("/warehouses/")
    if not sender:
        return None
    body = json.loads(webhook.body)
    released = await shipment_at(ground.engine, sender, body["reference"])
    if released is None:
        return None
    lines = body.get("lines")
    return released.order_id, WarehouseEvent(
        event_id=body["event_id"],
        shipment_id=released.shipment_id,
        kind=body["kind"],
        occurred_at=body["occurred_at"],
        quantities={line["line_id"]: line["quantity"] for line in lines} if lines else None,
        reason=body.get("reason"),
    )


async def _garbage(ground: Ground, parameters: Parameters, _: float) -> str | None:
    """Signals that no order knows, and known ones with none of their values, or too many."""
    dice = Random(parameters["dice"])
    running = await ground.running_orders()
    told = 0
    undecodable = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{{{"))
    for name in dice.sample(running, min(len(running), 4)):
        handle = ground.client.get_workflow_handle(name)
        told += await _signal(handle, "nobody_knows_this", {"of": "any kind"})
        told += await _signal(handle, "warehouse_event", {"event_id": 17})
        told += await _signal(handle, "carrier_event", undecodable)
        told += await _signal(handle, "carrier_event")
        told += await _signal(handle, "warehouse_event", None)
        told += await _signal(handle, "funds_arrived", {"event_id": "1"}, {"event_id": "2"})
    return f"{told} signals" if told else None


async def _signal(handle: WorkflowHandle[object, object], name: str, *values: object) -> bool:
    """False when the workflow has ended meanwhile, or Temporal does not answer."""
    try:
        await handle.signal(name, args=values)
    except RPCError as error:
        passing = {RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE, RPCStatusCode.CANCELLED}
        if error.status not in passing:
            raise
        return False
    return True


def _dice(dice: Random) -> dict[str, str | float]:
    return {"dice": dice.random()}


SIGNALS = (
    Fault("signals-twice", _signal_twice, _dice),
    Fault("reports-twice-at-once", partial(_send_again, choose=_latest_twice, at_once=True), _dice),
    Fault("reports-again-late", partial(_send_again, choose=_old, at_once=True), _dice),
    Fault("reports-backwards", partial(_send_again, choose=_backwards, at_once=False), _dice),
    Fault("garbage-signals", _garbage, _dice),
)
