"""The whole house in one process for a test: API, worker and world over real HTTP, on a real
Postgres and a real Temporal server."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from adapters.carriers import HttpCarriers
from adapters.notifiers import HttpNotifier
from adapters.payments import HttpPayments
from adapters.postgres.contacts import Contacts
from adapters.postgres.invariants import judge
from adapters.postgres.network import (
    Account,
    CarrierService,
    Channel,
    Customer,
    Location,
    Network,
    PostalCode,
    Product,
    Receipt,
    load_network,
    receive_stock,
)
from adapters.postgres.policies import activate_policy
from adapters.temporal import connect
from adapters.warehouses import HttpWarehouses
from domain.identity import workflow_id
from domain.messages.events import StockArrived
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.messages.relays import RelayNotices, RelaySignals
from domain.messages.repairs import Reconcile, ReconcileReport
from tests.support.apps import app_on
from tests.support.databases import engine_on
from tests.support.http import plain_http
from tests.support.world import FAST, RunningWorld, running_world, serving, until
from worker.assembly import Gateways, build_worker
from workflows.order import OrderWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.relays import NoticeRelayWorkflow, SignalRelayWorkflow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine
    from temporalio.client import Client, WorkflowHandle

    from domain.messages.state import OrderClosed
    from world.behaviour import Behaviour

SHORT = OrderPolicy(
    version="test",
    sourcing=SourcingPolicy(),
    pick_timeout=timedelta(hours=1),
    release_timeout=timedelta(seconds=2),
    hold_timeout=timedelta(hours=1),
    backorder_timeout=timedelta(hours=1),
)
"""Deadlines that nothing in a test meets unless the test makes them shorter still."""

_HTTP_TIMEOUT = httpx.Timeout(1.0)
# How long a relay that found nothing waits until it looks again.
_IDLE = timedelta(milliseconds=40)

LILLE = Location("LIL", "Lille", "warehouse", "FR", "59000", 50.63, 3.06, "Europe/Paris", 100)
LYON = Location("LYO", "Lyon", "warehouse", "FR", "69000", 45.76, 4.84, "Europe/Paris", 200)
GHENT = Location("GNT", "Ghent", "3pl", "BE", "9000", 51.05, 3.72, "Europe/Brussels", 300)

NETWORK = Network(
    channels=[Channel("web", "Web shop"), Channel("edi", "EDI")],
    customers=[
        Customer("ACME", "business", "en"),
        Customer("DUPONT", "business", "fr"),
        Customer("ZOE", "consumer", "fr"),
    ],
    accounts=[Account("ACME", "EUR", 1_000_000, 30), Account("DUPONT", "EUR", 10_000, 45)],
    products=[Product(f"SKU-{n}", f"Product {n}", 500 * n) for n in range(1, 5)],
    locations=[LILLE, LYON, GHENT],
    services=[
        CarrierService("colibri", "standard", "Colibri Standard", origin, "*", 500, 100, 2, 30_000)
        for origin in ("FR", "BE")
    ]
    + [
        CarrierService("falcon", "express", "Falcon Express", origin, "*", 1500, 200, 1, 30_000)
        for origin in ("FR", "BE")
    ],
    postal_codes=[PostalCode("FR", "75001", 48.86, 2.34), PostalCode("FR", "", 46.6, 2.5)],
)


@dataclass
class House:
    """What a test asks and sees."""

    database_url: str
    engine: AsyncEngine
    client: Client
    api: httpx.AsyncClient
    world: RunningWorld
    queue: str
    speed: float
    _started: list[WorkflowHandle[Any, Any]] = field(default_factory=list)

    async def stock(self, **units: int) -> None:
        """Receive units: `stock(LIL_1=5)` is five of SKU-1 at Lille."""
        receipts = [
            Receipt(f"SKU-{key.split('_')[1]}", key.split("_")[0], quantity)
            for key, quantity in units.items()
        ]
        async with self.engine.begin() as conn:
            await receive_stock(conn, receipts, f"receipt-{uuid4().hex}", datetime.now(UTC))

    async def policy(self, policy: OrderPolicy) -> None:
        """Give it to all orders that are placed from now on, as a version of its own."""
        version = f"{policy.version}-{uuid4().hex[:8]}"
        async with self.engine.begin() as conn:
            await activate_policy(conn, policy.model_copy(update={"version": version}))

    async def place(self, *lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
        """Place an order of (SKU, quantity) lines at 10.00 each; gives the API's answer."""
        response = await self.api.post("/orders", json=order_body(*lines, **changes))
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        self._started.append(self.handle(answer["order_id"]))
        return answer

    async def order(self, order_id: str) -> dict[str, Any]:
        response = await self.api.get(f"/orders/{order_id}")
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def until_status(self, order_id: str, status: str) -> dict[str, Any]:
        """Wait until an order has a status; gives the order."""

        async def there() -> bool:
            # Asked of the API, it would be all that there is to tell about the order, each time.
            [row] = await self.sql("SELECT status FROM orders WHERE id = :id", id=order_id)
            return bool(row.status == status)

        try:
            await until(there, f"{order_id} is {status}")
        except AssertionError as error:
            seen = await self.order(order_id)
            story = "\n".join(event["text"] for event in seen["timeline"])
            raise AssertionError(f"{error}; it is {seen['status']}:\n{story}") from None
        return await self.order(order_id)

    def handle(self, order_id: str) -> WorkflowHandle[OrderWorkflow, OrderClosed]:
        return self.client.get_workflow_handle_for(OrderWorkflow.run, workflow_id(order_id))

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement; gives its rows, none when it returns none."""
        async with self.engine.begin() as conn:
            result = await conn.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    async def timeline(self, order_id: str) -> list[str]:
        """The kinds of an order's events, in order."""
        rows = await self.sql(
            "SELECT kind FROM order_events WHERE order_id = :id ORDER BY id", id=order_id
        )
        return [row.kind for row in rows]

    async def told(self, order_id: str) -> list[str]:
        """The templates of an order's notices, in order."""
        rows = await self.sql(
            "SELECT template FROM notices WHERE order_id = :id ORDER BY id", id=order_id
        )
        return [row.template for row in rows]

    async def until_told(self, order_id: str, *templates: str) -> None:
        """Wait until exactly these notices are queued, in this order."""

        async def there() -> bool:
            return await self.told(order_id) == list(templates)

        try:
            await until(there, f"{order_id} is told {templates}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is told {await self.told(order_id)}") from None

    async def until_event(self, order_id: str, kind: str, times: int = 1) -> None:
        """Wait until an event of this kind stands in the timeline, so many times."""

        async def there() -> bool:
            return (await self.timeline(order_id)).count(kind) >= times

        await until(there, f"{order_id} has {kind} {times} time(s)")

    async def until_new_run(self, order_id: str, run_id: str | None) -> None:
        """Wait until an order has continued as new after a run."""

        async def there() -> bool:
            return (await self.handle(order_id).describe()).run_id != run_id

        await until(there, f"{order_id} continued as new")

    async def tell_stock_arrived(self, order_id: str) -> None:
        await self.handle(order_id).signal(
            OrderWorkflow.stock_arrived, StockArrived(event_id=uuid4().hex)
        )

    async def run_relay(self) -> None:
        """Send what is queued from now on, until the house closes."""
        relay = await self.client.start_workflow(
            NoticeRelayWorkflow.run,
            RelayNotices(idle=_IDLE),
            id=f"notices-{self.queue}",
            task_queue=self.queue,
        )
        self._started.append(relay)

    async def run_signals(self) -> None:
        """Tell orders what happens in the books, until the house closes."""
        relay = await self.client.start_workflow(
            SignalRelayWorkflow.run,
            RelaySignals(idle=_IDLE),
            id=f"signals-{self.queue}",
            task_queue=self.queue,
        )
        self._started.append(relay)

    async def reconcile(self, *, everything: bool = False) -> ReconcileReport:
        """Have the reconciler look now, and wait for what it put right."""
        report = await self.client.execute_workflow(
            ReconcileWorkflow.run,
            Reconcile(everything=everything, grace=timedelta(0)),
            id=f"reconcile-{uuid4().hex}",
            task_queue=self.queue,
        )
        self._started += [self.handle(stray.order_id) for stray in report.restarted]
        return report

    async def check(self) -> None:
        """Hold the invariants against the books."""
        async with self.engine.connect() as conn:
            assert [v for v in await judge(conn) if v.rows] == []

    async def end(self) -> None:
        """End what still runs, so that no worker of another test gets it."""
        for handle in self._started:
            description = await handle.describe()
            if description.status is not None and description.status.name == "RUNNING":
                await handle.terminate("the test is over")


def order_body(*lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """A valid order of ACME to Paris; `changes` replace its fields."""
    return {
        "channel": "web",
        "reference": f"R-{uuid4().hex[:12]}",
        "customer_id": "ACME",
        "currency": "EUR",
        "ship_to": {
            "name": "Ada Byron",
            "street": "1 rue de Rivoli",
            "city": "Paris",
            "postal_code": "75001",
            "country": "FR",
            "email": "ada@example.org",
        },
        "lines": [{"sku": sku, "quantity": n, "unit_price": 1000} for sku, n in lines],
    } | changes


def gateways_of(http: httpx.AsyncClient, world: str, engine: AsyncEngine) -> Gateways:
    """The systems of others as a worker meets them in the world."""
    named = Contacts(engine).of_reference
    return Gateways(
        carriers=HttpCarriers(http, world, _HTTP_TIMEOUT, named),
        warehouses=HttpWarehouses(http, world, _HTTP_TIMEOUT, named),
        payments=HttpPayments(http, world, _HTTP_TIMEOUT, named),
        notifier=HttpNotifier(http, world, _HTTP_TIMEOUT),
    )


@asynccontextmanager
async def open_house(
    database_url: str, temporal_address: str, directory: Path, behaviour: Behaviour
) -> AsyncIterator[House]:
    """Everything up, with the network loaded and no stock. The world runs fast unless told."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(engine_on(database_url))
        async with engine.begin() as conn:
            await load_network(conn, NETWORK)
            await activate_policy(conn, SHORT)
        client = await connect(temporal_address, "default")
        queue = f"orders-{uuid4().hex}"
        app = stack.enter_context(app_on(engine, client, queue))
        api_url = await stack.enter_async_context(serving(app))
        fast = behaviour.model_copy(update={"speed": FAST}) if behaviour.speed == 1 else behaviour
        world = await stack.enter_async_context(
            running_world(webhook_url=api_url, ledger=directory, behaviour=fast)
        )
        http = await stack.enter_async_context(plain_http())
        gateways = gateways_of(http, world.url, engine)
        await stack.enter_async_context(build_worker(client, queue, engine, gateways))
        api = await stack.enter_async_context(plain_http(base_url=api_url, timeout=30))
        house = House(database_url, engine, client, api, world, queue, fast.speed)
        await house.run_signals()
        stack.push_async_callback(house.end)
        yield house
