import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from api.placing import new_order
from api.schemas import PlaceOrder
from cli.stack import TemporalServer
from tests.support.api import Api, eventually, order_body, planned, running_api
from tests.support.order_double import OrderDouble


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        yield running


async def test_an_order_is_placed_and_answered_in_one_call(api: Api) -> None:
    body = order_body()
    answer = await api.http.post("/orders", json=body)

    order_id = f"web:{body['reference']}"
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/orders/{order_id}"
    assert answer.json() == {
        "order_id": order_id,
        "status": "in_fulfilment",
        "promise": "2026-03-31T09:00:00Z",
        "shipments": [
            {
                "shipment_id": f"{order_id}:1",
                "location_id": "PAR",
                "location_name": "Paris",
                "carrier": "swift",
                "service": "day",
                "promise": "2026-03-31T09:00:00Z",
                "why": "nearest",
                "pick_by": None,
                "dispatch_by": None,
                "collect_at": None,
                "lines": [{"line_id": "1", "sku": "BOLT", "quantity": 2}],
            }
        ],
        "backordered": [],
        "expected": [],
        "expected_by": None,
        "hold": None,
        "links": {"self": f"/orders/{order_id}"},
    }


async def test_the_books_hold_the_order_with_its_lines_contact_and_first_event(api: Api) -> None:
    lines = [
        {"sku": "BOLT", "quantity": 2, "unit_price": 150},
        {"sku": "NUT", "quantity": 3, "unit_price": 0, "currency": "EUR"},
        {"sku": "BOLT", "quantity": 1, "unit_price": 140, "line_id": "again"},
    ]
    body = order_body(lines=lines, requested_date="2026-05-01", critical=True)
    await api.http.post("/orders", json=body)

    written = await api.rows("SELECT * FROM order_lines ORDER BY position")
    assert [(row.line_id, row.sku, row.ordered, row.backordered) for row in written] == [
        ("1", "BOLT", 2, 2),
        ("2", "NUT", 3, 3),
        ("again", "BOLT", 1, 1),
    ]
    [order] = await api.rows("SELECT * FROM orders")
    assert (order.total, order.status, order.policy_version) == (440, "placing", "test-1")
    assert (order.language, order.critical, str(order.requested_date)) == ("en", True, "2026-05-01")
    [contact] = await api.rows("SELECT * FROM order_contacts")
    assert (contact.name, contact.city) == ("Camille Zorglub", "Lyon")
    [event] = await api.rows("SELECT * FROM order_events")
    assert (event.kind, event.detail["total"]) == ("received", 440)


async def test_the_workflow_is_found_by_its_words_and_knows_no_personal_data(api: Api) -> None:
    body = order_body(critical=True)
    await api.http.post("/orders", json=body)

    handle = api.thread(f"web:{body['reference']}")
    described = await handle.describe()
    assert described.typed_search_attributes
    assert "web order" in (await described.static_summary() or "")
    assert "FR 69003" in (await described.static_details() or "")
    assert described.raw_info.priority.priority_key == 1
    history = (await handle.fetch_history()).to_json()
    for private in ("Zorglub", "Lilas", "example.com", "72 00"):
        assert private not in history


async def test_a_repeat_is_answered_as_the_first_time(api: Api) -> None:
    body = order_body()
    first = await api.http.post("/orders", json=body)
    spelled_out = body | {"tender": "account", "ship_complete": False}
    spelled_out["lines"] = [line | {"line_id": "1"} for line in body["lines"]]
    again = await api.http.post("/orders", json=spelled_out)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_twenty_identical_orders_at_once_make_one_workflow_and_one_answer(api: Api) -> None:
    body = order_body()
    answers = await asyncio.gather(*(api.http.post("/orders", json=body) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert len(await api.rows("SELECT 1 FROM orders")) == 1
    query = f"WorkflowId = 'order/web/{body['reference']}'"

    async def listed() -> bool:
        return (await api.client.count_workflows(query)).count == 1

    await eventually(listed)


async def test_another_body_under_the_same_reference_is_refused(api: Api) -> None:
    body = order_body()
    await api.http.post("/orders", json=body)
    changed = body | {"lines": [{"sku": "BOLT", "quantity": 3, "unit_price": 150}]}
    answer = await api.http.post("/orders", json=changed)

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:ariane:problem:reference-reused"
    assert answer.json()["errors"][0]["field"] == "reference"


async def test_an_idempotency_key_stands_for_one_order(api: Api) -> None:
    body, other = order_body(), order_body()
    key = {"Idempotency-Key": "4f1c"}
    first = await api.http.post("/orders", json=body, headers=key)
    again = await api.http.post("/orders", json=body, headers=key)
    reused = await api.http.post("/orders", json=other, headers=key)
    elsewhere = await api.http.post("/orders", json=other | {"channel": "edi"}, headers=key)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert reused.status_code == 422
    assert reused.json()["errors"][0]["field"] == "Idempotency-Key"
    assert elsewhere.status_code == 201
    assert len(await api.rows("SELECT 1 FROM orders")) == 2


async def test_orders_racing_for_one_idempotency_key_leave_one_order(api: Api) -> None:
    key = {"Idempotency-Key": "race"}
    answers = await asyncio.gather(
        *(api.http.post("/orders", json=order_body(), headers=key) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    assert len(await api.rows("SELECT 1 FROM orders")) == 1


async def test_a_refused_order_leaves_its_idempotency_key_free(api: Api) -> None:
    key = {"Idempotency-Key": "later"}
    body = order_body()
    refused = await api.http.post("/orders", json=body | {"customer_id": "nobody"}, headers=key)
    mended = await api.http.post("/orders", json=body, headers=key)

    assert (refused.status_code, mended.status_code) == (422, 201)


async def test_a_repeat_after_the_order_has_closed_is_answered_by_the_books(api: Api) -> None:
    body = order_body()
    first = (await api.http.post("/orders", json=body)).json()
    order_id = first["order_id"]
    await planned(api, order_id)
    await api.write("UPDATE order_lines SET backordered = 0")
    await api.write("UPDATE orders SET status = 'closed', promise = :at", at=_then(first))
    await api.finish(order_id)
    again = await api.http.post("/orders", json=body)

    assert again.status_code == 200
    assert again.json() == first | {"status": "closed"}


async def test_a_workflow_that_ended_early_is_not_started_again(api: Api) -> None:
    body = order_body()
    order_id = (await api.http.post("/orders", json=body)).json()["order_id"]
    await api.finish(order_id)
    again = await api.http.post("/orders", json=body)

    assert again.status_code == 200
    assert again.json()["order_id"] == order_id


async def test_a_repeat_after_continuing_as_new_is_answered_as_the_first_time(api: Api) -> None:
    body = order_body()
    first = await api.http.post("/orders", json=body)
    thread = api.thread(first.json()["order_id"])
    run = (await thread.describe()).run_id
    await thread.signal(OrderDouble.continue_as_new)

    async def goes_on() -> bool:
        return (await thread.describe()).run_id != run

    await eventually(goes_on)
    again = await api.http.post("/orders", json=body)
    assert again.status_code == 200
    assert again.json() == first.json()


async def test_an_order_keeps_the_policy_it_was_placed_under(api: Api) -> None:
    body = order_body()
    await api.http.post("/orders", json=body)
    await api.write("DELETE FROM policy_assignments")
    again = await api.http.post("/orders", json=body)
    new = await api.http.post("/orders", json=order_body())

    assert again.status_code == 200
    assert new.status_code == 503
    assert "policy" in new.json()["detail"]


async def test_a_card_order_of_a_consumer_speaks_the_consumers_language(api: Api) -> None:
    body = order_body(customer_id="jeanne", tender="card", payment_token="tok-1", currency="GBP")
    answer = await api.http.post("/orders", json=body)

    assert answer.status_code == 201, answer.text
    [order] = await api.rows("SELECT tender, language, currency FROM orders")
    assert tuple(order) == ("card", "fr", "GBP")


def test_two_bodies_that_mean_the_same_have_the_same_hash() -> None:
    body = order_body()

    def hashed(**changes: object) -> str:
        return new_order(PlaceOrder.model_validate(body | changes), None).body_hash

    assert hashed() == hashed(tender="account", critical=False)
    assert hashed() != hashed(critical=True)
    assert hashed() != hashed(language="fr")


def _then(placed: dict[str, str]) -> datetime:
    return datetime.fromisoformat(placed["promise"])
