"""What a cart would be promised, asked of the API."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from adapters.postgres.agreements import AgreementVersion, Party, publish_agreement
from adapters.postgres.engine import create_engine
from adapters.postgres.network import (
    CarrierService,
    Location,
    Network,
    Receipt,
    load_network,
    receive_stock,
)
from adapters.postgres.policies import activate
from adapters.postgres.tables import metadata
from adapters.temporal import connect
from api.app import create_app
from domain.calendar import LocationCalendar
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.policies import Assignment
from domain.pricing import Agreement, CarrierServiceRight
from tests.support.api import http_of
from tests.support.house import NETWORK, SHORT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import httpx
    from sqlalchemy.ext.asyncio import AsyncEngine

    from cli.stack import TemporalServer

PARIS = {"country": "FR", "postal_code": "75001"}
_ALL_WEEK = LocationCalendar.plain("Europe/Paris", 24).model_copy(
    update={"week": (LocationCalendar.plain("Europe/Paris", 24).week[0],) * 7}
)


def _store(code: str, latitude: float) -> Location:
    return Location(
        id=code,
        name=code.title(),
        kind="store",
        country="FR",
        postal_code="75002",
        latitude=latitude,
        longitude=2.34,
        timezone="Europe/Paris",
        handling_cost=5000,
        calendar=_ALL_WEEK,
        collect=True,
    )


class Shop:
    """An API on a network with two stores, and what stands behind it."""

    def __init__(self, engine: AsyncEngine, http: httpx.AsyncClient) -> None:
        self.engine = engine
        self.http = http

    async def stock(self, **units: int) -> None:
        receipts = [
            Receipt(f"SKU-{key.split('_')[1]}", key.split("_")[0], quantity)
            for key, quantity in units.items()
        ]
        async with self.engine.begin() as conn:
            await receive_stock(conn, receipts, "opening", datetime.now(UTC))

    async def load(self, **rows: Any) -> None:
        async with self.engine.begin() as conn:
            await load_network(conn, Network(**rows))

    async def policies(
        self, policies: Sequence[OrderPolicy], assignments: Sequence[Assignment]
    ) -> None:
        async with self.engine.begin() as conn:
            await activate(conn, policies, assignments)

    async def ask(self, *lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
        response = await self.http.post("/promise", json=cart(*lines, **changes))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def content(self) -> dict[str, list[str]]:
        async with self.engine.connect() as conn:
            return {
                table.name: sorted(str(r) for r in await conn.execute(table.select()))
                for table in metadata.sorted_tables
            }


def cart(*lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    body = {
        "channel": "web",
        "customer_id": "ACME",
        "ship_to": PARIS,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


@pytest.fixture
async def shop(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Shop]:
    engine = create_engine(database_url)
    client = await connect(temporal_server.address, "default", lazy=True)
    try:
        async with engine.begin() as conn:
            await load_network(conn, NETWORK)
            await load_network(
                conn, Network(locations=[_store("near", 48.87), _store("far", 48.99)])
            )
            await activate(conn, [SHORT], [Assignment(SHORT.version)])
        async with http_of(create_app(engine, client, "none")) as http:
            yield Shop(engine, http)
    finally:
        await engine.dispose()


def _delivered(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [option for option in answer["options"] if option["type"] == "delivery"]


def _collected(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [option for option in answer["options"] if option["type"] == "collect"]


async def test_a_cart_is_offered_the_cheapest_and_the_fastest_way(shop: Shop) -> None:
    await shop.stock(LIL_1=5)
    answer = await shop.ask(("SKU-1", 2))
    cheap, fast = _delivered(answer)
    assert (cheap["best"], cheap["shipments"][0]["carrier"]) == (
        ["cheapest", "greenest"],
        "colibri",
    )
    assert (fast["best"], fast["shipments"][0]["carrier"]) == (["fastest"], "falcon")
    assert fast["promise"] < cheap["promise"]
    assert cheap["price"] == {"amount": 700, "currency": "EUR", "parcel": 600, "handling": 100}
    assert cheap["shipments"][0]["lines"] == [{"line": 1, "sku": "SKU-1", "quantity": 2}]
    assert (cheap["complete"], cheap["missing"]) == (True, [])
    assert answer["obstacle"] is None


async def test_only_ways_that_the_customers_agreement_allows_are_offered(shop: Shop) -> None:
    await shop.stock(LIL_1=5)
    agreement = AgreementVersion(
        agreement_id="acme",
        version=1,
        party=Party(customer_id="ACME"),
        terms=Agreement(services=(CarrierServiceRight(carrier="falcon", service="express"),)),
        valid_from=date(2020, 1, 1),
    )
    async with shop.engine.begin() as conn:
        await publish_agreement(conn, agreement, datetime(2020, 1, 1, tzinfo=UTC))
    [only] = _delivered(await shop.ask(("SKU-1", 1)))
    assert only["shipments"][0]["carrier"] == "falcon"
    assert len(_delivered(await shop.ask(("SKU-1", 1), customer_id=None))) == 2


async def test_one_way_that_is_best_in_everything_is_offered_once(shop: Shop) -> None:
    await shop.stock(LIL_1=5)
    async with shop.engine.begin() as conn:
        await conn.execute(text("DELETE FROM carrier_services WHERE carrier = 'falcon'"))
    [only] = _delivered(await shop.ask(("SKU-1", 1)))
    assert only["best"] == ["cheapest", "fastest", "greenest"]


async def test_the_greenest_way_may_be_another_location_and_service(shop: Shop) -> None:
    await shop.stock(LIL_1=5, LYO_1=5)
    barge = CarrierService(
        "barge", "slow", "Barge", "FR", "FR", 900, 100, 3, 30_000, co2_grams_per_tkm=30
    )
    colibri = CarrierService(
        "colibri", "standard", "Colibri", "FR", "FR", 500, 100, 2, 30_000, co2_grams_per_tkm=900
    )
    falcon = CarrierService(
        "falcon", "express", "Falcon", "FR", "FR", 1500, 200, 1, 30_000, co2_grams_per_tkm=900
    )
    await shop.load(services=[barge, colibri, falcon])
    cheap, fast, green = _delivered(await shop.ask(("SKU-1", 2)))
    assert [cheap["best"], fast["best"], green["best"]] == [["cheapest"], ["fastest"], ["greenest"]]
    assert green["shipments"][0]["carrier"] == "barge"
    # A kilogram over 203 km, from Lille.
    assert (green["co2_grams"], green["shipments"][0]["distance_km"]) == (7, 203)
    assert cheap["co2_grams"] > 100
    assert cheap["co2_grams"] == sum(s["co2_grams"] for s in cheap["shipments"])


async def test_an_offer_holds_until_the_cut_off_or_as_long_as_its_policy_says(shop: Shop) -> None:
    await shop.stock(LIL_1=5)
    hour = SHORT.model_copy(update={"version": "hour", "promise_validity": timedelta(days=400)})
    answer = await shop.ask(("SKU-1", 1))
    for option in _delivered(answer):
        ends = datetime.fromisoformat(answer["at"]) + timedelta(minutes=15)
        assert datetime.fromisoformat(option["valid_until"]) == min(
            ends, datetime.fromisoformat(option["order_by"])
        )
    await shop.policies([hour], [Assignment("hour")])
    for option in _delivered(await shop.ask(("SKU-1", 1))):
        assert option["valid_until"] == option["order_by"]


async def test_what_is_missing_is_said_with_its_date(shop: Shop) -> None:
    await shop.stock(LIL_1=2)
    due = (datetime.now(UTC) + timedelta(days=10)).replace(microsecond=0)
    async with shop.engine.begin() as conn:
        await conn.execute(
            text(
                "INSERT INTO supplies (id, sku, location_id, units, received, claimed, due,"
                " confidence) VALUES ('PO', 'SKU-1', 'LIL', 2, 0, 0, :due, 1)"
            ),
            {"due": due},
        )
    cheap, fast = _delivered(await shop.ask(("SKU-1", 5)))
    for option in (cheap, fast):
        assert not option["complete"]
        [missing] = option["missing"]
        assert (missing["line"], missing["quantity"]) == (1, 3)
        [coming] = missing["coming"]
        assert (coming["quantity"], coming["supply_id"]) == (2, "PO")
        assert option["promise"] == coming["promise"] > due.isoformat()
    assert sum(s["lines"][0]["quantity"] for s in cheap["shipments"]) == 2


async def test_what_nobody_has_or_expects_has_no_option_and_a_reason(shop: Shop) -> None:
    answer = await shop.ask(("SKU-1", 1))
    assert answer["options"] == []
    assert answer["obstacle"] == "there is not enough of SKU-1 that this order may take"
    french = await shop.http.post(
        "/promise", json=cart(("SKU-1", 1)), headers={"accept-language": "fr"}
    )
    assert "SKU-1" in french.json()["obstacle"]
    assert french.json()["obstacle"] != answer["obstacle"]


async def test_stores_that_have_all_of_it_are_offered_for_collection_the_nearest_first(
    shop: Shop,
) -> None:
    await shop.stock(near_1=5, far_1=5, far_2=1)
    both = _collected(await shop.ask(("SKU-1", 1)))
    assert [option["collect_at"] for option in both] == ["near", "far"]
    assert both[0]["distance_km"] < both[1]["distance_km"]
    assert both[0]["shipments"][0]["carrier"] == ""
    assert (both[0]["price"]["parcel"], both[0]["co2_grams"]) == (0, 0)
    assert both[0]["collect_name"] == "Near"
    [one] = _collected(await shop.ask(("SKU-1", 1), ("SKU-2", 1)))
    assert one["collect_at"] == "far"


async def test_nobody_is_sent_abroad_to_fetch(shop: Shop) -> None:
    await shop.stock(near_1=5)
    ghent = {"country": "BE", "postal_code": "9000"}
    assert _collected(await shop.ask(("SKU-1", 1), ship_to=ghent)) == []


async def test_a_store_that_is_asked_for_offers_its_own_stock_and_what_is_sent_there(
    shop: Shop,
) -> None:
    await shop.stock(near_1=5, LIL_2=5)
    own, *sent = (await shop.ask(("SKU-1", 1), ship_to=None, collect_at="near"))["options"]
    assert (own["type"], own["complete"], own["collect_at"]) == ("collect", True, "near")
    assert [option["type"] for option in sent] == ["ship_to_store"]
    answer = await shop.ask(("SKU-2", 1), ship_to=None, collect_at="near")
    assert {option["type"] for option in answer["options"]} == {"ship_to_store"}
    assert answer["options"][0]["shipments"][0]["location_id"] == "LIL"


async def test_each_way_has_the_policy_of_such_an_order(shop: Shop) -> None:
    await shop.stock(LIL_1=5, LYO_1=5, near_1=5)
    only_lyon = SourcingPolicy(max_distance_km=0, relaxation=(), kinds=())
    policies = [
        SHORT.model_copy(update={"version": "strict", "sourcing": only_lyon}),
        SHORT.model_copy(update={"version": "short", "promise_validity": timedelta(seconds=1)}),
        SHORT.model_copy(update={"version": "rest"}),
    ]
    await shop.policies(
        policies,
        [
            Assignment("strict", segment="consumer", type="delivery"),
            Assignment("short", type="collect"),
            Assignment("rest"),
        ],
    )
    business = await shop.ask(("SKU-1", 1))
    assert len(_delivered(business)) == 2
    fetched = _collected(business)[0]
    at, until = (datetime.fromisoformat(t) for t in (business["at"], fetched["valid_until"]))
    assert until - at == timedelta(seconds=1)
    assert _delivered(await shop.ask(("SKU-1", 1), customer_id="ZOE")) == []
    # Who is not known is of no segment.
    assert len(_delivered(await shop.ask(("SKU-1", 1), customer_id=None))) == 2


async def test_asking_has_no_effect(shop: Shop) -> None:
    await shop.stock(LIL_1=2, near_1=5)
    before = await shop.content()
    for _ in range(3):
        await shop.ask(("SKU-1", 4))
    assert await shop.content() == before


async def test_a_supply_alone_is_an_offer_too(shop: Shop) -> None:
    due = datetime.combine(date.today() + timedelta(days=20), time(8), UTC)  # noqa: DTZ011
    async with shop.engine.begin() as conn:
        await conn.execute(
            text(
                "INSERT INTO supplies (id, sku, location_id, units, received, claimed, due,"
                " confidence) VALUES ('PO', 'SKU-1', 'LIL', 2, 0, 0, :due, 1)"
            ),
            {"due": due},
        )
    [only] = _delivered(await shop.ask(("SKU-1", 1)))
    assert (only["shipments"], only["order_by"]) == ([], None)
    assert only["promise"] > due.isoformat()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "fax"}, "channel"),
        ({"customer_id": "NOBODY"}, "customer_id"),
        ({"lines": [{"sku": "SKU-9", "quantity": 1}]}, "lines[0].sku"),
        ({"lines": [{"sku": "SKU-1", "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "SKU-4", "quantity": 100_000}] * 20}, "lines"),
        ({"ship_to": None}, "ship_to"),
        ({"collect_at": "near"}, "collect_at"),
        ({"ship_to": None, "collect_at": "LIL"}, "collect_at"),
        ({"ship_to": {"country": "XX", "postal_code": "1"}}, "ship_to.country"),
        ({"ship_to": {"country": "FR"}}, "ship_to.postal_code"),
        ({"requested_date": "tomorrow"}, "requested_date"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_is_named(shop: Shop, changes: dict[str, Any], field: str) -> None:
    response = await shop.http.post("/promise", json=cart(("SKU-1", 1), **changes))
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_without_a_policy_nothing_is_promised_yet(shop: Shop) -> None:
    await shop.policies([], [])
    response = await shop.http.post("/promise", json=cart(("SKU-1", 1)))
    assert response.status_code == 503
