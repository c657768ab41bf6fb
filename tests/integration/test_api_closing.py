"""Closing a location over HTTP, and opening it again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from adapters.postgres import closures
from adapters.postgres.invariants import judge
from tests.support.api import Api, planned, running_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from cli.stack import TemporalServer


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address, with_worker=False) as running:
        yield running


async def _order(api: Api, reference: str, *, critical: bool, promise: str, status: str) -> str:
    """An order with a shipment at Paris in this status; gives the shipment."""
    order = f"web:{reference}"
    await api.write(
        "INSERT INTO orders (id, channel, reference, customer_id, body_hash, tender, currency,"
        " total, language, country, postal_code, ship_complete, critical, status, policy_version,"
        " ordered_at) VALUES (:id, 'web', :reference, 'acme', '', 'account', 'EUR', 300, 'en',"
        " 'FR', '69003', false, :critical, 'in_fulfilment', 'test-1', now())",
        id=order,
        reference=reference,
        critical=critical,
    )
    await api.write(
        "INSERT INTO order_lines (order_id, line_id, position, sku, ordered, unit_price,"
        " backordered) VALUES (:id, '1', 1, 'BOLT', 2, 150, 0)",
        id=order,
    )
    shipment = await planned(api, order)
    await api.write(
        "UPDATE shipments SET status = :status, promise = CAST(:promise AS timestamptz)"
        " WHERE id = :id",
        id=shipment,
        status=status,
        promise=promise,
    )
    return shipment


def _body(**changes: Any) -> dict[str, Any]:
    return {"id": "C-1", "by": "Paul", "reason": "a flood"} | changes


async def _close(api: Api, **changes: Any) -> httpx.Response:
    return await api.http.post("/locations/PAR/closure", json=_body(**changes))


async def _open(api: Api, **changes: Any) -> httpx.Response:
    body = {"id": "O-1", "by": "Paul", "note": "it is dry"} | changes
    return await api.http.post("/locations/PAR/opening", json=body)


async def test_orders_are_told_the_critical_ones_first_then_by_promise(api: Api) -> None:
    late, soon = "2199-03-04T08:00:00Z", "2199-03-02T08:00:00Z"
    usual = await _order(api, "1", critical=False, promise=late, status="released")
    sooner = await _order(api, "2", critical=False, promise=soon, status="planned")
    critical = await _order(api, "3", critical=True, promise=late, status="booked")
    await _order(api, "4", critical=True, promise=soon, status="picked")

    closed = await _close(api, until="2199-03-05T08:00:00Z")

    assert closed.status_code == 201, closed.text
    answer = closed.json()
    assert (answer["taken_back"], answer["going_on"], answer["opened_at"]) == (3, 1, None)
    sent = await api.rows("SELECT name, payload FROM order_signals ORDER BY id")
    assert {row.name for row in sent} == {"location_closed"}
    assert [row.payload["shipment_id"] for row in sent] == [critical, sooner, usual]
    assert {row.payload["reason"] for row in sent} == {f"{answer['name']} is closed: a flood"}
    seen = (await api.http.get("/locations/PAR")).json()
    assert seen["active"] is False
    assert seen["closure"]["until"] == "2199-03-05T08:00:00Z"
    async with api.engine.connect() as conn:
        broken = {verdict.name for verdict in await judge(conn) if verdict.rows}
    assert not {"location-closed", "closed-told"} & broken


async def test_nothing_is_sold_or_promised_from_a_location_that_is_closed(api: Api) -> None:
    assert (await _close(api)).status_code == 201
    asked = "/availability?sku=BOLT&channel=web&by_location=true"
    [available] = (await api.http.get(asked)).json()["availability"]
    assert "PAR" not in {place["location_id"] for place in available["locations"]}
    [stock] = await api.rows("SELECT on_hand FROM stock WHERE sku = 'BOLT' AND location_id = 'PAR'")
    assert stock.on_hand > 0


async def test_a_repeat_gets_the_same_answer_and_tells_nobody_again(api: Api) -> None:
    await _order(api, "1", critical=False, promise="2199-03-04T08:00:00Z", status="released")
    answers = await asyncio.gather(*(_close(api) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.text for answer in answers}) == 1
    [told] = await api.rows("SELECT count(*) AS times FROM order_signals")
    assert told.times == 1
    assert (await _close(api, reason="a fire")).status_code == 422
    other = await _close(api, id="C-2")
    assert (other.status_code, other.json()["type"]) == (409, "urn:ariane:problem:already-closed")


async def test_a_location_opens_once_and_can_close_again(api: Api) -> None:
    refused = await _open(api)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ariane:problem:not-closed")
    assert (await _close(api)).status_code == 201
    opened = await asyncio.gather(*(_open(api) for _ in range(3)))
    assert sorted(answer.status_code for answer in opened) == [200, 200, 201]
    seen = (await api.http.get("/locations/PAR")).json()
    assert (seen["active"], seen["closure"]) == (True, None)
    assert (await _close(api)).json()["opened_at"] is not None
    assert (await api.http.get("/locations/PAR")).json()["active"] is True
    assert (await _close(api, id="C-2")).status_code == 201


async def test_what_a_dead_process_has_not_told_is_told_once(api: Api) -> None:
    await _order(api, "1", critical=False, promise="2199-03-04T08:00:00Z", status="released")
    assert (await _close(api)).status_code == 201
    await api.write("UPDATE closures SET told_at = NULL")
    await api.write("DELETE FROM order_signals")
    now = datetime.now(UTC)
    assert await closures.tell_all_orders(api.engine, now) == 1
    assert await closures.tell_all_orders(api.engine, now) == 0
    assert len(await api.rows("SELECT FROM order_signals")) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"by": None}, "by"),
        ({"until": "2020-01-01T08:00:00Z"}, "until"),
        ({"id": "x" * 129}, "id"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_with_a_closure_is_named(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    answer = await _close(api, **changes)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_an_unknown_location_cannot_be_closed_or_opened(api: Api) -> None:
    for what, body in (("closure", _body()), ("opening", {"id": "O-1", "by": "Paul"})):
        answer = await api.http.post(f"/locations/NOWHERE/{what}", json=body)
        assert answer.status_code == 404
