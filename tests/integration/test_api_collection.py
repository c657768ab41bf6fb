"""Orders that are fetched at a store, as channels, stores and people ask for them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.postgres.network import Location, Network, load_network
from api.placing import new_order
from api.schemas import PlaceOrder
from cli.stack import PostgresServer, TemporalServer
from tests.support.api import Api, order_body, planned, running_api
from tests.support.stack import copy_of_template

STORE = Location(
    "BOURSE", "Paris Bourse", "store", "FR", "75002", 48.87, 2.34, "Europe/Paris", 100, collect=True
)
CONTACT = {"name": "Camille Zorglub", "email": "camille@example.com"}
AGREED = {"location_id": "BOURSE", "agreed_by": "Marie", "note": "she works nearby"}
# Of the release before this field existed: a retry of an order placed then still matches.
BODY_OF_BEFORE = {
    "channel": "web",
    "reference": "10042",
    "customer_id": "acme",
    "currency": "EUR",
    "ship_to": {
        "name": "Camille Zorglub",
        "street": "12 rue des Lilas",
        "city": "Lyon",
        "postal_code": "69003",
        "country": "FR",
        "email": "camille@example.com",
    },
    "lines": [{"sku": "BOLT", "quantity": 2, "unit_price": 150}],
    "requested_date": "2026-05-01",
}
HASH_OF_BEFORE = "8c44317d8f6c348b0ec4163a6b1e24160fae031f0eec429084e777258633537a"


@pytest.fixture(scope="module")
async def api(
    migrated_postgres: PostgresServer, temporal_server: TemporalServer
) -> AsyncIterator[Api]:
    """One for all: each test has an order of its own."""
    async with (
        copy_of_template(migrated_postgres) as url,
        running_api(url, temporal_server.address) as running,
    ):
        async with running.engine.begin() as conn:
            await load_network(conn, Network(locations=[STORE]))
        yield running


def to_fetch(**changes: Any) -> dict[str, Any]:
    asked = {"type": "collect", "collect_at": "BOURSE", "ship_to": CONTACT}
    return order_body(**(asked | changes))


async def placed(api: Api, **changes: Any) -> str:
    answer = await api.http.post("/orders", json=to_fetch(**changes))
    assert answer.status_code == 201, answer.text
    order_id: str = answer.json()["order_id"]
    return order_id


@pytest.mark.parametrize("kind", ["collect", "ship_to_store"])
async def test_who_fetches_an_order_needs_a_name_and_an_address_to_write_to(
    api: Api, kind: str
) -> None:
    order_id = await placed(api, type=kind)
    [order] = await api.rows("SELECT * FROM orders WHERE id = :id", id=order_id)
    assert (order.type, order.collect_at) == (kind, "BOURSE")
    assert (order.country, order.postal_code) == ("FR", "75002")
    shown = (await api.http.get(f"/orders/{order_id}")).json()
    assert (shown["type"], shown["collect_at"]) == (kind, "BOURSE")
    assert shown["links"]["collect_at"] == f"/orders/{order_id}/collect-at"
    described = await api.thread(order_id).describe()
    assert "**Fetched at**: Paris Bourse" in (await described.static_details() or "")


async def test_who_lives_elsewhere_keeps_the_address(api: Api) -> None:
    order_id = await placed(api, ship_to=order_body()["ship_to"])
    [order] = await api.rows("SELECT * FROM orders WHERE id = :id", id=order_id)
    assert (order.country, order.postal_code) == ("FR", "69003")


async def test_a_delivery_says_that_it_is_one(api: Api) -> None:
    body = order_body()
    order_id = (await api.http.post("/orders", json=body)).json()["order_id"]
    shown = (await api.http.get(f"/orders/{order_id}")).json()
    assert (shown["type"], shown["collect_at"]) == ("delivery", None)
    assert "collect_at" not in shown["links"]


async def test_the_same_order_again_gets_the_same_answer_and_another_store_is_refused(
    api: Api,
) -> None:
    body = to_fetch()
    assert (await api.http.post("/orders", json=body)).status_code == 201
    assert (await api.http.post("/orders", json=body)).status_code == 200
    other = await api.http.post("/orders", json=body | {"type": "ship_to_store"})
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "reference"


def test_a_body_from_before_there_were_stores_means_what_it_meant() -> None:
    order = new_order(PlaceOrder.model_validate(BODY_OF_BEFORE), None)
    assert order.body_hash == HASH_OF_BEFORE
    said = PlaceOrder.model_validate(BODY_OF_BEFORE | {"type": "delivery", "collect_at": None})
    assert new_order(said, None).body_hash == HASH_OF_BEFORE


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"collect_at": None}, "collect_at", "required when type is collect"),
        ({"collect_at": "NOWHERE"}, "collect_at", "unknown location 'NOWHERE'"),
        ({"collect_at": "PAR"}, "collect_at", "customers cannot fetch at location 'PAR'"),
        ({"collect_at": ""}, "collect_at", "string should have at least 1 character"),
        ({"collect_at": 7}, "collect_at", "input should be a valid string"),
        ({"type": "drone"}, "type", "input should be 'delivery', 'collect' or 'ship_to_store'"),
        ({"type": "delivery"}, "collect_at", "only goes with a type that is fetched"),
        ({"type": None}, "collect_at", "only goes with a type that is fetched"),
        (
            {"ship_to": {"name": "Camille"}},
            "ship_to.email",
            "required, or a phone: the customer is told when to fetch it",
        ),
        ({"ship_to": {"email": "camille@example.com"}}, "ship_to.name", "required"),
    ],
)
async def test_what_is_wrong_with_an_order_to_fetch_names_the_field(
    api: Api, changes: dict[str, Any], field: str, message: str
) -> None:
    answer = await api.http.post("/orders", json=to_fetch(**changes))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"field": field, "message": message} in answer.json()["errors"]


@pytest.mark.parametrize("name", ["street", "city", "postal_code", "country"])
async def test_what_is_sent_needs_the_whole_address(api: Api, name: str) -> None:
    address = {k: v for k, v in order_body()["ship_to"].items() if k != name}
    answer = await api.http.post("/orders", json=order_body(ship_to=address))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": f"ship_to.{name}", "message": "required"}]


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"location_id": "NOWHERE"}, "location_id", "unknown location 'NOWHERE'"),
        ({"location_id": "PAR"}, "location_id", "customers cannot fetch at location 'PAR'"),
        ({"agreed_by": None}, "agreed_by", "input should be a valid string"),
        ({"note": " "}, "note", "string should have at least 1 character"),
        ({"why": "because"}, "why", "unknown field"),
    ],
)
async def test_what_is_wrong_with_another_store_names_the_field(
    api: Api, changes: dict[str, Any], field: str, message: str
) -> None:
    order_id = await placed(api)
    answer = await api.http.post(f"/orders/{order_id}/collect-at", json=AGREED | changes)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "message": message}]


async def test_an_order_that_does_not_exist_is_fetched_nowhere(api: Api) -> None:
    answer = await api.http.post("/orders/web:nobody/collect-at", json=AGREED)
    assert answer.status_code == 404


def collected(shipment: str) -> dict[str, Any]:
    return {
        "event_id": "e-1",
        "kind": "collected",
        "reference": shipment,
        "occurred_at": "2026-03-31T10:00:00+02:00",
    }


async def test_a_parcel_is_not_fetched_where_it_is_sent_from(api: Api) -> None:
    shipment = await planned(api, await placed(api, type="ship_to_store"))
    await api.write(
        "UPDATE shipments SET collect_at = 'BOURSE' WHERE id = :shipment", shipment=shipment
    )
    sender = await api.http.post("/webhooks/warehouses/PAR", json=collected(shipment))
    assert sender.status_code == 422
    assert sender.json()["errors"] == [
        {"field": "kind", "message": f"shipment {shipment!r} is not fetched here"}
    ]
    picked = collected(shipment) | {"kind": "picked"}
    store = await api.http.post("/webhooks/warehouses/BOURSE", json=picked)
    assert store.status_code == 404, "the store has nothing to pick"
    store = await api.http.post("/webhooks/warehouses/BOURSE", json=collected(shipment))
    assert (store.status_code, store.json()["signalled"]) == (202, True)


async def test_a_store_that_hands_over_what_has_expired_is_told_so(api: Api) -> None:
    shipment = await planned(api, await placed(api))
    await api.write(
        "UPDATE shipments SET collect_at = 'BOURSE', location_id = 'BOURSE', status = 'expired'"
        " WHERE id = :shipment",
        shipment=shipment,
    )
    answer = await api.http.post("/webhooks/warehouses/BOURSE", json=collected(shipment))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:ariane:problem:collection-expired"
