"""A second worker and API of a house that stop orders before or after an activity, until told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import temporalio.client
import temporalio.worker
from temporalio import activity

from api.app import create_app
from domain.identity import order_of_workflow
from tests.support.house import gateways_of
from tests.support.http import plain_http
from tests.support.world import serving
from worker.assembly import build_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.support.house import House

When = Literal["before", "after"]


@dataclass(frozen=True)
class Boundary:
    """Before or after the `nth` time that an order comes to an activity."""

    step: str
    when: When
    nth: int = 1

    def __str__(self) -> str:
        again = f" {self.nth}" if self.nth > 1 else ""
        return f"{self.when} {self.step}{again}"


@dataclass
class Gate:
    """One order stops at one boundary. `reached` says that it is there, `opened` lets it go on."""

    boundary: Boundary
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    seen: int = 0


class Gates(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    """Stops orders at their boundaries, and hears when an update is on its way to one."""

    def __init__(self) -> None:
        self._gates: dict[str, list[Gate]] = {}
        self.steps: dict[str, list[str]] = {}
        self.asked: dict[str, asyncio.Event] = {}

    def set(self, order: str, boundary: Boundary) -> Gate:
        """Have an order stop there; before it is placed."""
        self.asked[order] = asyncio.Event()
        return self.also(order, boundary)

    def also(self, order: str, boundary: Boundary) -> Gate:
        """Have it stop there too."""
        gate = Gate(boundary)
        self._gates.setdefault(order, []).append(gate)
        return gate

    async def pass_through(self, order: str, step: str, when: When) -> None:
        for gate in self._gates.get(order, ()):
            if (gate.boundary.step, gate.boundary.when) == (step, when):
                gate.seen += 1
                if gate.seen == gate.boundary.nth:
                    gate.reached.set()
                    await gate.opened.wait()

    def intercept_activity(
        self,
        next: temporalio.worker.ActivityInboundInterceptor,  # noqa: A002 - theirs
    ) -> temporalio.worker.ActivityInboundInterceptor:
        return _Stopping(next, self)

    def intercept_client(
        self,
        next: temporalio.client.OutboundInterceptor,  # noqa: A002 - theirs
    ) -> temporalio.client.OutboundInterceptor:
        return _Hearing(next, self)


class _Stopping(temporalio.worker.ActivityInboundInterceptor):
    def __init__(self, inner: temporalio.worker.ActivityInboundInterceptor, gates: Gates) -> None:
        super().__init__(inner)
        self._gates = gates

    async def execute_activity(self, input: temporalio.worker.ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        if not (info.workflow_id or "").startswith("order/"):
            return await super().execute_activity(input)
        order, step = order_of_workflow(info.workflow_id or ""), info.activity_type
        self._gates.steps.setdefault(order, []).append(step)
        await self._gates.pass_through(order, step, "before")
        result = await super().execute_activity(input)
        await self._gates.pass_through(order, step, "after")
        return result


class _Hearing(temporalio.client.OutboundInterceptor):
    def __init__(self, inner: temporalio.client.OutboundInterceptor, gates: Gates) -> None:
        super().__init__(inner)
        self._gates = gates

    async def start_workflow_update(self, input: Any) -> Any:  # noqa: A002
        order = order_of_workflow(input.id)
        if order in self._gates.asked:
            self._gates.asked[order].set()
        return await super().start_workflow_update(input)


@dataclass(frozen=True)
class GatedHouse:
    """The API of a worker whose orders stop at boundaries; everything else is the house's."""

    gates: Gates
    api: httpx.AsyncClient


@asynccontextmanager
async def gated(house: House) -> AsyncIterator[GatedHouse]:
    """Run another worker and API beside those of a house."""
    gates = Gates()
    client = temporalio.client.Client(
        house.client.service_client,
        namespace=house.client.namespace,
        data_converter=house.client.data_converter,
        interceptors=[gates],
    )
    queue = f"gated-{uuid4().hex}"
    async with (
        plain_http() as http,
        serving(create_app(house.engine, client, queue)) as url,
        plain_http(base_url=url, timeout=30) as api,
        build_worker(client, queue, house.engine, gateways_of(http, house.world.url, house.engine)),
    ):
        yield GatedHouse(gates, api)
