"""Customers on account over the API: payments, terms, overrides, and how they stand."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.postgres.engine import create_engine
from adapters.postgres.invariants import judge
from api.app import create_app
from cli.stack import PostgresServer, TemporalServer
from cli.stack.ports import free_port
from tests.support.api import Api, http_of, order_body, running_api
from tests.support.stack import copy_of_template

SOON = (datetime.now(UTC) + timedelta(days=30)).isoformat()


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        yield running
        async with running.engine.connect() as connection:
            assert [verdict for verdict in await judge(connection) if verdict.rows] == []


@pytest.fixture(scope="module")
async def untouched(
    migrated_postgres: PostgresServer, temporal_server: TemporalServer
) -> AsyncIterator[Api]:
    """One for all that is refused: it leaves no trace."""
    async with (
        copy_of_template(migrated_postgres) as url,
        running_api(url, temporal_server.address, with_worker=False) as running,
    ):
        yield running


def payment(**changes: Any) -> dict[str, Any]:
    body = {
        "reference": "SEPA 2026/17",
        "amount": 500,
        "currency": "EUR",
        "received_at": "2026-03-31T08:00:00+02:00",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def terms(**changes: Any) -> dict[str, Any]:
    body = {
        "credit_limit": 2000,
        "terms_days": 60,
        "delivery": "complete",
        "by": "Dana",
        "note": "agreed by phone",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def override(**changes: Any) -> dict[str, Any]:
    body = {"credit_limit": 2500, "until": SOON, "by": "Dana", "reason": "a good season"}
    return {name: value for name, value in (body | changes).items() if value is not None}


async def held(api: Api, price: int) -> str:
    """An order that the books know to be held for credit."""
    body = order_body(lines=[{"sku": "BOLT", "quantity": 1, "unit_price": price}])
    body["reference"] = f"held-{body['reference']}"
    order_id: str = (await api.http.post("/orders", json=body)).json()["order_id"]
    await api.write(
        "UPDATE orders SET status = 'on_hold', hold_reason = 'credit_limit' WHERE id = :id",
        id=order_id,
    )
    return order_id


async def set_limit(api: Api, limit: int) -> None:
    await api.write(
        "UPDATE accounts SET credit_limit = :limit WHERE customer_id = 'acme'", limit=limit
    )


async def test_a_payment_is_answered_with_what_it_did(api: Api) -> None:
    await set_limit(api, 0)
    order_id = await held(api, 400)
    answer = await api.http.post("/customers/acme/payments", json=payment())

    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "customer_id": "acme",
        "reference": "SEPA 2026/17",
        "amount": 500,
        "currency": "EUR",
        "invoices": [],
        "unapplied": 500,
        "exposure": -100,
        "orders": [order_id],
        "links": {"credit": "/customers/acme/credit"},
    }
    [signal] = await api.rows("SELECT order_id, name FROM order_signals")
    assert tuple(signal) == (order_id, "funds_arrived")


async def test_a_payment_that_is_sent_again_gets_the_same_answer(api: Api) -> None:
    first = await api.http.post("/customers/acme/payments", json=payment())
    spelled = payment(received_at="2026-03-31T06:00:00Z")
    again = await api.http.post("/customers/acme/payments", json=spelled)
    other = await api.http.post("/customers/acme/payments", json=payment(amount=501))

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.json() == first.json()
    assert other.json()["type"] == "urn:ariane:problem:reference-reused"
    assert other.json()["errors"][0]["field"] == "reference"


async def test_twenty_identical_payments_at_once_are_one(api: Api) -> None:
    answers = await asyncio.gather(
        *(api.http.post("/customers/acme/payments", json=payment()) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.text for answer in answers}) == 1


async def test_terms_are_changed_and_let_held_orders_go_on(api: Api) -> None:
    await set_limit(api, 0)
    order_id = await held(api, 2000)
    answer = await api.http.put("/customers/acme/terms", json=terms())
    again = await api.http.put("/customers/acme/terms", json=terms())

    assert answer.status_code == 200, answer.text
    assert answer.json()["orders"] == [order_id]
    credit = answer.json()["credit"]
    assert credit["terms"] == {"terms_days": 60, "delivery": "complete"}
    assert (credit["credit_limit"], credit["effective_limit"], credit["open"]) == (2000, 2000, 2000)
    assert again.json() == {"orders": [], "credit": credit}


async def test_an_override_counts_until_its_end(api: Api) -> None:
    await set_limit(api, 1000)
    order_id = await held(api, 2400)
    answer = await api.http.post("/customers/acme/credit-overrides", json=override())
    again = await api.http.post("/customers/acme/credit-overrides", json=override())

    assert (answer.status_code, again.status_code) == (201, 200)
    assert answer.json()["orders"] == [order_id]
    credit = answer.json()["credit"]
    assert (credit["credit_limit"], credit["effective_limit"]) == (1000, 2500)
    assert datetime.fromisoformat(credit["effective_until"]) == datetime.fromisoformat(SOON)
    [given] = credit["overrides"]
    assert (given["credit_limit"], given["granted_by"], given["reason"]) == (
        2500,
        "Dana",
        "a good season",
    )


async def test_the_credit_of_a_customer_says_how_it_comes_about(api: Api) -> None:
    await set_limit(api, 1000)
    first, second = await held(api, 900), await held(api, 300)
    await api.http.put("/customers/acme/terms", json=terms(credit_limit=1000))
    await api.http.post("/customers/acme/payments", json=payment(amount=50))
    answer = await api.http.get("/customers/acme/credit")

    assert answer.status_code == 200, answer.text
    credit = answer.json()
    # The first one has its claim, and is about to go on.
    assert [(o["order_id"], o["lacking"]) for o in credit.pop("held_orders")] == [(second, 300)]
    assert await api.rows("SELECT order_id FROM credit_claims") == [(first,)]
    assert credit == {
        "customer_id": "acme",
        "currency": "EUR",
        "credit_limit": 1000,
        "effective_limit": 1000,
        "effective_until": None,
        "exposure": 850,
        "open": 900,
        "unpaid": 0,
        "unapplied": 50,
        "terms": {"terms_days": 60, "delivery": "complete"},
        "overrides": [],
        "unpaid_invoices": [],
        "links": {"self": "/customers/acme/credit", "orders": "/orders?customer=acme"},
    }


@pytest.mark.parametrize(
    ("says", "delivery", "expected"),
    [
        (None, "partial", False),
        (None, "complete", True),
        (False, "complete", False),
        (True, "partial", True),
    ],
)
async def test_an_order_ships_as_it_says_and_else_as_agreed_with_its_customer(
    api: Api, says: bool | None, delivery: str, expected: bool
) -> None:
    await api.http.put("/customers/acme/terms", json=terms(delivery=delivery))
    body = order_body(ship_complete=says)
    placed = (await api.http.post("/orders", json=body)).json()
    assert (await api.http.get(f"/orders/{placed['order_id']}")).json()["ship_complete"] is expected
    details = await (await api.thread(placed["order_id"]).describe()).static_details()
    assert ("only when complete" in (details or "")) is expected


async def test_a_repeat_after_the_terms_have_changed_is_the_same_order(api: Api) -> None:
    body = order_body()
    first = await api.http.post("/orders", json=body)
    await api.http.put("/customers/acme/terms", json=terms(delivery="complete"))
    again = await api.http.post("/orders", json=body)
    spelled_out = await api.http.post("/orders", json=body | {"ship_complete": False})
    other = await api.http.post("/orders", json=body | {"ship_complete": True})

    assert [first.status_code, again.status_code, spelled_out.status_code] == [201, 200, 200]
    assert again.json() == first.json()
    assert other.status_code == 422
    [order] = await api.rows("SELECT ship_complete FROM orders")
    assert order.ship_complete is False


async def test_an_order_that_follows_the_terms_is_not_one_that_ships_in_parts(api: Api) -> None:
    await api.http.put("/customers/acme/terms", json=terms(delivery="complete"))
    body = order_body()
    await api.http.post("/orders", json=body)
    other = await api.http.post("/orders", json=body | {"ship_complete": False})

    assert other.status_code == 422
    assert other.json()["type"] == "urn:ariane:problem:reference-reused"


def _asked(http: httpx.AsyncClient, customer: str) -> list[Any]:
    return [
        http.post(f"/customers/{customer}/payments", json=payment()),
        http.put(f"/customers/{customer}/terms", json=terms()),
        http.post(f"/customers/{customer}/credit-overrides", json=override()),
        http.get(f"/customers/{customer}/credit"),
    ]


async def test_an_unknown_customer_is_not_found_and_one_without_an_account_is_a_conflict(
    untouched: Api,
) -> None:
    for customer, status, kind in (
        ("nobody", 404, "not-found"),
        ("%F0%9F%A6%84", 404, "not-found"),
        ("jeanne", 409, "no-account"),
    ):
        for answer in await asyncio.gather(*_asked(untouched.http, customer)):
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == f"urn:ariane:problem:{kind}"


async def test_without_the_database_every_answer_says_so(untouched: Api) -> None:
    engine = create_engine(f"postgresql+psycopg://ariane:x@127.0.0.1:{free_port()}/ariane")
    async with http_of(create_app(engine, untouched.client, untouched.task_queue)) as http:
        answers = await asyncio.gather(*_asked(http, "acme"))
    await engine.dispose()
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]


async def _is_refused(api: Api, answer: httpx.Response, field: str) -> None:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert field in [error["field"] for error in problem["errors"]], problem
    for table in ("customer_payments", "credit_overrides", "effects"):
        assert await api.rows(f"SELECT 1 FROM {table}") == [], table  # noqa: S608
    [account] = await api.rows("SELECT credit_limit, terms_days FROM accounts")
    assert tuple(account) == (100_000_00, 30)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": None}, "reference"),
        ({"reference": ""}, "reference"),
        ({"reference": "a\u0000"}, "reference"),
        ({"reference": "r" * 65}, "reference"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 1.0}, "amount"),
        ({"amount": "1"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 10**12 + 1}, "amount"),
        ({"currency": "GBP"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"received_at": "2026-03-31T08:00:00"}, "received_at"),
        ({"received_at": 1_700_000_000}, "received_at"),
        ({"invoices": []}, "invoices"),
        ({"invoices": "INV-1"}, "invoices"),
        ({"invoices": ["INV-1"]}, "invoices[0]"),
        ({"invoices": ["INV-1", "INV-2", "INV-1"]}, "invoices[2]"),
        ({"invoices": [""]}, "invoices[0]"),
        ({"invoices": ["INV-1"] * 1001}, "invoices"),
        ({"tip": 1}, "tip"),
    ],
)
async def test_a_wrong_field_of_a_payment_is_named(
    untouched: Api, changes: dict[str, Any], field: str
) -> None:
    answer = await untouched.http.post("/customers/acme/payments", json=payment(**changes))
    await _is_refused(untouched, answer, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credit_limit": -1}, "credit_limit"),
        ({"credit_limit": 10**12 + 1}, "credit_limit"),
        ({"credit_limit": None}, "credit_limit"),
        ({"terms_days": -1}, "terms_days"),
        ({"terms_days": 366}, "terms_days"),
        ({"terms_days": "30"}, "terms_days"),
        ({"delivery": "maybe"}, "delivery"),
        ({"by": ""}, "by"),
        ({"by": "n" * 101}, "by"),
        ({"note": None}, "note"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_field_of_terms_is_named(
    untouched: Api, changes: dict[str, Any], field: str
) -> None:
    answer = await untouched.http.put("/customers/acme/terms", json=terms(**changes))
    await _is_refused(untouched, answer, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credit_limit": -1}, "credit_limit"),
        ({"until": "2026-01-01T00:00:00Z"}, "until"),
        ({"until": "9999-01-01T00:00:00Z"}, "until"),
        ({"until": None}, "until"),
        ({"by": None}, "by"),
        ({"reason": ""}, "reason"),
        ({"note": "why"}, "note"),
    ],
)
async def test_a_wrong_field_of_an_override_is_named(
    untouched: Api, changes: dict[str, Any], field: str
) -> None:
    answer = await untouched.http.post("/customers/acme/credit-overrides", json=override(**changes))
    await _is_refused(untouched, answer, field)
