"""A person decides about an order on hold: it goes on, or it ends."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.temporal import connect
from api.app import create_app
from cli.stack import TemporalServer
from cli.stack.ports import free_port
from tests.support.api import Api, http_of, order_body, running_api

RELEASE = ("release", {"released_by": "Dana", "note": "paid yesterday"})
REJECT = ("reject", {"rejected_by": "Dana", "note": "owes too much"})


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        yield running


async def held(api: Api) -> dict[str, Any]:
    body = order_body()
    body["reference"] = f"held-{body['reference']}"
    placed: dict[str, Any] = (await api.http.post("/orders", json=body)).json()
    return placed


async def test_a_held_order_ends_once_a_person_rejects_it(api: Api) -> None:
    placed = await held(api)
    itself = placed["links"]["self"]
    assert placed["links"]["reject_hold"] == f"{itself}/hold/reject"

    first = await api.http.post(placed["links"]["reject_hold"], json=REJECT[1])
    second = await api.http.post(placed["links"]["reject_hold"], json=REJECT[1])

    assert first.status_code == 200, first.text
    assert first.json() == {
        "order_id": placed["order_id"],
        "status": "cancelled",
        "links": {"self": itself},
    }
    assert second.status_code == 409
    assert second.json()["type"] == "urn:ariane:problem:not-on-hold"
    assert await api.seen(placed["order_id"]) == ["no, Dana: owes too much"]


@pytest.mark.parametrize(("decision", "body"), [RELEASE, REJECT])
async def test_only_an_order_on_hold_can_be_decided_about(
    api: Api, decision: str, body: dict[str, str]
) -> None:
    order_id = (await api.http.post("/orders", json=order_body())).json()["order_id"]
    path = f"/orders/{order_id}/hold/{decision}"
    running = await api.http.post(path, json=body)
    await api.finish(order_id)
    ended = await api.http.post(path, json=body)
    await api.write("UPDATE orders SET status = 'closed', closed_at = ordered_at")
    closed = await api.http.post(path, json=body)
    unknown = await api.http.post(f"/orders/web:none/hold/{decision}", json=body)

    statuses = [answer.status_code for answer in (running, ended, closed, unknown)]
    assert statuses == [409, 409, 409, 404]


@pytest.mark.parametrize(("decision", "body"), [RELEASE, REJECT])
async def test_a_decision_says_by_whom_and_why(
    api: Api, decision: str, body: dict[str, str]
) -> None:
    placed = await held(api)
    path = f"/orders/{placed['order_id']}/hold/{decision}"
    for field in body:
        for wrong in ("", 7, None, "a\u0000", "x" * 501):
            answer = await api.http.post(path, json=body | {field: wrong})
            assert answer.status_code == 422, answer.text
            assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await api.seen(placed["order_id"]) == []


@pytest.mark.parametrize(("decision", "body"), [RELEASE, REJECT])
async def test_without_temporal_a_decision_is_to_be_sent_again(
    api: Api, decision: str, body: dict[str, str]
) -> None:
    placed = await held(api)
    nobody = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    async with http_of(create_app(api.engine, nobody, api.task_queue)) as http:
        answer = await http.post(f"/orders/{placed['order_id']}/hold/{decision}", json=body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
