"""What the books have to tell reaches the workflows of orders: in order, and however often."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.signals import SignalActivities
from adapters.postgres import signals
from adapters.temporal import connect
from domain.identity import workflow_id
from domain.messages.events import FundsArrived, StockArrived
from domain.messages.relays import RelaySignals
from tests.support.books import Books, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from temporalio.client import Client, WorkflowHandle

    from cli.stack import TemporalServer

_ONE_LOOK = RelaySignals(period=timedelta(milliseconds=10), idle=timedelta(milliseconds=10))


@workflow.defn(name="SignalDouble", sandboxed=False)
class SignalDouble:
    """An order that only notes what it is told."""

    def __init__(self) -> None:
        self._heard: list[str] = []

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: "end" in self._heard)

    @workflow.signal
    def stock_arrived(self, event: StockArrived) -> None:
        self._heard.append(event.event_id)

    @workflow.signal
    def funds_arrived(self, event: FundsArrived) -> None:
        self._heard.append(f"funds {event.event_id}")

    @workflow.query
    def heard(self) -> list[str]:
        return self._heard


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@pytest.fixture
async def client(temporal_server: TemporalServer) -> Client:
    return await connect(temporal_server.address, "default")


async def _queue(books: Books, order: str, *events: str) -> None:
    async with books.engine.begin() as conn:
        await signals.send(conn, [(order, StockArrived(event_id=event)) for event in events])


async def _relay(books: Books, client: Client) -> int:
    relay = SignalActivities(books.engine, client)
    report = await ActivityEnvironment().run(relay.relay_signals, _ONE_LOOK)
    return report.sent


async def _order(books: Books, client: Client, queue: str) -> WorkflowHandle[SignalDouble, None]:
    order = await books.order(("SKU-1", 1))
    return await client.start_workflow(SignalDouble.run, id=workflow_id(order), task_queue=queue)


def _id(handle: WorkflowHandle[SignalDouble, None]) -> str:
    return ":".join(handle.id.split("/")[1:])


async def test_each_order_hears_its_own_in_the_order_in_which_it_was_written(
    books: Books, client: Client
) -> None:
    queue = uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[SignalDouble]):
        one, other = await _order(books, client, queue), await _order(books, client, queue)
        await _queue(books, _id(one), "a", "b", "c")
        await _queue(books, _id(other), "d")
        async with books.engine.begin() as conn:
            await signals.send(conn, [(_id(one), FundsArrived(event_id="e"))])

        assert await _relay(books, client) == 5

        assert await one.query(SignalDouble.heard) == ["a", "b", "c", "funds e"]
        assert await other.query(SignalDouble.heard) == ["d"]
        assert await _relay(books, client) == 0
        for handle in (one, other):
            await handle.terminate()


async def test_what_is_rolled_back_is_not_told(books: Books, client: Client) -> None:
    order = await books.order(("SKU-1", 1))
    async with books.engine.connect() as conn:
        await signals.send(conn, [(order, StockArrived(event_id="a"))])
        await conn.rollback()
    assert await _relay(books, client) == 0


async def test_an_order_that_has_ended_is_told_nothing_and_keeps_nobody_waiting(
    books: Books, client: Client
) -> None:
    ended = await books.order(("SKU-1", 1))
    queue = uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[SignalDouble]):
        runs = await _order(books, client, queue)
        await _queue(books, ended, "a")
        await _queue(books, _id(runs), "b")
        await _relay(books, client)
        assert await runs.query(SignalDouble.heard) == ["b"]
        await runs.terminate()
    assert await books.value("SELECT count(*) FROM order_signals") == 0


async def test_without_a_server_nothing_is_lost_and_the_relay_shows_it(books: Books) -> None:
    order = await books.order(("SKU-1", 1))
    await _queue(books, order, "a")
    nowhere = await connect("127.0.0.1:1", "default", lazy=True, retry_for=timedelta(seconds=1))
    with pytest.raises((RPCError, RuntimeError)):
        async with asyncio.timeout(60):
            await _relay(books, nowhere)
    assert await books.value("SELECT count(*) FROM order_signals") == 1
