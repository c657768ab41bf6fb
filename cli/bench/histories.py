"""What single orders leave behind in Temporal: straight ones, an amended and a disturbed one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from temporalio.api.sdk.v1 import WorkflowMetadata

from cli.bench.counting import Counts, count
from cli.bench.patience import until
from cli.bench.scenario import ANYWHERE, PLACES, body, line, order
from domain.identity import workflow_id
from worker.replaying import fetch_runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx
    from sqlalchemy.ext.asyncio import AsyncEngine
    from temporalio.client import Client, WorkflowHistory

    from cli.bench.scenario import OutsideWorld

# The query by which the UI asks for what it shows.
_METADATA = "__temporal_workflow_metadata"
STRAIGHT, AMENDED, DISTURBED = "one shipment", "amended once", "a short pick"
_SHIPMENTS = {STRAIGHT: 1, "two shipments": 2, "five shipments": 5, AMENDED: 1, DISTURBED: 1}
# Several shipments are booked at the same time, and one workflow task may take several answers.
TIMES = 3
_RELEASED = text("SELECT count(*) FROM order_events WHERE order_id = :order AND kind = 'released'")
_BOOKED_UNDER = text(
    "SELECT reference FROM bookings WHERE shipment_id = :shipment AND state = 'booked'"
)
_NEXT = {"released": "picked", "picked": "dispatched", "dispatched": "delivered"}


@dataclass(frozen=True)
class Desk:
    """Where orders are placed, looked at, and counted. Their partners book and accept, and what
    they do after that is reported from here, each thing when an order is at rest."""

    api: httpx.AsyncClient
    engine: AsyncEngine
    client: Client
    world: OutsideWorld

    async def histories(self) -> Mapping[str, Sequence[Counts]]:
        """Counts of some orders of each kind, by its name: all of each, from placing to closing."""
        return {name: [await self._counts(name, n) for n in range(TIMES)] for name in _SHIPMENTS}

    async def straight(self) -> WorkflowHistory:
        """The history of the straight order with one shipment, once it was counted."""
        [run] = await fetch_runs(self.client, workflow_id(_order_id(STRAIGHT, 0)))
        return run

    async def shown(self) -> int:
        """How many bytes the UI shows of the straight order as its current details."""
        handle = self.client.get_workflow_handle(workflow_id(_order_id(STRAIGHT, 0)))
        metadata = await handle.query(_METADATA, result_type=WorkflowMetadata)
        return len(metadata.current_details.encode())

    async def _counts(self, name: str, n: int) -> Counts:
        order_id, shipments = _order_id(name, n), _SHIPMENTS[name]
        placed = body(_reference(name, n), PLACES[:shipments])
        if name == DISTURBED:
            placed = order(_reference(name, n), [line(ANYWHERE, 2)])
        (await self.api.post("/orders", json=placed)).raise_for_status()
        await self._released(order_id, shipments)
        await at_rest(self.client, workflow_id(order_id))
        if name == AMENDED:
            await self._amend(order_id)
        await self._see_through(order_id, short=name == DISTURBED)
        return count(await fetch_runs(self.client, workflow_id(order_id)))

    async def _amend(self, order_id: str) -> None:
        """One unit more, while the location has it and has not picked it."""
        lines = [{"line_id": "1", "sku": f"ONLY-{PLACES[0]}", "quantity": 2}]
        change = {"version": 1, "lines": lines}
        (await self.api.patch(f"/orders/{order_id}", json=change)).raise_for_status()
        await self._released(order_id, 2)

    async def _released(self, order_id: str, times: int) -> None:
        async def happened() -> int:
            async with self.engine.connect() as connection:
                found = await connection.execute(_RELEASED, {"order": order_id})
                number: int = found.scalar_one()
                return number

        await until(happened, times, f"releases of {order_id} are made")

    async def _see_through(self, order_id: str, *, short: bool) -> None:
        """Report what happens to its shipments, one thing after the other, until it is closed. Of
        its first shipment one unit is found where it is `short`, and what is missing is sent from
        another location."""
        while True:
            await at_rest(self.client, workflow_id(order_id))
            seen = (await self.api.get(f"/orders/{order_id}")).raise_for_status().json()
            waiting = [s for s in seen["shipments"] if s["status"] in _NEXT]
            if not waiting:
                break
            await self._report(waiting[0], seen["lines"][0]["sku"] if short else None)
            short = False
        await self.client.get_workflow_handle(workflow_id(order_id)).result()

    async def _report(self, shipment: dict[str, Any], short: str | None) -> None:
        kind, shipment_id = _NEXT[shipment["status"]], shipment["shipment_id"]
        report = {
            "event_id": f"{shipment_id}-{kind}",
            "kind": kind,
            "reference": shipment_id,
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        path = f"/webhooks/warehouses/{shipment['location_id']}"
        if kind == "delivered":
            path = f"/webhooks/carriers/{shipment['carrier']}"
            report["reference"] = await self._booked_under(shipment_id)
        elif short is not None:
            report["lines"] = [{"line_id": "1", "sku": short, "quantity": 1}]
        (await self.api.post(path, json=report)).raise_for_status()

    async def _booked_under(self, shipment_id: str) -> str:
        async with self.engine.connect() as connection:
            found = await connection.execute(_BOOKED_UNDER, {"shipment": shipment_id})
            reference: str = found.scalar_one()
            return reference


async def at_rest(client: Client, name: str) -> None:
    """Wait until a workflow has no task and no activity before it.

    Raises StackError when that takes too long.
    """
    handle = client.get_workflow_handle(name)

    async def rests() -> int:
        seen = (await handle.describe()).raw_description
        return int(not seen.HasField("pending_workflow_task") and not seen.pending_activities)

    await until(rests, 1, f"workflow {name} is at rest")


def _reference(name: str, n: int) -> str:
    return f"counted-{name.replace(' ', '-')}-{n}"


def _order_id(name: str, n: int) -> str:
    return f"web:{_reference(name, n)}"
