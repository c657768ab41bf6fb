"""Whatever is sent: a problem document that names the place, and nothing half-written."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.limits import MAX_BODY_BYTES
from cli.stack import PostgresServer, TemporalServer
from tests.support.api import Api, order_body, running_api, served
from tests.support.stack import copy_of_template

JSON = {"Content-Type": "application/json"}
ACCOUNT = {"tender": "account"}
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module")
async def api(
    migrated_postgres: PostgresServer, temporal_server: TemporalServer
) -> AsyncIterator[Api]:
    """One for all: nothing that is refused leaves a trace."""
    async with (
        copy_of_template(migrated_postgres) as url,
        running_api(url, temporal_server.address, with_worker=False) as running,
    ):
        yield running


def line(**changes: Any) -> dict[str, Any]:
    return {"sku": "BOLT", "quantity": 2, "unit_price": 150} | changes


def ship_to(**changes: Any) -> dict[str, Any]:
    address: dict[str, Any] = order_body()["ship_to"]
    return address | changes


async def _is_refused(api: Api, answer: httpx.Response, field: str) -> None:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert field in [error["field"] for error in problem["errors"]], problem
    for table in ("orders", "order_lines", "order_contacts", "order_events", "effects"):
        assert await api.rows(f"SELECT 1 FROM {table}") == [], table  # noqa: S608


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "fax"}, "channel"),
        ({"channel": "WEB"}, "channel"),
        ({"channel": "web:1"}, "channel"),
        ({"channel": None}, "channel"),
        ({"channel": 7}, "channel"),
        ({"reference": ""}, "reference"),
        ({"reference": "a:b"}, "reference"),
        ({"reference": "a/b"}, "reference"),
        ({"reference": "r\n"}, "reference"),
        ({"reference": "r" * 65}, "reference"),
        ({"reference": "\u0000"}, "reference"),
        ({"customer_id": "nobody"}, "customer_id"),
        ({"customer_id": "ac\u0000me"}, "customer_id"),
        ({"customer_id": "\ud800"}, "customer_id"),
        ({"customer_id": "   "}, "customer_id"),
        ({"customer_id": {}}, "customer_id"),
        ({"customer_id": "jeanne"}, "tender"),
        ({"tender": "barter"}, "tender"),
        ({"tender": "card"}, "payment_token"),
        ({"payment_token": "tok-1"}, "payment_token"),
        ({"tender": "voucher"}, "payment_token"),
        ({"tender": "mixed", "payment_token": "tok-1"}, "tender"),
        ({"payments": []}, "payments"),
        ({"payments": [{"tender": "account"}], "tender": "account"}, "tender"),
        ({"payments": [{"tender": "account"}], "payment_token": "t"}, "payment_token"),
        ({"payments": [{"tender": "mixed"}]}, "payments[0].tender"),
        ({"payments": [{"tender": "account", "amount": 0}]}, "payments[0].amount"),
        ({"payments": [{"tender": "account", "amount": 1}]}, "payments"),
        ({"payments": [{"tender": "account", "token": "t"}]}, "payments[0].token"),
        ({"payments": [{"tender": "card"}]}, "payments[0].token"),
        ({"payments": [{"tender": "card", "token": "t", "amount": 10**9}, ACCOUNT]}, "payments"),
        ({"payments": [{"tender": "card", "token": "t"}, ACCOUNT]}, "payments[1].amount"),
        ({"payments": [{"tender": "account", "amount": 1}, ACCOUNT]}, "payments[1].tender"),
        ({"currency": "GBP"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "XAU"}, "currency"),
        ({"currency": "ZZZ"}, "currency"),
        ({"currency": 978}, "currency"),
        ({"currency": "\ud800"}, "currency"),
        ({"ship_to": "here"}, "ship_to"),
        ({"ship_to": ship_to(country="UK")}, "ship_to.country"),
        ({"ship_to": ship_to(country="FRA")}, "ship_to.country"),
        ({"ship_to": ship_to(country=True)}, "ship_to.country"),
        ({"ship_to": ship_to(street="")}, "ship_to.street"),
        ({"ship_to": ship_to(name="a\nb")}, "ship_to.name"),
        ({"ship_to": ship_to(name="n" * 201)}, "ship_to.name"),
        ({"ship_to": ship_to(postal_code="7" * 17)}, "ship_to.postal_code"),
        ({"ship_to": ship_to(email="camille")}, "ship_to.email"),
        ({"ship_to": ship_to(phone="call me")}, "ship_to.phone"),
        ({"ship_to": ship_to(planet="Mars")}, "ship_to.planet"),
        ({"lines": []}, "lines"),
        ({"lines": {}}, "lines"),
        ({"lines": [line()] * 1001}, "lines"),
        ({"lines": [line(sku="UNOBTAINIUM")]}, "lines[0].sku"),
        ({"lines": [line(), line(sku="B\u0000LT")]}, "lines[1].sku"),
        ({"lines": [line(quantity=0)]}, "lines[0].quantity"),
        ({"lines": [line(), line(quantity=-1)]}, "lines[1].quantity"),
        ({"lines": [line(quantity=100_001)]}, "lines[0].quantity"),
        ({"lines": [line(quantity=10**30)]}, "lines[0].quantity"),
        ({"lines": [line(quantity=1.0)]}, "lines[0].quantity"),
        ({"lines": [line(quantity="2")]}, "lines[0].quantity"),
        ({"lines": [line(quantity=True)]}, "lines[0].quantity"),
        ({"lines": [line(quantity=None)]}, "lines[0].quantity"),
        ({"lines": [line(quantity=float("nan"))]}, "lines[0].quantity"),
        ({"lines": [line(quantity=float("inf"))]}, "lines[0].quantity"),
        ({"lines": [line(unit_price=-1)]}, "lines[0].unit_price"),
        ({"lines": [line(unit_price=1.5)]}, "lines[0].unit_price"),
        ({"lines": [line(unit_price=10**9 + 1)]}, "lines[0].unit_price"),
        ({"lines": [line(currency="GBP")]}, "lines[0].currency"),
        ({"lines": [line(line_id="a b")]}, "lines[0].line_id"),
        ({"lines": [line(line_id="2"), line()]}, "lines[1].line_id"),
        ({"lines": [line(colour="red")]}, "lines[0].colour"),
        ({"lines": [line(quantity=100_000, unit_price=10**8)]}, "lines"),
        ({"lines": [line(sku="ANVIL", quantity=100_000)]}, "lines"),
        ({"lines": ["BOLT"]}, "lines[0]"),
        ({"requested_date": "soon"}, "requested_date"),
        ({"requested_date": "2026-02-30"}, "requested_date"),
        ({"requested_date": "9999-12-31"}, "requested_date"),
        ({"requested_date": "0001-01-01"}, "requested_date"),
        ({"requested_date": 20_000}, "requested_date"),
        ({"requested_date": "1700000000"}, "requested_date"),
        ({"ship_complete": "yes"}, "ship_complete"),
        ({"critical": 1}, "critical"),
        ({"language": "tlh"}, "language"),
        ({"coupon": "SPRING"}, "coupon"),
        ({"\ud800": 1}, "body"),
        ({"": 1}, "body"),
    ],
)
async def test_a_wrong_field_is_named(api: Api, changes: dict[str, Any], field: str) -> None:
    # As ASCII: a lone surrogate can only be sent as an escape.
    content = json.dumps(order_body(**changes))
    answer = await api.http.post("/orders", content=content, headers=JSON)

    await _is_refused(api, answer, field)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/orders?chanel=edi", "chanel"),
        ("/orders?channel=edi&page=2", "page"),
        ("/orders/web:1?lang=fr", "lang"),
        ("/availability?sku=BOLT&channel=web&location=PAR", "location"),
    ],
)
async def test_an_unknown_query_parameter_is_named(api: Api, path: str, parameter: str) -> None:
    answer = await api.http.get(path)

    await _is_refused(api, answer, parameter)
    assert answer.json()["detail"] == f"{parameter}: unknown parameter"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"channel": "WEB"}, "1 to 32 lower-case letters, digits or '-'"),
        ({"reference": "a/b"}, "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter"),
        ({"ship_to": ship_to(email="camille")}, "must be an e-mail address"),
        ({"ship_to": ship_to(phone="call me")}, "must be 5 to 31 digits"),
        ({"lines": [line(line_id="a b")]}, "must be 1 to 32 letters, digits"),
        ({"lines": [line()] * 1001}, "lines: has 1001 items, at most 1000 are allowed"),
    ],
)
async def test_what_is_allowed_is_said_in_words(
    api: Api, changes: dict[str, Any], says: str
) -> None:
    answer = await api.http.post("/orders", json=order_body(**changes))

    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert "pattern" not in answer.text
    assert "^[" not in answer.text


async def test_all_unknown_names_are_told_at_once(api: Api) -> None:
    lines = [line(), line(sku="X"), line(sku="Y")]
    body = order_body(channel="fax", customer_id="nobody", lines=lines)
    answer = await api.http.post("/orders", json=body)

    fields = [error["field"] for error in answer.json()["errors"]]
    assert fields == ["channel", "customer_id", "lines[1].sku", "lines[2].sku"]


async def test_thousands_of_wrong_fields_get_a_short_answer(api: Api) -> None:
    body = order_body() | {f"x{number}": 1 for number in range(15_000)}
    answer = await api.http.post("/orders", json=body)

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 50
    assert "14997 more" in answer.json()["detail"]


async def test_ten_thousand_lines_are_refused(api: Api) -> None:
    lines = [{"sku": "B", "quantity": 1, "unit_price": 1}] * 5_000
    short = await api.http.post("/orders", json=order_body(lines=lines))
    lines = [line()] * 10_000
    long = await api.http.post("/orders", json=order_body(lines=lines))

    await _is_refused(api, short, "lines")
    assert long.status_code == 413


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"channel": "web', "line 1 column"),
        (b"", "required"),
        (b"{'channel': 'web'}", "line 1 column 2"),
        (b'{"channel": "\xff\xfe"}', "byte 13"),
        (b'{"channel": "a\nb"}', "control character"),
        (DEEP.encode(), "nested too deeply"),
        (b'{"lines": [' + b"9" * 5000 + b"]}", "number that is too long"),
        (b"\xef\xbb\xbf{}", "required"),
        (b"null", "object"),
        (b"[]", "object"),
        (b'"order"', "object"),
        (b"NaN", "object"),
        (b"1e999", "object"),
    ],
)
async def test_a_body_that_is_no_order_at_all_is_explained(
    api: Api, content: bytes, says: str
) -> None:
    answer = await api.http.post("/orders", content=content, headers=JSON)

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.text.lower()


async def test_another_content_type_is_refused(api: Api) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        answer = await api.http.post("/orders", content="a=b", headers={"Content-Type": media})
        assert answer.status_code == 415
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_idempotency_key_must_be_printable(api: Api) -> None:
    for key in ("", "a b", "x" * 256, "caf\u00e9"):
        headers = [(b"Idempotency-Key", key.encode("latin-1"))]
        answer = await api.http.post("/orders", json=order_body(), headers=headers)
        await _is_refused(api, answer, "Idempotency-Key")
        assert "must be 1 to 255 printable ASCII characters" in answer.json()["detail"]


async def test_unknown_paths_and_methods_are_problems_too(api: Api) -> None:
    missing = await api.http.get("/nowhere")
    wrong = await api.http.delete("/orders")
    asset = await api.http.get("/docs-assets/none.js")

    assert (missing.status_code, wrong.status_code, asset.status_code) == (404, 405, 404)
    assert wrong.headers["allow"] == "POST" or "GET" in wrong.headers["allow"]
    for answer in (missing, wrong, asset):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


async def test_a_fault_of_ours_is_a_problem_that_tells_nothing(api: Api) -> None:
    await api.write("ALTER TABLE order_contacts RENAME city TO town")
    answer = await api.http.post("/orders", json=order_body())
    await api.write("ALTER TABLE order_contacts RENAME town TO city")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Zorglub" not in answer.text
    assert "order_contacts" not in answer.text
    assert await api.rows("SELECT 1 FROM orders") == []


async def test_a_large_body_is_refused_before_it_is_read(api: Api) -> None:
    for path in ("/orders", "/webhooks/carriers/swift", "/nowhere"):
        answer = await api.http.post(path, content=b" " * (MAX_BODY_BYTES + 1), headers=JSON)
        assert answer.status_code == 413, path
        assert f"at most {MAX_BODY_BYTES} bytes" in answer.json()["detail"]
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_of_unknown_length_is_refused_when_it_grows_large(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    answer = await api.http.post("/orders", content=endless(), headers=JSON)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", [b"Content-Length: 900000000", b"Transfer-Encoding: chunked"])
async def test_a_sender_that_does_not_stop_is_answered(api: Api, header: bytes) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    app = create_app(api.engine, api.client, api.task_queue)
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n")
        writer.write(header + b"\r\n\r\n")

        async def send() -> None:
            while True:
                writer.write(chunk)
                await writer.drain()

        sending = asyncio.create_task(send())
        try:
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
        finally:
            sending.cancel()
            writer.close()
        assert head.startswith(b"HTTP/1.1 413")
        assert b"application/problem+json" in head


async def test_a_body_just_within_the_limit_is_read(api: Api) -> None:
    content = json.dumps(order_body(channel="fax")).encode()
    padded = content + b" " * (MAX_BODY_BYTES - len(content))
    answer = await api.http.post("/orders", content=padded, headers=JSON)

    await _is_refused(api, answer, "channel")
