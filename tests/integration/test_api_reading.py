from collections.abc import AsyncIterator

import pytest

from cli.stack import TemporalServer
from tests.support.api import Api, order_body, planned, running_api


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        yield running


async def test_an_order_shows_all_that_the_books_know_in_words(api: Api) -> None:
    order_id = (await api.http.post("/orders", json=order_body())).json()["order_id"]
    await planned(api, order_id, 10)
    given_up = await planned(api, order_id, 9)
    await api.write("UPDATE shipments SET status = 'abandoned' WHERE id = :id", id=given_up)
    await api.write(
        "UPDATE reservations SET held = 0, released = 2 WHERE shipment_id = :id", id=given_up
    )
    english = (await api.http.get(f"/orders/{order_id}")).json()
    french = (await api.http.get(f"/orders/{order_id}?language=fr")).json()
    header = {"Accept-Language": "de, fr-CA;q=0.8, en;q=0.5"}
    preferred = (await api.http.get(f"/orders/{order_id}", headers=header)).json()

    assert english["ship_to"] == {"country": "FR", "postal_code": "69003"}
    assert english["lines"][0]["description"] == "Bolt M8"
    ids = [shipment["shipment_id"] for shipment in english["shipments"]]
    assert ids == [f"{order_id}:9", f"{order_id}:10"]
    assert english["shipments"][0]["lines"] == [{"line_id": "1", "sku": "BOLT", "quantity": 2}]
    assert english["shipments"][1]["tracking_number"] == "TRACK-1"
    assert english["timeline"][0]["text"].startswith("Received from channel web")
    assert french["timeline"][0]["text"].startswith("Reçue du canal web")
    assert preferred["timeline"] == french["timeline"]
    assert "Zorglub" not in str(english)


async def test_an_unknown_order_is_not_found(api: Api) -> None:
    for path in ("/orders/web:none", "/orders/nonsense", "/orders/%F0%9F%A6%84"):
        answer = await api.http.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_orders_are_listed_page_by_page_the_latest_first(api: Api) -> None:
    placed = [
        (await api.http.post("/orders", json=order_body())).json()["order_id"] for _ in range(5)
    ]
    other = order_body(channel="edi", customer_id="jeanne", tender="card", payment_token="t")
    await api.http.post("/orders", json=other)
    # Two of the same moment must not fall between two pages.
    await api.write("UPDATE orders SET ordered_at = '2026-01-01T00:00:00Z' WHERE channel = 'web'")
    seen: list[str] = []
    path = "/orders?customer=acme&channel=web&status=placing&limit=2"
    while path:
        page = (await api.http.get(path)).json()
        seen += [order["order_id"] for order in page["orders"]]
        path = page["links"].get("next")

    assert seen == sorted(placed, reverse=True)
    everyone = (await api.http.get("/orders")).json()
    assert len(everyone["orders"]) == 6
    assert everyone["orders"][0]["channel"] == "edi"
    assert everyone["next"] is None
    assert (await api.http.get("/orders?customer=nobody")).json()["orders"] == []


@pytest.mark.parametrize(
    "query",
    [
        "status=asleep",
        "limit=0",
        "limit=201",
        "limit=many",
        "customer=%00",
        "cursor=%00",
        "cursor=AAAA",
        "cursor=MjAyNi0wMS0wMSBhOmI=",
        "cursor=é",
        "channel=",
    ],
)
async def test_a_list_that_is_asked_for_wrongly_is_refused(api: Api, query: str) -> None:
    answer = await api.http.get(f"/orders?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


async def test_a_held_order_says_why_and_goes_on_once_a_person_releases_it(api: Api) -> None:
    body = order_body()
    body["reference"] = f"held-{body['reference']}"
    placed = (await api.http.post("/orders", json=body)).json()
    assert placed["hold"]["reason"] == "credit_limit"
    release = placed["links"]["release_hold"]
    decision = {"released_by": "Dana", "note": "paid yesterday"}
    first = await api.http.post(release, json=decision)
    second = await api.http.post(release, json=decision)

    assert first.status_code == 200, first.text
    assert first.json()["status"] == "in_fulfilment"
    assert second.status_code == 409
    assert second.json()["type"] == "urn:ariane:problem:not-on-hold"
    assert await api.seen(placed["order_id"]) == ["Dana: paid yesterday"]


async def test_only_an_order_on_hold_can_be_released(api: Api) -> None:
    decision = {"released_by": "Dana", "note": "go"}
    order_id = (await api.http.post("/orders", json=order_body())).json()["order_id"]
    running = await api.http.post(f"/orders/{order_id}/hold/release", json=decision)
    await api.finish(order_id)
    ended = await api.http.post(f"/orders/{order_id}/hold/release", json=decision)
    await api.write("UPDATE orders SET status = 'closed'")
    closed = await api.http.post(f"/orders/{order_id}/hold/release", json=decision)
    unknown = await api.http.post("/orders/web:none/hold/release", json=decision)
    unsigned = await api.http.post(f"/orders/{order_id}/hold/release", json={"note": "go"})

    statuses = [answer.status_code for answer in (running, ended, closed, unknown, unsigned)]
    assert statuses == [409, 409, 409, 404, 422]
