"""One customer on all channels: what is told of it, how it is found, how a person is forgotten."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from adapters.postgres.search import search
from api.cursors import cursor_at
from cli.stack import PostgresServer, TemporalServer
from tests.support.api import Api, order_body, planned, running_api
from tests.support.stack import copy_of_template

ADA = {
    "name": "Ada Lefèvre-Byron",
    "street": "7 quai des Brumes",
    "city": "Lyon",
    "postal_code": "69003",
    "country": "FR",
    "email": "ada.lb@example.org",
    "phone": "+33 4 78 11 22 33",
}
WHY = {"by": "Marie", "reason": "request 17"}


@pytest.fixture(scope="module")
async def api(
    migrated_postgres: PostgresServer, temporal_server: TemporalServer
) -> AsyncIterator[Api]:
    """One for all: each test has customers of its own."""
    async with (
        copy_of_template(migrated_postgres) as url,
        running_api(url, temporal_server.address) as running,
    ):
        yield running


async def customer(api: Api, currency: str = "EUR") -> str:
    name = f"c-{uuid4().hex}"
    await api.write(
        "INSERT INTO customers (id, segment, language) VALUES (:id, 'business', 'fr')", id=name
    )
    await api.write(
        "INSERT INTO accounts (customer_id, currency, credit_limit, terms_days)"
        " VALUES (:id, :currency, 100000, 30)",
        id=name,
        currency=currency,
    )
    return name


async def placed(api: Api, customer_id: str, **changes: Any) -> str:
    body = order_body(**{"customer_id": customer_id, "ship_to": ADA, **changes})
    answer = await api.http.post("/orders", json=body)
    assert answer.status_code == 201, answer.text
    return f"{body['channel']}:{body['reference']}"


async def ended(api: Api, *orders: str) -> None:
    await api.write(
        "UPDATE orders SET status = 'closed', closed_at = now() WHERE id = ANY(:ids)",
        ids=list(orders),
    )


async def found(api: Api, q: str, limit: int = 20) -> set[tuple[str, str, str]]:
    """What is found, the same by both ways, as (kind, id, matched by)."""
    got = await api.http.get("/search", params={"q": q, "limit": limit})
    posted = await api.http.post("/search", json={"q": q, "limit": limit})
    assert got.status_code == posted.status_code == 200, got.text
    assert got.json() == posted.json()
    return {(hit["kind"], hit["id"], hit["matched"]) for hit in got.json()["hits"]}


async def test_orders_of_every_channel_stand_together_with_what_is_open(api: Api) -> None:
    who = await customer(api)
    web = await placed(api, who)
    edi = await placed(api, who, channel="edi")
    over = await placed(api, who)
    await ended(api, over)

    answer = (await api.http.get(f"/customers/{who}")).json()

    assert [(c["channel"], c["orders"], c["open"]) for c in answer["channels"]] == [
        ("edi", 1, 1),
        ("web", 2, 1),
    ]
    assert [order["order_id"] for order in answer["orders"]] == [over, edi, web]
    assert {(p["order_id"], p["owed"]) for p in answer["promises"]} == {(web, 2), (edi, 2)}
    assert answer["personal_data"] == {"state": "held", "erasure": None}
    assert answer["exposure"]["currency"] == "EUR"
    assert answer["amounts"] == [
        {
            "currency": "EUR",
            "ordered": 900,
            "invoiced": 0,
            "credited": 0,
            "paid": 0,
            "owed": 0,
        }
    ]
    assert ADA["name"] not in str(answer)
    assert (await api.http.get(answer["links"]["orders"])).status_code == 200
    assert (await api.http.get(answer["channels"][0]["links"]["orders"])).json()["orders"][0][
        "order_id"
    ] == edi


async def test_amounts_of_different_currencies_are_never_added(api: Api) -> None:
    who = await customer(api)
    card = {"tender": "card", "payment_token": "tok_1"}
    for currency in ("EUR", "GBP"):
        await placed(api, who, currency=currency, **card)
    answer = (await api.http.get(f"/customers/{who}")).json()
    assert [(a["currency"], a["ordered"]) for a in answer["amounts"]] == [
        ("EUR", 300),
        ("GBP", 300),
    ]


async def test_lists_of_a_customer_are_limited(api: Api) -> None:
    who = await customer(api)
    orders = [await placed(api, who) for _ in range(3)]
    answer = (await api.http.get(f"/customers/{who}", params={"limit": 2})).json()
    assert [order["order_id"] for order in answer["orders"]] == orders[:0:-1]
    assert answer["channels"][0]["orders"] == 3


async def test_customers_are_listed_page_by_page(api: Api) -> None:
    names = {await customer(api) for _ in range(3)}
    seen: list[str] = []
    following: str | None = "/customers?limit=2&segment=business"
    while following:
        page = (await api.http.get(following)).json()
        assert len(page["customers"]) <= 2
        seen += [one["customer_id"] for one in page["customers"]]
        following = page["links"].get("next")
    assert seen == sorted(set(seen))
    assert names < set(seen)


async def test_a_cursor_that_is_no_customer_s_id_is_refused_and_named(api: Api) -> None:
    answer = await api.http.get("/customers", params={"cursor": cursor_at(chr(0))})
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["cursor"]


async def test_an_unknown_customer_is_not_found(api: Api) -> None:
    for answer in (
        await api.http.get("/customers/nobody"),
        await api.http.request("DELETE", "/customers/nobody/personal-data", json=WHY),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_search_says_what_was_found_and_by_what(api: Api) -> None:
    who = await customer(api)
    reference = f"Find-{uuid4().hex[:8]}"
    order = await placed(api, who, reference=reference)
    shipment = await planned(api, order)
    tracking = f"TRK{uuid4().hex[:10].upper()}"
    await api.write(
        "UPDATE shipments SET tracking_number = :number WHERE id = :id",
        number=tracking,
        id=shipment,
    )

    assert await found(api, reference.lower()) == {("order", order, "reference")}
    assert await found(api, reference[:9]) == {("order", order, "reference")}
    assert await found(api, order.upper()) == {("order", order, "order_id")}
    assert await found(api, shipment) == {("order", order, "order_id")}
    assert await found(api, tracking.lower()) == {("shipment", shipment, "tracking_number")}
    assert await found(api, who) == {("customer", who, "customer_id")}
    assert ("product", "BOLT", "sku") in await found(api, "bol")
    assert ("order", order, "sku") in await found(api, "bolt", limit=100)
    assert await found(api, "no such thing at all") == set()


@pytest.mark.parametrize(
    ("q", "matched"),
    [
        ("Odile Quenneville", "name"),
        ("quenn odi", "name"),
        ("QUENNÉVILLE", "name"),
        ("odile.q", "email"),
        ("ODILE.Q@example.org", "email"),
        ("+33 (0)4 99 88 77 66", "phone"),
        ("04.99.88.77.66", "phone"),
    ],
)
async def test_people_are_found_by_what_is_known_of_them(api: Api, q: str, matched: str) -> None:
    who = await customer(api)
    odile = ADA | {
        "name": "Mme Odile Quennéville",
        "email": "odile.q@example.org",
        "phone": "04 99 88 77 66",
    }
    order = await placed(api, who, ship_to=odile)
    assert ("order", order, matched) in await found(api, q)
    await ended(api, order)
    await api.http.request("DELETE", f"/customers/{who}/personal-data", json=WHY)
    assert await found(api, q) == set()


@pytest.mark.parametrize("q", ["", " ", "x", "a" * 101, "ab\u0000"])
async def test_a_search_for_too_little_or_too_much_is_refused(api: Api, q: str) -> None:
    for answer in (
        await api.http.get("/search", params={"q": q}),
        await api.http.post("/search", json={"q": q}),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "q"


@pytest.mark.parametrize(
    "q", ["%%", "__", "':*", "a & !", "\\\\x", "::", ":a", "web:", "100%", "()+"]
)
async def test_nothing_that_is_looked_for_is_taken_for_a_pattern(api: Api, q: str) -> None:
    assert {hit for hit in await found(api, q) if hit[2] != "order_id"} == set()


async def test_what_matches_as_a_whole_comes_first_and_the_rest_is_cut(api: Api) -> None:
    who = await customer(api)
    stem = f"S{uuid4().hex[:8]}"
    orders = [await placed(api, who, reference=f"{stem}{end}") for end in ("-1", "-2", "")]
    answer = (await api.http.get("/search", params={"q": stem, "limit": 2})).json()
    assert [hit["exact"] for hit in answer["hits"]] == [True, False]
    assert answer["hits"][0]["id"] == orders[2]
    assert answer["is_complete"] is False
    whole = (await api.http.get("/search", params={"q": stem, "limit": 3})).json()
    assert whole["is_complete"] is True


async def test_personal_data_are_erased_once_and_the_call_may_be_repeated(api: Api) -> None:
    who = await customer(api)
    orders = [await placed(api, who), await placed(api, who, channel="edi")]
    await ended(api, *orders)
    path = f"/customers/{who}/personal-data"

    before = datetime.now(UTC)
    first = await api.http.request("DELETE", path, json=WHY)
    again = await api.http.request("DELETE", path, json=WHY | {"by": "Ann"})

    assert (first.status_code, first.json()["first"]) == (200, True)
    assert first.json()["erasure"]["orders"] == 2
    assert datetime.fromisoformat(first.json()["erasure"]["at"]) > before
    assert (again.status_code, again.json()["first"]) == (200, False)
    assert again.json()["erasure"] == first.json()["erasure"]
    view = (await api.http.get(f"/customers/{who}")).json()
    assert view["personal_data"] == {"state": "erased", "erasure": first.json()["erasure"]}
    [contact, _] = await api.rows(
        "SELECT * FROM order_contacts WHERE order_id = ANY(:ids)", ids=orders
    )
    held = contact._asdict()
    assert {value for name, value in held.items() if name not in ("order_id", "erased_at")} == {
        "",
        None,
        0,
    }
    french = (await api.http.get(f"/orders/{orders[0]}", params={"language": "fr"})).json()
    assert french["timeline"][-1]["text"] == (
        "Données personnelles effacées par Marie : request 17."
    )


async def test_an_open_order_keeps_what_it_needs_of_all_of_them(api: Api) -> None:
    who = await customer(api)
    over, under_way = await placed(api, who), await placed(api, who)
    await ended(api, over)

    refused = await api.http.request("DELETE", f"/customers/{who}/personal-data", json=WHY)

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:ariane:problem:personal-data-needed"
    assert refused.json()["orders"] == [under_way]
    assert under_way in refused.json()["detail"]
    view = (await api.http.get(f"/customers/{who}")).json()
    assert view["personal_data"]["state"] == "held"


async def test_an_order_placed_since_is_held_and_erased_anew(api: Api) -> None:
    who = await customer(api)
    path = f"/customers/{who}/personal-data"
    await ended(api, await placed(api, who))
    await api.http.request("DELETE", path, json=WHY)
    later = await placed(api, who)
    assert (await api.http.get(f"/customers/{who}")).json()["personal_data"]["state"] == "held"
    await ended(api, later)
    second = (await api.http.request("DELETE", path, json=WHY)).json()
    assert (second["first"], second["erasure"]["orders"]) == (True, 1)


async def test_a_customer_of_whom_nothing_is_known_has_nothing_to_erase(api: Api) -> None:
    who = await customer(api)
    answer = await api.http.request("DELETE", f"/customers/{who}/personal-data", json=WHY)
    assert (answer.status_code, answer.json()["first"]) == (200, False)
    assert answer.json()["erasure"] is None
    assert (await api.http.get(f"/customers/{who}")).json()["personal_data"] == {
        "state": "none",
        "erasure": None,
    }


async def test_why_they_are_erased_does_not_repeat_them(api: Api) -> None:
    who = await customer(api)
    order = await placed(api, who)
    await ended(api, order)
    reason = "Ada Lefevre Byron (ADA.LB@example.org) asked for it by 04 78 11 22 33"
    answer = await api.http.request(
        "DELETE", f"/customers/{who}/personal-data", json={"by": "Marie", "reason": reason}
    )
    assert answer.json()["erasure"]["reason"] == "[...] ([...]) asked for it by [...]"


async def test_what_was_still_to_be_sent_to_an_erased_address_is_given_up(api: Api) -> None:
    who = await customer(api)
    order = await placed(api, who)
    await api.write(
        "INSERT INTO notices (order_id, occasion, template, channel, detail, queued_at)"
        " VALUES (:id, 'x', 'confirmed', 'email', '{}', now())",
        id=order,
    )
    await ended(api, order)
    await api.http.request("DELETE", f"/customers/{who}/personal-data", json=WHY)
    [notice] = (await api.http.get(f"/customers/{who}")).json()["notices"]
    assert (notice["sent_at"], notice["failure"]) == (None, "erased")
    assert notice["given_up_at"] is not None


@pytest.mark.parametrize("body", [{}, {"by": "Marie"}, {"by": "", "reason": "x"}])
async def test_who_and_why_must_be_said(api: Api, body: dict[str, str]) -> None:
    who = await customer(api)
    answer = await api.http.request("DELETE", f"/customers/{who}/personal-data", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "q", ["10042", "web:10042", "ada.lb@example.org", "Ada Lefèvre", "+33 4 78 11 22 33", "BOLT"]
)
async def test_no_search_reads_a_whole_table(api: Api, q: str) -> None:
    asked: list[tuple[str, Any]] = []

    def remember(_conn: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(api.engine.sync_engine, "before_cursor_execute", remember)
    try:
        await search(api.engine, q, 20)
    finally:
        event.remove(api.engine.sync_engine, "before_cursor_execute", remember)
    [(statement, values)] = [one for one in asked if "hits" in one[0]]
    async with api.engine.connect() as conn:
        # Tables as small as these are read as a whole wherever that is possible.
        await conn.exec_driver_sql("SET enable_seqscan = off")
        found = await conn.exec_driver_sql(f"EXPLAIN (COSTS OFF) {statement}", values)
        plan = "\n".join(found.scalars())
        await conn.exec_driver_sql("RESET enable_seqscan")
    assert "Seq Scan" not in plan
