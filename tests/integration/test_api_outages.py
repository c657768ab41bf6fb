"""What the API says when a part of its surroundings is missing."""

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from signal import SIGCONT, SIGSTOP

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from adapters.postgres.engine import create_engine
from adapters.temporal import connect
from api.app import create_app
from cli.chaos.proxy import Link, Upstream
from cli.stack import TemporalServer
from cli.stack.ports import free_port
from domain.identity import workflow_id
from domain.messages.cancelling import Cancellation
from domain.messages.orders import OrderStatus
from domain.messages.state import OrderClosed, OrderStart
from tests.support.api import (
    Api,
    eventually,
    http_of,
    order_body,
    planned,
    running_api,
)
from tests.support.order_double import OrderDouble


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(
        database_url,
        temporal_server.address,
        with_worker=False,
        patience=timedelta(seconds=1),
    ) as running:
        yield running


async def nobody() -> Client:
    """A client of a server that is not there."""
    return await connect(
        f"127.0.0.1:{free_port()}", "default", lazy=True, retry_for=timedelta(milliseconds=200)
    )


async def test_without_temporal_an_order_is_kept_and_a_repeat_completes_it(api: Api) -> None:
    body = order_body()
    cut_off = create_app(api.engine, await nobody(), api.task_queue)
    async with http_of(cut_off) as http:
        answer = await http.post("/orders", json=body)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert [row.status for row in await api.rows("SELECT status FROM orders")] == ["placing"]

    async with Worker(api.client, task_queue=api.task_queue, workflows=[OrderDouble]):
        again = await api.http.post("/orders", json=body)
    assert again.status_code == 200
    assert again.json()["status"] == "in_fulfilment"


async def test_an_answer_that_does_not_come_in_time_is_no_error_that_nobody_saw(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await api.http.post("/orders", json=order_body())).status_code == 202
    gc.collect()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


async def test_without_temporal_a_report_is_to_be_sent_again(api: Api) -> None:
    await api.http.post("/orders", json=(body := order_body()))
    shipment = await planned(api, f"web:{body['reference']}")
    report = {
        "event_id": "e",
        "kind": "collected",
        "reference": f"{shipment}:1",
        "occurred_at": "2026-03-31T10:00:00Z",
    }
    decision = {"released_by": "Dana", "note": "go"}
    cut_off = create_app(api.engine, await nobody(), api.task_queue)
    async with http_of(cut_off) as http:
        reported = await http.post("/webhooks/carriers/swift", json=report)
        released = await http.post(f"/orders/web:{body['reference']}/hold/release", json=decision)

    assert reported.status_code == 503
    assert reported.headers["Retry-After"]
    assert released.status_code == 503


async def test_without_a_worker_an_order_is_taken_and_can_be_followed(api: Api) -> None:
    body = order_body()
    answer = await api.http.post("/orders", json=body)
    assert answer.status_code == 202
    assert answer.json()["status"] == "placing"
    followed = await api.http.get(answer.json()["links"]["self"])
    assert followed.json()["status"] == "placing"

    async with Worker(api.client, task_queue=api.task_queue, workflows=[OrderDouble]):

        async def answered() -> bool:
            return (await api.http.post("/orders", json=body)).status_code == 200

        await eventually(answered)


async def test_an_order_that_takes_long_is_answered_in_bounded_time(api: Api) -> None:
    body = order_body()
    body["reference"] = f"slow-{body['reference']}"
    async with Worker(api.client, task_queue=api.task_queue, workflows=[OrderDouble]):
        async with asyncio.timeout(8):
            answer = await api.http.post("/orders", json=body)
        assert answer.status_code == 202
        await api.finish(answer.json()["order_id"])


@workflow.defn(name="Order", sandboxed=False)
class OrderThatTakesItsTime(OrderDouble):
    """Takes a cancellation, and never says what comes of it."""

    @workflow.init
    def __init__(self, start: OrderStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: OrderStart) -> OrderClosed:
        return await super().run(start)

    @workflow.update
    async def cancel(self, wanted: Cancellation) -> OrderStatus:
        self._seen.append(f"cancel, {wanted.by}")
        await workflow.wait_condition(lambda: self._finished)
        return OrderStatus.CANCELLED


async def test_a_change_that_was_taken_is_no_fault_when_the_connection_breaks(
    api: Api, temporal_server: TemporalServer
) -> None:
    link = Link("api>temporal", [Upstream("temporal", temporal_server.port)])
    await link.open()
    client = await connect(
        f"127.0.0.1:{link.port}", "default", retry_for=timedelta(milliseconds=200)
    )
    body = order_body()
    order = f"web:{body['reference']}"
    app = create_app(api.engine, client, api.task_queue, patience=timedelta(seconds=2))
    async with (
        Worker(api.client, task_queue=api.task_queue, workflows=[OrderThatTakesItsTime]),
        http_of(app) as http,
    ):
        await http.post("/orders", json=body)
        wanted = {"by": "Dana", "reason": "no longer wanted"}
        asking = asyncio.create_task(http.post(f"/orders/{order}/cancel", json=wanted))
        handle = api.client.get_workflow_handle(workflow_id(order))

        async def taken() -> bool:
            return "cancel, Dana" in await handle.query("seen")

        await eventually(taken)
        with link.trouble(refuses=True):
            link.reset_all()
            answer = await asking
        await api.finish(order)
    await link.close()
    # By when exactly it broke: the API knows that it was taken, or does not.
    assert answer.status_code in (202, 503)


async def test_without_the_database_every_answer_says_so(api: Api) -> None:
    url = f"postgresql+psycopg://ariane:x@127.0.0.1:{free_port()}/ariane"
    engine = create_engine(url)
    async with http_of(create_app(engine, api.client, api.task_queue)) as http:
        for path in ("/orders", "/orders/web:1", "/availability?sku=BOLT&channel=web"):
            answer = await http.get(path)
            assert answer.status_code == 503, path
            assert answer.headers["Retry-After"]
        ready = await http.get("/health/ready")
        live = await http.get("/health/live")
    await engine.dispose()

    assert ready.status_code == 503
    assert ready.json()["checks"] == {"postgres": "cannot be used", "temporal": "ok"}
    assert live.status_code == 200


async def test_without_temporal_the_api_lives_and_is_not_ready(api: Api) -> None:
    async with http_of(create_app(api.engine, await nobody(), api.task_queue)) as http:
        live = await http.get("/health/live")
        for path in ("/health/ready", "/health"):
            ready = await http.get(path)
            assert ready.status_code == 503
            assert ready.json()["checks"] == {"postgres": "ok", "temporal": "cannot be used"}

    assert live.status_code == 200


async def test_a_server_that_never_answers_makes_the_api_not_ready_in_bounded_time() -> None:
    # It takes connections and never reads from them.
    with socket.create_server(("127.0.0.1", 0), backlog=20) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        client = await connect(address, "default", lazy=True)
        engine = create_engine(f"postgresql+psycopg://a:b@{address}/a")
        async with http_of(create_app(engine, client, "none")) as http, asyncio.timeout(5):
            ready = await http.get("/health/ready")
        await engine.dispose()

    assert ready.status_code == 503
    assert ready.json()["checks"] == {
        "postgres": "no answer in time",
        "temporal": "no answer in time",
    }


async def test_a_database_that_takes_connections_and_never_answers_is_out_of_reach(
    api: Api,
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=20) as silent:
        engine = create_engine(f"postgresql+psycopg://a:b@127.0.0.1:{silent.getsockname()[1]}/a")
        async with http_of(create_app(engine, api.client, "none")) as http, asyncio.timeout(8):
            answer = await http.get("/orders")
        await engine.dispose()

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["detail"] == "The database cannot be reached: try again."


async def test_a_database_that_hangs_holds_no_request_up_for_long(api: Api) -> None:
    body = order_body()
    sessions = await api.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    for session in sessions:
        os.kill(session.pid, SIGSTOP)
    try:
        async with asyncio.timeout(9):
            answers = await asyncio.gather(
                api.http.get("/orders/web:1"), api.http.post("/orders", json=body)
            )
    finally:
        for session in sessions:
            os.kill(session.pid, SIGCONT)
    again = await api.http.get("/orders")

    late = [answer for answer in answers if "too long" in answer.text]
    assert late
    for answer in late:
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
    assert again.status_code == 200


async def test_with_both_the_api_is_ready(api: Api) -> None:
    for path in ("/health/ready", "/health"):
        ready = await api.http.get(path)
        assert ready.status_code == 200
        assert ready.json() == {
            "status": "ready",
            "checks": {"postgres": "ok", "temporal": "ok"},
        }
