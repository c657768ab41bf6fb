"""What the API says to who cancels an order or puts it on hold, before any order is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from adapters.temporal import connect
from api.app import create_app
from cli.stack.ports import free_port
from tests.support.api import http_of, order_body, running_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cli.stack import TemporalServer
    from tests.support.api import Api

ANN = {"by": "Ann", "reason": "found it cheaper"}
ACTIONS = ["cancel", "hold"]


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        yield running


async def _placed(api: Api) -> str:
    placed: dict[str, Any] = (await api.http.post("/orders", json=order_body())).json()
    return str(placed["order_id"])


@pytest.mark.parametrize("action", ACTIONS)
async def test_who_stops_an_order_says_who_and_why(api: Api, action: str) -> None:
    path = f"/orders/{await _placed(api)}/{action}"
    for field in ANN:
        for wrong in ("", 7, None, "a\u0000", "x" * 501):
            answer = await api.http.post(path, json=ANN | {field: wrong})
            assert answer.status_code == 422, answer.text
            assert [error["field"] for error in answer.json()["errors"]] == [field]
    unknown = await api.http.post(path, json=ANN | {"when": "now"})
    assert [error["field"] for error in unknown.json()["errors"]] == ["when"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"line_id": "1", "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{"line_id": "1", "quantity": 1}] * 2}, "lines[1].line_id"),
        ({"version": 1}, "version"),
        ({"lines": [{"line_id": "nine", "quantity": 1}]}, "lines[0]"),
    ],
)
async def test_what_is_wrong_with_the_lines_is_named(
    api: Api, body: dict[str, Any], field: str
) -> None:
    answer = await api.http.post(f"/orders/{await _placed(api)}/cancel", json=ANN | body)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("action", ACTIONS)
async def test_an_order_that_has_ended_is_not_stopped(api: Api, action: str) -> None:
    order = await _placed(api)
    await api.finish(order)
    unknown = await api.http.post(f"/orders/web:none/{action}", json=ANN)
    gone = await api.http.post(f"/orders/{order}/{action}", json=ANN)
    await api.write("UPDATE orders SET status = 'closed', closed_at = ordered_at")
    closed = await api.http.post(f"/orders/{order}/{action}", json=ANN)
    # Open by the books and without a workflow: the reconciler puts it right.
    assert [answer.status_code for answer in (unknown, gone, closed)] == [404, 503, 409]


async def test_a_cancelled_order_answers_as_cancelled(api: Api) -> None:
    order = await _placed(api)
    await api.finish(order)
    await api.write("UPDATE order_lines SET cancelled = ordered, backordered = 0")
    await api.write("UPDATE orders SET status = 'cancelled', closed_at = ordered_at")
    answer = await api.http.post(f"/orders/{order}/cancel", json=ANN)
    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    assert all(line["ordered"] == line["cancelled"] for line in answer.json()["lines"])


@pytest.mark.parametrize("action", ACTIONS)
async def test_without_temporal_it_is_to_be_sent_again(api: Api, action: str) -> None:
    order = await _placed(api)
    nobody = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    async with http_of(create_app(api.engine, nobody, api.task_queue)) as http:
        answer = await http.post(f"/orders/{order}/{action}", json=ANN)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
