"""What a running API tells engineers: traces by OTLP, logs with the order's id."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.postgres.engine import create_engine
from adapters.telemetry import configure_tracing
from cli.stack import TemporalServer
from cli.stack.ports import free_port
from tests.support.api import eventually, load_sample, order_body, running_api, served

if TYPE_CHECKING:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

_SAY = """
import logging, structlog
from adapters.telemetry import configure_logging
configure_logging("INFO", "json", "ariane-test")
attached = {"temporal_activity": {"workflow_id": "order/web/7", "attempt": 2}}
logging.getLogger("temporalio.activity").warning("odd: %s", 1, extra=attached)
logging.getLogger("temporalio.workflow").debug("unheard")
logging.getLogger("httpx").info("unheard")
structlog.stdlib.get_logger("x").info("ours", order_id="web:8")
def fail(street):
    raise ValueError("no")
street = "12 rue des Lilas"
try:
    fail(street)
except ValueError:
    structlog.stdlib.get_logger("x").exception("failed")
"""


async def test_one_trace_spans_the_request_and_the_order_s_workflow(
    database_url: str, temporal_server: TemporalServer
) -> None:
    spans: list[Span] = []

    async def take(request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(await request.body())
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                spans.extend(scope.spans)
        return Response(status_code=200)

    receiver = Starlette(routes=[Route("/v1/traces", take, methods=["POST"])])
    async with served(receiver) as port:
        tracing = configure_tracing("ariane-test", f"http://127.0.0.1:{port}")
        assert tracing is not None
        async with running_api(database_url, temporal_server.address, tracing=tracing) as api:
            await api.http.get("/health/ready")
            answer = await api.http.post("/orders", json=order_body())
            for path in ("/search", "/search/"):
                await api.http.get(path, params={"q": "Zorglub"}, follow_redirects=True)
            await api.http.post("/search", json={"q": "Zorglub"})
        assert answer.status_code == 201
        await asyncio.to_thread(tracing.shutdown)

    by_name = {span.name: span for span in spans}
    request = by_name["POST /orders"]
    names = ("StartUpdateWithStartWorkflow:Order", "RunWorkflow:Order", "HandleUpdate:place")
    for name in names:
        assert by_name[name].trace_id == request.trace_id, name
    assert by_name[names[0]].parent_span_id == request.span_id
    assert not any("/health" in name for name in by_name)
    assert "Zorglub" not in str(spans)


def test_without_a_receiver_nothing_is_traced() -> None:
    assert configure_tracing("ariane-test", None) is None


async def test_every_logger_s_records_are_json_with_the_order_s_id_and_no_variables() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SAY, stderr=PIPE)
    _, said = await process.communicate()
    lines = [json.loads(line) for line in said.splitlines()]

    assert [(line["event"], line.get("order_id"), line["level"]) for line in lines] == [
        ("odd: 1", "web:7", "warning"),
        ("ours", "web:8", "info"),
        ("failed", None, "error"),
    ]
    assert lines[0]["attempt"] == 2
    assert {line["service"] for line in lines} == {"ariane-test"}
    assert "ValueError: no" in lines[2]["exception"]
    assert b"Lilas" not in said


@asynccontextmanager
async def api_process(
    database_url: str, temporal_address: str
) -> AsyncIterator[tuple[Process, str]]:
    """`python -m api` as it is run, and its address."""
    port = free_port()
    anywhere = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": temporal_address,
        "API_PORT": str(port),
        "CARRIERS_URL": anywhere,
        "WAREHOUSES_URL": anywhere,
        "PAYMENTS_URL": anywhere,
        "NOTIFIER_URL": anywhere,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api", stderr=PIPE, env=environment
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_process_serves_without_temporal_and_stops_when_told_to(
    database_url: str,
) -> None:
    engine = create_engine(database_url)
    await load_sample(engine)
    await engine.dispose()
    body = order_body()
    async with (
        api_process(database_url, f"127.0.0.1:{free_port()}") as (process, address),
        httpx.AsyncClient(base_url=address, timeout=30) as http,
    ):

        async def lives() -> bool:
            try:
                return (await http.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(lives)
        placed = await http.post("/orders", json=body)
        found = await http.get("/search", params={"q": "Zorglub"})
        await http.get("/search", params={"q": "Zorglub", "how": "loud"})
        process.send_signal(signal.SIGTERM)
        _, logged = await asyncio.wait_for(process.communicate(), 10)

    assert placed.status_code == 503
    assert len(found.json()["hits"]) == 1
    lines = [json.loads(line) for line in logged.splitlines()]
    assert any(line.get("order_id") == f"web:{body['reference']}" for line in lines)
    assert any("shutdown complete" in line["event"] for line in lines)
    for private in (b"Zorglub", b"Lilas", b"example.com", b"72 00"):
        assert private not in logged
