"""The API under test: on a real database and a real Temporal, its orders in a workflow of ours."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from opentelemetry.trace import TracerProvider
from sqlalchemy import Row, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from adapters.postgres import tables
from adapters.postgres.network import (
    Account,
    Channel,
    Customer,
    Location,
    Network,
    Product,
    Receipt,
    load_network,
    receive_stock,
)
from adapters.postgres.policies import activate_policy
from adapters.temporal import connect
from domain.identity import workflow_id
from domain.messages.policy import OrderPolicy
from domain.messages.state import OrderClosed
from tests.support.apps import app_on
from tests.support.databases import engine_on
from tests.support.order_double import THEN, OrderDouble

POLICY = OrderPolicy(version="test-1")


@dataclass(frozen=True, slots=True)
class Api:
    """A running API: `http` asks it, `engine` and `client` look behind it."""

    http: httpx.AsyncClient
    engine: AsyncEngine
    client: Client
    task_queue: str

    async def rows(self, query: str, **values: Any) -> list[Row[Any]]:
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(query), values)).all())

    async def write(self, statement: str, **values: Any) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), values)

    def thread(self, order: str) -> WorkflowHandle[OrderDouble, OrderClosed]:
        return self.client.get_workflow_handle_for(OrderDouble.run, workflow_id(order))

    async def seen(self, order: str) -> list[str]:
        """What the order's workflow was told."""
        return await self.thread(order).query(OrderDouble.seen)

    async def finish(self, order: str) -> None:
        """Let the order's workflow end, and wait until it has."""
        await self.thread(order).signal(OrderDouble.finish)
        await self.thread(order).result()


@asynccontextmanager
async def running_api(
    database_url: str,
    temporal_address: str,
    *,
    with_worker: bool = True,
    patience: timedelta = timedelta(seconds=10),
    tracing: TracerProvider | None = None,
) -> AsyncIterator[Api]:
    """An API with a small network in its database, and a worker for its orders."""
    client = await connect(temporal_address, "default", tracing=tracing)
    task_queue = f"orders-{uuid4().hex}"
    async with engine_on(database_url) as engine:
        await load_sample(engine)
        with app_on(engine, client, task_queue, patience=patience, tracing=tracing) as app:
            async with http_of(app) as http:
                api = Api(http, engine, client, task_queue)
                if not with_worker:
                    yield api
                    return
                async with Worker(client, task_queue=task_queue, workflows=[OrderDouble]):
                    yield api


def http_of(app: Any) -> httpx.AsyncClient:
    """A client that talks to an ASGI application without a network."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://api", timeout=30)


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    """Serve an ASGI application over TCP on loopback; gives the port."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, http="httptools", log_config=None, access_log=False)
    )
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: _true(server.started))
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what it waits for is in another process
            await asyncio.sleep(0.02)


def order_body(**changes: Any) -> dict[str, Any]:
    """An order that is accepted, under a reference of its own, with these fields changed."""
    body = {
        "channel": "web",
        "reference": f"r-{uuid4().hex}",
        "customer_id": "acme",
        "currency": "EUR",
        "ship_to": {
            "name": "Camille Zorglub",
            "street": "12 rue des Lilas",
            "city": "Lyon",
            "postal_code": "69003",
            "country": "FR",
            "email": "camille@example.com",
            "phone": "+33 4 72 00 00 00",
        },
        "lines": [{"sku": "BOLT", "quantity": 2, "unit_price": 150}],
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


async def planned(api: Api, order: str, number: int = 1) -> str:
    """Write what sourcing, booking and release leave in the books: a shipment of line 1."""
    shipment = f"{order}:{number}"
    async with api.engine.begin() as connection:
        await connection.execute(
            insert(tables.shipments).values(
                id=shipment,
                order_id=order,
                location_id="PAR",
                carrier="swift",
                service="day",
                status="released",
                weight_grams=20,
                why="nearest",
                promise=THEN,
                tracking_number="TRACK-1",
            )
        )
        await connection.execute(
            insert(tables.reservations).values(
                shipment_id=shipment,
                line_id="1",
                order_id=order,
                sku="BOLT",
                location_id="PAR",
                planned=2,
                held=2,
            )
        )
        await connection.execute(
            insert(tables.bookings).values(
                reference=f"{shipment}:1",
                shipment_id=shipment,
                carrier="swift",
                service="day",
                state="booked",
            )
        )
    return shipment


async def _true(value: bool) -> bool:
    return value


def _location(code: str, name: str) -> Location:
    return Location(
        id=code,
        name=name,
        kind="warehouse",
        country="FR",
        postal_code="75001",
        latitude=48.86,
        longitude=2.35,
        timezone="Europe/Paris",
        handling_cost=100,
    )


async def load_sample(engine: AsyncEngine) -> None:
    """The network that `order_body` and `planned` speak of."""
    network = Network(
        channels=[Channel("web", "Web shop"), Channel("edi", "EDI")],
        customers=[
            Customer("acme", "business", "en"),
            Customer("jeanne", "consumer", "fr"),
        ],
        accounts=[Account("acme", "EUR", 100_000_00, 30)],
        products=[
            Product("BOLT", "Bolt M8", 10),
            Product("NUT", "Nut M8", 5),
            Product("ANVIL", "Anvil", 90_000),
        ],
        locations=[_location("PAR", "Paris"), _location("LIL", "Lille")],
    )
    async with engine.begin() as connection:
        await load_network(connection, network)
        await activate_policy(connection, POLICY)
        receipts = [
            Receipt("BOLT", "PAR", 100),
            Receipt("BOLT", "LIL", 7),
            Receipt("NUT", "PAR", 3),
        ]
        await receive_stock(connection, receipts, "first", THEN)
