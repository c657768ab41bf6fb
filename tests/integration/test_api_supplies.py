"""Supplies over HTTP: announced, changed, received, looked at."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cli.stack import TemporalServer
from tests.support.api import Api, order_body, running_api

_DUE = "2199-03-04T08:00:00Z"


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        yield running


def _body(**changes: Any) -> dict[str, Any]:
    lines = [{"sku": "BOLT", "units": 10}, {"sku": "NUT", "units": 5}]
    return {"location_id": "PAR", "due": _DUE, "confidence": 0.8, "lines": lines} | changes


async def _announced(api: Api, name: str = "PO-1", **changes: Any) -> dict[str, Any]:
    answer = await api.http.put(f"/supplies/{name}", json=_body(**changes))
    assert answer.status_code in (200, 201), answer.text
    supply: dict[str, Any] = answer.json()
    return supply


async def _order_that_rests(api: Api, units: int = 4) -> str:
    """An order that waits for bolts and rests on the supply PO-1, as sourcing writes it."""
    lines = [{"sku": "BOLT", "quantity": units, "unit_price": 1}]
    order: str = (await api.http.post("/orders", json=order_body(lines=lines))).json()["order_id"]
    await api.write("UPDATE orders SET status = 'backordered' WHERE id = :id", id=order)
    await api.write(
        "INSERT INTO supply_claims VALUES (:id, '1', 'PO-1', 'BOLT', :units, :promise)",
        id=order,
        units=units,
        promise="2199-03-06T19:00:00Z",
    )
    await api.write(
        "UPDATE supplies SET claimed = claimed + :units WHERE sku = 'BOLT'", units=units
    )
    return order


async def _signalled(api: Api) -> list[str]:
    return [row.order_id for row in await api.rows("SELECT order_id FROM order_signals")]


async def test_a_supply_is_announced_and_changed(api: Api) -> None:
    first = await api.http.put("/supplies/PO-1", json=_body())
    assert first.status_code == 201
    assert first.json() == {
        "supply_id": "PO-1",
        "location_id": "PAR",
        "origin_id": None,
        "due": "2199-03-04T08:00:00Z",
        "confidence": 0.8,
        "is_closed": False,
        "lines": [
            {"sku": "BOLT", "units": 10, "received": 0, "to_come": 10, "claimed": 0},
            {"sku": "NUT", "units": 5, "received": 0, "to_come": 5, "claimed": 0},
        ],
        "claims": [],
        "links": {
            "self": "/supplies/PO-1",
            "receipts": "/supplies/PO-1/receipts",
            "stock": "/locations/PAR/stock",
        },
    }
    order = await _order_that_rests(api)

    lines = [{"sku": "BOLT", "units": 3}]
    later = _body(due="2199-03-09T08:00:00+01:00", lines=lines)
    second = await api.http.put("/supplies/PO-1", json=later)

    assert second.status_code == 200
    changed = second.json()
    assert changed["due"] == "2199-03-09T07:00:00Z"
    assert [line["to_come"] for line in changed["lines"]] == [3, 0]
    [claim] = changed["claims"]
    assert (claim["order_id"], claim["units"]) == (order, 3)
    assert await _signalled(api) == [order]


async def test_a_supply_is_closed_and_stays_so(api: Api) -> None:
    await _announced(api)
    order = await _order_that_rests(api)
    for _ in range(2):
        closed = await api.http.delete("/supplies/PO-1")
        assert (closed.status_code, closed.json()["is_closed"]) == (200, True)
        assert closed.json()["claims"] == []
    assert await _signalled(api) == [order]

    again = await api.http.put("/supplies/PO-1", json=_body())
    assert again.status_code == 409
    assert again.json()["type"] == "urn:ariane:problem:supply-closed"
    assert (await api.http.delete("/supplies/PO-2")).status_code == 404


async def test_a_supply_is_received_in_parts_and_its_repeats_have_no_effect(api: Api) -> None:
    await _announced(api)
    order = await _order_that_rests(api)
    receipt = {"id": "R-1", "lines": [{"sku": "BOLT", "quantity": 3}], "by": "Ana"}
    first = await api.http.post("/supplies/PO-1/receipts", json=receipt)
    assert first.status_code == 201, first.text
    answer = first.json()
    assert answer["received"] == [{"sku": "BOLT", "quantity": 3}]
    assert answer["positions"] == [{"sku": "BOLT", "on_hand": 103, "set_aside": 0}]
    assert (answer["served"], answer["unserved"]) == ([order], [])
    assert not answer["is_closed"]

    again = await api.http.post("/supplies/PO-1/receipts", json=receipt)
    assert (again.status_code, again.json()) == (200, answer)
    other = await api.http.post("/supplies/PO-1/receipts", json={**receipt, "close": True})
    assert other.status_code == 422
    assert other.json()["type"] == "urn:ariane:problem:id-reused"

    rest = await api.http.post("/supplies/PO-1/receipts", json={"id": "R-2"})
    assert rest.json()["received"] == [
        {"sku": "BOLT", "quantity": 7},
        {"sku": "NUT", "quantity": 5},
    ]
    assert rest.json()["is_closed"]
    nothing = await api.http.post("/supplies/PO-1/receipts", json={"id": "R-3"})
    assert nothing.status_code == 409
    unknown = await api.http.post("/supplies/PO-9/receipts", json={"id": "R-1"})
    assert unknown.status_code == 404


async def test_a_transfer_arrives_like_any_supply(api: Api) -> None:
    sent = {"id": "T-1", "from": "PAR", "to": "LIL", "due": _DUE}
    lines = [{"sku": "BOLT", "quantity": 20}]
    answer = await api.http.post("/transfers", json={**sent, "lines": lines})
    assert answer.status_code == 201, answer.text

    supply = (await api.http.get(answer.json()["links"]["supply"])).json()
    assert (supply["origin_id"], supply["location_id"]) == ("PAR", "LIL")
    changed = await api.http.put("/supplies/T-1", json=_body(location_id="LIL"))
    assert changed.status_code == 409
    later = _body(location_id="LIL", due="2199-04-01T08:00:00Z", lines=[])
    later["lines"] = [{"sku": "BOLT", "units": 20}]
    assert (await api.http.put("/supplies/T-1", json=later)).status_code == 200

    received = await api.http.post("/supplies/T-1/receipts", json={"id": "R-1"})
    assert received.json()["positions"] == [{"sku": "BOLT", "on_hand": 27, "set_aside": 0}]


async def test_supplies_are_listed_page_by_page_the_first_due_first(api: Api) -> None:
    for number in (3, 1, 2):
        await _announced(api, f"PO-{number}", due=f"2199-03-0{number}T08:00:00Z")
    await _announced(api, "PO-0", location_id="LIL", lines=[{"sku": "ANVIL", "units": 1}])
    await api.http.delete("/supplies/PO-2")

    async def listed(query: str) -> list[str]:
        found: list[str] = []
        page = (await api.http.get(f"/supplies?{query}")).json()
        found += [supply["supply_id"] for supply in page["supplies"]]
        while page["next"] is not None:
            page = (await api.http.get(page["links"]["next"])).json()
            found += [supply["supply_id"] for supply in page["supplies"]]
        return found

    assert await listed("limit=1") == ["PO-1", "PO-3", "PO-0"]
    assert await listed("closed=true&limit=2") == ["PO-1", "PO-2", "PO-3", "PO-0"]
    assert await listed("sku=ANVIL") == ["PO-0"]
    assert await listed("location=PAR&sku=NUT") == ["PO-1", "PO-3"]
    assert await listed("sku=NONE") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"location_id": "NOWHERE"}, "location_id"),
        ({"lines": [{"sku": "BOLT", "units": 1}, {"sku": "X", "units": 1}]}, "lines[1].sku"),
        ({"lines": [{"sku": "BOLT", "units": 1}, {"sku": "BOLT", "units": 1}]}, "lines[1].sku"),
        ({"lines": [{"sku": "BOLT", "units": 0}]}, "lines[0].units"),
        ({"lines": []}, "lines"),
        ({"confidence": 1.1}, "confidence"),
        ({"due": "tomorrow"}, "due"),
        ({"due": "2026-03-04T08:00:00"}, "due"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_supply_names_its_fault(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    answer = await api.http.put("/supplies/PO-1", json=_body(**changes))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert (await api.http.get("/supplies/PO-1")).status_code == 404


@pytest.mark.parametrize(
    ("receipt", "field"),
    [
        ({"id": "R-1", "lines": [{"sku": "ANVIL", "quantity": 1}]}, "lines[0].sku"),
        ({"id": "R-1", "lines": [{"sku": "BOLT", "quantity": 0}]}, "lines[0].quantity"),
        ({"id": "R-1", "received_at": "2199-01-01T00:00:00Z"}, "received_at"),
        ({"lines": [{"sku": "BOLT", "quantity": 1}]}, "id"),
    ],
)
async def test_a_wrong_receipt_names_its_fault(
    api: Api, receipt: dict[str, Any], field: str
) -> None:
    await _announced(api)
    answer = await api.http.post("/supplies/PO-1/receipts", json=receipt)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_an_order_shows_what_its_lines_rest_on_and_by_when(api: Api) -> None:
    await _announced(api)
    order = await _order_that_rests(api)
    [line] = (await api.http.get(f"/orders/{order}")).json()["lines"]
    assert line["expected"] == [
        {
            "line_id": "1",
            "sku": "BOLT",
            "quantity": 4,
            "supply_id": "PO-1",
            "due": "2199-03-04T08:00:00Z",
            "promise": "2199-03-06T19:00:00Z",
        }
    ]
