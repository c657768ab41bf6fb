"""The stock of a location over HTTP: counted, moved, withheld, looked at and explained."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from adapters.postgres.network import Network, Product, load_network
from api.limits import MAX_BODY_BYTES, MAX_LONG_BYTES
from cli.stack import TemporalServer
from tests.support.api import Api, running_api

_TAKEN = "2026-04-01T10:00:00+02:00"
_LATER = "2026-04-01T11:00:00+02:00"
_BEFORE = "2026-03-31T10:59:00+02:00"
"""A minute before the sample's goods came."""
_STOCK = "/locations/PAR/stock"
_CSV = {"Content-Type": "text/csv"}
_FUTURE = "2190-01-01T00:00:00Z"


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address, with_worker=False) as running:
        yield running


async def _count(api: Api, *rows: Any, **changes: Any) -> httpx.Response:
    body = {"taken_at": _TAKEN, "kind": "partial", "rows": list(rows)} | changes
    return await api.http.put(
        _STOCK, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )


async def _position(api: Api, sku: str = "BOLT", **asked: Any) -> dict[str, Any]:
    answer = await api.http.get(_STOCK, params={"sku": sku, **asked})
    assert answer.status_code == 200, answer.text
    [position] = answer.json()["stock"]
    return dict(position)


async def _have_products(api: Api, number: int) -> None:
    products = [Product(f"P-{n}", "Part", 1) for n in range(1, number + 1)]
    async with api.engine.begin() as conn:
        await load_network(conn, Network(products=products))


async def _faults(answer: httpx.Response, status: int = 422) -> list[str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in answer.json().get("errors", [])]


# Counts.


async def test_a_count_says_what_it_changed_and_what_it_could_not_take(api: Api) -> None:
    answer = await _count(
        api,
        {"sku": "BOLT", "quantity": 95},
        {"sku": "NUT", "quantity": 3},
        {"sku": "WASHER", "quantity": 1},
        {"sku": "ANVIL", "quantity": "many"},
        id="C-1",
        by="Ana",
    )

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "id": "C-1",
        "location_id": "PAR",
        "kind": "partial",
        "taken_at": "2026-04-01T08:00:00Z",
        "counted": 2,
        "changed": [{"sku": "BOLT", "counted": 95, "before": 100, "after": 95}],
        "superseded": [],
        "quarantined": [
            {
                "position": 3,
                "content": {"sku": "WASHER", "quantity": 1},
                "reason": "unknown SKU 'WASHER'",
            },
            {
                "position": 4,
                "content": {"sku": "ANVIL", "quantity": "many"},
                "reason": "quantity: input should be a valid integer",
            },
        ],
        "resourced": [],
        "served": [],
        "links": {"stock": _STOCK, "quarantine": f"{_STOCK}/quarantine"},
    }
    listed = (await api.http.get(f"{_STOCK}/quarantine")).json()
    assert [(row["position"], row["source"]) for row in listed["rows"]] == [
        (4, "count:PAR:C-1"),
        (3, "count:PAR:C-1"),
    ]
    assert (await api.http.get("/locations/LIL/stock/quarantine")).json()["rows"] == []


async def test_a_count_of_ten_before_a_shipment_of_three_gives_seven(api: Api) -> None:
    await api.write(
        "INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)"
        " VALUES ('BOLT', 'PAR', -3, 'dispatched', 'web:1:1', '2026-04-01T12:00:00Z')"
    )
    await api.write("UPDATE stock SET on_hand = 97 WHERE sku = 'BOLT' AND location_id = 'PAR'")

    answer = await _count(api, {"sku": "BOLT", "quantity": 10})

    assert answer.json()["changed"] == [{"sku": "BOLT", "counted": 10, "before": 97, "after": 7}]


async def test_a_count_may_come_as_a_file(api: Api) -> None:
    file = "\ufeffSKU,Quantity\r\n"
    file += 'BOLT,95\r\n"NUT",4\r\n\r\n"ANVIL,2\r\nANVIL,1,2\r\nANVIL,1.0\r\nLED\x00,1\r\n'
    parameters = {"taken_at": _TAKEN, "kind": "full", "id": "C-2", "by": "Ana"}
    answer = await api.http.put(_STOCK, params=parameters, content=file, headers=_CSV)

    assert answer.status_code == 200, answer.text
    assert answer.json()["counted"] == 2
    assert [(row["position"], row["content"]) for row in answer.json()["quarantined"]] == [
        (3, '"ANVIL,2'),
        (4, "ANVIL,1,2"),
        (5, {"sku": "ANVIL", "quantity": "1.0"}),
        (6, "{'quantity': 1, 'sku': 'LED\\x00'}"),
    ]
    assert (await _position(api))["on_hand"] == 95


@pytest.mark.parametrize(
    "row",
    [
        None,
        7,
        [],
        "BOLT",
        {},
        {"sku": "BOLT"},
        {"sku": "BOLT", "quantity": -1},
        {"sku": "BOLT", "quantity": 1.5},
        {"sku": "BOLT", "quantity": True},
        {"sku": "BOLT", "quantity": 100_001},
        {"sku": "BOLT", "quantity": 10**400},
        {"sku": "BOLT", "quantity": float("nan")},
        {"sku": "BOLT", "quantity": "\ud800"},
        {"sku": "\ud800", "quantity": 1},
        {"sku": "\u0000", "quantity": 1},
        {"sku": "  ", "quantity": 1},
        {"sku": "B" * 65, "quantity": 1},
        {"sku": "BOLT", "quantity": 1, "bin": "A-1"},
        {"sku": "BOLT", "quantity": 1, "\ud800\u0000": 1},
        {"sku": "BOLT", "quantity": {"a": [{}]}},
        {"sku": "BOLT", "quantity": "x" * 100_000},
    ],
    ids=lambda row: ascii(row)[:40],
)
async def test_whatever_stands_in_a_row_the_others_go_in(api: Api, row: Any) -> None:
    answer = await _count(api, row, {"sku": "NUT", "quantity": 5})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["counted"], len(answer.json()["quarantined"])) == (1, 1)
    assert len(answer.text) < 3000
    assert (await _position(api, "NUT"))["on_hand"] == 5
    assert (await _position(api))["on_hand"] == 100
    again = await _count(api, row, {"sku": "NUT", "quantity": 5})
    assert again.json() == answer.json()
    assert len((await api.http.get(f"{_STOCK}/quarantine")).json()["rows"]) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"taken_at": _FUTURE}, "taken_at"),
        ({"taken_at": "2026-04-01T10:00:00"}, "taken_at"),
        ({"taken_at": "yesterday"}, "taken_at"),
        ({"kind": "half"}, "kind"),
        ({"id": ""}, "id"),
        ({"id": "a\u0000"}, "id"),
        ({"by": ""}, "by"),
        ({"rows": {}}, "rows"),
        ({"rows": [], "kind": "full"}, "rows"),
        ({"rows": [1] * 50_001}, "rows"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_count_that_is_none_is_refused(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    assert await _faults(await _count(api, {"sku": "BOLT", "quantity": 1}, **changes)) == [field]
    assert (await _position(api))["on_hand"] == 100


@pytest.mark.parametrize(
    ("content", "kind", "query", "status"),
    [
        ("{", "application/json", "", 400),
        (b"\xff", "application/json", "", 400),
        ("[" * 100_000, "application/json", "", 400),
        ("[]", "application/json", "", 422),
        ("{}", "application/json", "?kind=full", 422),
        (b"sku,quantity\n\xff,1", "text/csv", f"?kind=full&taken_at={_TAKEN[:19]}Z", 400),
        ("sku;quantity\nBOLT;1", "text/csv", f"?kind=full&taken_at={_TAKEN[:19]}Z", 422),
        ("", "text/csv", f"?kind=full&taken_at={_TAKEN[:19]}Z", 422),
        ("sku,quantity\n\n", "text/csv", f"?kind=full&taken_at={_TAKEN[:19]}Z", 422),
        ("sku,quantity\n", "text/csv", f"?kind=full&taken_at={_TAKEN[:19]}Z&kind=full", 422),
        ("sku,quantity\n", "text/csv", "", 422),
        ("sku,quantity\nBOLT,1", "application/xml", "", 415),
        ("sku,quantity\nBOLT,1", "", "", 415),
    ],
)
async def test_a_body_that_is_no_count_is_refused(
    api: Api, content: str | bytes, kind: str, query: str, status: int
) -> None:
    answer = await api.http.put(
        _STOCK + query, content=content, headers={"Content-Type": kind} if kind else {}
    )
    await _faults(answer, status)


async def test_a_count_may_be_larger_than_other_bodies(api: Api) -> None:
    body = {"taken_at": _TAKEN, "kind": "partial", "rows": [{"sku": "BOLT", "quantity": 9}]}
    small = json.dumps(body).encode()
    within = small + b" " * (MAX_LONG_BYTES - len(small))
    headers = {"Content-Type": "application/json"}

    assert (await api.http.put(_STOCK, content=within, headers=headers)).status_code == 200
    await _faults(await api.http.put(_STOCK, content=within + b" ", headers=headers), 413)
    other = small + b" " * (MAX_BODY_BYTES + 1 - len(small))
    receipts = "/locations/PAR/receipts"
    await _faults(await api.http.post(receipts, content=other, headers=headers), 413)


async def test_a_count_is_taken_once(api: Api) -> None:
    row = {"sku": "BOLT", "quantity": 95}
    first = await _count(api, row, id="C-1")
    assert (await _count(api, row, id="C-1")).json() == first.json()
    other = await _count(api, {"sku": "BOLT", "quantity": 94}, id="C-1")
    assert await _faults(other) == ["id"]
    assert (await _count(api, row)).json()["id"] == (await _count(api, row)).json()["id"]


async def test_an_older_count_is_superseded(api: Api) -> None:
    await _count(api, {"sku": "BOLT", "quantity": 95})
    older = await _count(api, {"sku": "BOLT", "quantity": 1}, taken_at=_BEFORE)
    assert older.json()["superseded"] == ["BOLT"]
    assert (await _position(api))["counted_at"] == "2026-04-01T08:00:00Z"


async def test_a_count_of_twenty_thousand_rows_goes_in_at_once(api: Api) -> None:
    # Its connections keep plans from when there were few products.
    await _have_products(api, 20)
    async with api.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
        await conn.execute(text("VACUUM products"))
    for n in range(1, 20):
        assert (await _count(api, {"sku": f"P-{n}", "quantity": 1})).status_code == 200
    await _have_products(api, 20_000)

    file = "sku,quantity\n" + "\n".join(f"P-{n},{n % 50}" for n in range(20_000, 0, -1))
    parameters = {"taken_at": _LATER, "kind": "full"}
    answer = await api.http.put(_STOCK, params=parameters, content=file, headers=_CSV, timeout=60)
    assert answer.json()["counted"] == 20_000


# Commands.


async def test_goods_are_received_once(api: Api) -> None:
    body = {"id": "R-1", "lines": [{"sku": "NUT", "quantity": 4}, {"sku": "NUT", "quantity": 1}]}
    first = await api.http.post("/locations/PAR/receipts", json=body)
    again = await api.http.post("/locations/PAR/receipts", json=body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["positions"] == [{"sku": "NUT", "on_hand": 8, "set_aside": 0}]
    other = await api.http.post("/locations/PAR/receipts", json=body | {"note": "late"})
    assert await _faults(other) == ["id"]


async def test_units_are_adjusted_for_a_reason(api: Api) -> None:
    body = {
        "id": "A-1",
        "reason": "damaged",
        "note": "fell",
        "by": "Ana",
        "lines": [{"sku": "NUT", "delta": -2, "aside": 1}],
    }
    answer = await api.http.post("/locations/PAR/adjustments", json=body)

    assert answer.status_code == 201, answer.text
    assert answer.json()["positions"] == [{"sku": "NUT", "on_hand": 1, "set_aside": 1}]
    more = body | {"id": "A-2", "lines": [{"sku": "BOLT", "delta": 1}, {"sku": "NUT", "delta": -2}]}
    refused = await api.http.post("/locations/PAR/adjustments", json=more)
    assert await _faults(refused, 409) == ["lines[1].delta"]
    assert refused.json()["detail"] == "only 1 unit(s) of 'NUT' can be taken away (on hand)"
    aside = body | {"id": "A-3", "lines": [{"sku": "NUT", "aside": -2}]}
    refused = await api.http.post("/locations/PAR/adjustments", json=aside)
    assert await _faults(refused, 409) == ["lines[0].aside"]


async def test_goods_come_back_by_their_disposition(api: Api) -> None:
    body = {
        "id": "RMA-1",
        "lines": [
            {"sku": "NUT", "quantity": 2, "disposition": "restock"},
            {"sku": "NUT", "quantity": 1, "disposition": "scrap"},
            {"sku": "BOLT", "quantity": 3, "disposition": "refurbish"},
        ],
    }
    answer = await api.http.post("/locations/PAR/returns", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["positions"] == [
        {"sku": "BOLT", "on_hand": 100, "set_aside": 3},
        {"sku": "NUT", "on_hand": 5, "set_aside": 0},
    ]
    unknown = await api.http.post(
        "/locations/PAR/returns", json=body | {"id": "RMA-2", "order_id": "web:9"}
    )
    assert await _faults(unknown) == ["order_id"]


async def test_a_transfer_leaves_and_is_nobodys_until_it_is_received(api: Api) -> None:
    body = {
        "id": "T-1",
        "from": "PAR",
        "to": "LIL",
        "due": _FUTURE,
        "lines": [{"sku": "BOLT", "quantity": 40}, {"sku": "NUT", "quantity": 1}],
    }
    first = await api.http.post("/transfers", json=body)
    again = await api.http.post("/transfers", json=body)

    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.json() == again.json()
    assert first.json()["links"]["supply"] == "/supplies/T-1"
    assert (await _position(api))["on_hand"] == 60
    rows = await api.rows("SELECT sku, units, location_id, origin_id FROM supplies ORDER BY sku")
    assert [tuple(row) for row in rows] == [("BOLT", 40, "LIL", "PAR"), ("NUT", 1, "LIL", "PAR")]
    there = {"sku": "BOLT", "channel": "web"}
    position = (await api.http.get("/locations/LIL/stock", params=there)).json()["stock"][0]
    assert position["available"] == {"web": 7}
    received = await api.http.post("/supplies/T-1/receipts", json={"id": "D-1"})
    assert received.status_code == 201, received.text
    position = (await api.http.get("/locations/LIL/stock", params=there)).json()["stock"][0]
    assert position["available"] == {"web": 47}
    more = {"sku": "BOLT", "quantity": 61}
    refused = await api.http.post("/transfers", json=body | {"id": "T-2", "lines": [more]})
    assert await _faults(refused, 409) == ["lines[0].quantity"]
    assert "only 60 unit(s) of 'BOLT' are free at 'PAR'" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from": "MARS"}, "from"),
        ({"to": "MARS"}, "to"),
        ({"to": "PAR"}, "to"),
        ({"sent_at": _FUTURE}, "sent_at"),
        ({"sent_at": _TAKEN, "due": _BEFORE}, "due"),
        ({"confidence": 1.1}, "confidence"),
        ({"lines": [{"sku": "WASHER", "quantity": 1}]}, "lines[0].sku"),
        ({"lines": []}, "lines"),
    ],
)
async def test_a_wrong_transfer_names_its_fault(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    lines = [{"sku": "BOLT", "quantity": 1}]
    body = {"id": "T-1", "from": "PAR", "to": "LIL", "due": _FUTURE, "lines": lines}
    assert await _faults(await api.http.post("/transfers", json=body | changes)) == [field]


async def test_more_than_the_books_can_hold_is_refused(api: Api) -> None:
    await api.write("UPDATE stock SET on_hand = 2147483647 WHERE sku = 'NUT'")
    body = {"id": "R-1", "lines": [{"sku": "NUT", "quantity": 1}]}
    assert await _faults(await api.http.post("/locations/PAR/receipts", json=body)) == ["lines"]


_RECEIPT = {"id": "1", "lines": [{"sku": "NUT", "quantity": 1}]}
_RETURN = {"id": "1", "lines": [{"sku": "NUT", "quantity": 1, "disposition": "scrap"}]}
_ADJUSTMENT = {
    "id": "1",
    "reason": "found",
    "note": "n",
    "by": "Ana",
    "lines": [{"sku": "NUT", "delta": 1}],
}
_UNITS = {"units": 1, "by": "Ana"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/locations/MARS/receipts", _RECEIPT),
        ("POST", "/locations/MARS/adjustments", _ADJUSTMENT),
        ("POST", "/locations/MARS/returns", _RETURN),
        ("PUT", "/locations/MARS/buffer", _UNITS),
        ("PUT", "/locations/MARS/stock/NUT/buffer", _UNITS),
        ("PUT", "/locations/PAR/stock/WASHER/buffer", _UNITS),
        ("PUT", "/locations/MARS/stock/NUT/pools/web", _UNITS),
        ("PUT", "/locations/PAR/stock/WASHER/pools/web", _UNITS),
        ("PUT", "/locations/PAR/stock/NUT/pools/fax", _UNITS),
        ("PUT", "/locations/MARS/stock", {"taken_at": _TAKEN, "kind": "full", "rows": [1]}),
        ("GET", "/locations/MARS/stock", None),
        ("GET", "/locations/MARS/stock/quarantine", None),
        ("GET", "/locations/MARS/stock/NUT/ledger", None),
        ("GET", "/locations/PAR/stock/WASHER/ledger", None),
    ],
)
async def test_what_does_not_exist_is_not_found(
    api: Api, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = await api.http.request(method, path, json=body)
    assert await _faults(answer, 404) == []
    assert "There is no" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("receipts", _RECEIPT | {"id": ""}, "id"),
        ("receipts", _RECEIPT | {"received_at": _FUTURE}, "received_at"),
        ("receipts", _RECEIPT | {"lines": [{"sku": "NUT", "quantity": 0}]}, "lines[0].quantity"),
        ("receipts", _RECEIPT | {"lines": [{"sku": "X", "quantity": 1}]}, "lines[0].sku"),
        ("receipts", _RECEIPT | {"lines": []}, "lines"),
        ("receipts", _RECEIPT | {"colour": "red"}, "colour"),
        ("adjustments", _ADJUSTMENT | {"reason": "whim"}, "reason"),
        ("adjustments", _ADJUSTMENT | {"note": " "}, "note"),
        ("adjustments", _ADJUSTMENT | {"lines": [{"sku": "NUT"}]}, "lines[0]"),
        ("adjustments", _ADJUSTMENT | {"lines": [{"sku": "X", "delta": 1}]}, "lines[0].sku"),
        ("returns", _RETURN | {"lines": [{"sku": "NUT", "quantity": 1}]}, "lines[0].disposition"),
    ],
)
async def test_a_wrong_command_names_its_fault(
    api: Api, path: str, body: dict[str, Any], field: str
) -> None:
    answer = await api.http.post(f"/locations/PAR/{path}", json=body)
    assert await _faults(answer) == [field]


# Buffers and pools.


async def test_ten_with_a_buffer_of_three_and_a_pool_of_four_are_three_for_web_seven_for_vip(
    api: Api,
) -> None:
    await api.write("INSERT INTO channels VALUES ('vip', 'VIP')")
    await _count(api, {"sku": "NUT", "quantity": 10})
    buffer = await api.http.put(f"{_STOCK}/NUT/buffer", json={"units": 3, "by": "Ana"})
    pool = await api.http.put(f"{_STOCK}/NUT/pools/vip", json={"units": 4, "by": "Ana"})

    assert (buffer.status_code, pool.status_code) == (200, 200), buffer.text + pool.text
    assert pool.json()["units"] == 4
    position = await _position(api, "NUT", channel=["web", "vip"])
    assert position["available"] == {"web": 3, "vip": 7}
    assert (position["buffer"], position["pools"]) == (3, {"vip": 4})

    await api.http.put("/locations/PAR/buffer", json={"units": 1, "by": "Ana", "note": "floods"})
    position = await _position(api, "NUT", channel=["web", "vip"])
    assert position["available"] == {"web": 2, "vip": 6}
    await api.http.put(f"{_STOCK}/NUT/pools/vip", json={"units": 0, "by": "Ana"})
    assert (await _position(api, "NUT", channel="web"))["available"] == {"web": 6}


# Reading.


async def test_the_stock_of_a_location_is_read_page_by_page(api: Api) -> None:
    page = (await api.http.get(_STOCK, params={"limit": 1, "channel": "web"})).json()
    assert (page["location_id"], page["name"], page["buffer"]) == ("PAR", "Paris", 0)
    assert page["stock"] == [
        {
            "sku": "BOLT",
            "on_hand": 100,
            "reserved": 0,
            "buffer": 0,
            "withheld": 0,
            "set_aside": 0,
            "counted_at": None,
            "pools": {},
            "available": {"web": 100},
        }
    ]
    rest = (await api.http.get(page["links"]["next"])).json()
    assert [position["sku"] for position in rest["stock"]] == ["NUT"]
    assert (rest["next"], set(rest["links"])) == (None, {"self"})


async def test_the_ledger_explains_every_unit(api: Api) -> None:
    await _count(api, {"sku": "NUT", "quantity": 1}, id="C-1", by="Ana")
    for number in range(3):
        body = {"id": f"R-{number}", "lines": [{"sku": "NUT", "quantity": 2}], "note": "a pallet"}
        await api.http.post("/locations/PAR/receipts", json=body)

    lines: list[dict[str, Any]] = []
    path: str | None = f"{_STOCK}/NUT/ledger?limit=2"
    while path is not None:
        page = (await api.http.get(path)).json()
        lines += page["lines"]
        path = page["links"].get("next")

    assert [(line["reason"], line["delta"], line["on_hand"]) for line in lines] == [
        ("received", 2, 7),
        ("received", 2, 5),
        ("received", 2, 3),
        ("counted", -2, 1),
        ("received", 3, 3),
    ]
    assert lines[3]["source"] == "count:PAR:C-1"
    assert (lines[3]["by"], lines[3]["at"]) == ("Ana", "2026-04-01T08:00:00Z")
    assert (lines[0]["note"], lines[0]["aside"], lines[0]["set_aside"]) == ("a pallet", 0, 0)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{_STOCK}?sku=BOLT&sku=WASHER", "sku[1]"),
        (f"{_STOCK}?channel=fax", "channel[0]"),
        (f"{_STOCK}?limit=0", "limit"),
        (f"{_STOCK}?cursor=x", "cursor"),
        (f"{_STOCK}?cursor=e30=", "cursor"),
        (f"{_STOCK}?page=2", "page"),
        (f"{_STOCK}/NUT/ledger?cursor=e30=", "cursor"),
        (f"{_STOCK}/quarantine?cursor=LTE=", "cursor"),
    ],
)
async def test_a_wrong_question_names_its_fault(api: Api, path: str, field: str) -> None:
    assert await _faults(await api.http.get(path)) == [field]
