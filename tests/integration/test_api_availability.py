from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from cli.stack import TemporalServer
from tests.support.api import Api, running_api


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address, with_worker=False) as running:
        yield running


async def test_what_is_reserved_or_withheld_is_not_for_sale(api: Api) -> None:
    await api.write("UPDATE stock SET reserved = 60, buffer = 10 WHERE on_hand = 100")
    answer = await api.http.get("/availability?sku=NUT&sku=BOLT&sku=NUT&sku=ANVIL&channel=web")

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "channel": "web",
        "availability": [
            {"sku": "NUT", "available": 3, "incoming": []},
            {"sku": "BOLT", "available": 37, "incoming": []},
            {"sku": "ANVIL", "available": 0, "incoming": []},
        ],
    }


async def test_a_location_that_withholds_more_than_it_has_takes_nothing_from_others(
    api: Api,
) -> None:
    await api.write("UPDATE stock SET buffer = 500 WHERE location_id = 'PAR'")
    answer = await api.http.get("/availability?sku=BOLT&channel=web&by_location=true")

    assert answer.json()["availability"] == [
        {
            "sku": "BOLT",
            "available": 7,
            "incoming": [],
            "locations": [{"location_id": "LIL", "name": "Lille", "available": 7}],
        }
    ]


async def test_a_closed_location_sells_nothing(api: Api) -> None:
    await api.write("UPDATE locations SET active = false WHERE id = 'PAR'")
    answer = await api.http.get("/availability?sku=BOLT&channel=web")

    [bolt] = answer.json()["availability"]
    assert bolt["available"] == 7


async def test_each_channel_sees_its_own_pool_and_not_those_of_others(api: Api) -> None:
    await api.write("UPDATE stock SET pooled = 40, buffer = 30 WHERE on_hand = 100")
    await api.write("INSERT INTO pools VALUES ('BOLT', 'PAR', 'edi', 40)")
    for channel, available in (("web", 30), ("edi", 70)):
        asked = f"/availability?sku=BOLT&channel={channel}&by_location=true"
        [bolt] = (await api.http.get(asked)).json()["availability"]
        assert bolt["available"] == available + 7
        assert bolt["locations"] == [
            {"location_id": "LIL", "name": "Lille", "available": 7},
            {"location_id": "PAR", "name": "Paris", "available": available},
        ]


async def test_the_day_on_which_the_missing_part_arrives(api: Api) -> None:
    for name, due, confidence in (
        ("S1", "2199-03-04T08:00:00+01:00", 0.9),
        ("S2", "2199-03-05T00:30:00+01:00", 0.3),
        ("S3", "2199-03-06T00:30:00+01:00", 1.0),
    ):
        body = {"location_id": "PAR", "due": due, "confidence": confidence}
        lines = [{"sku": "BOLT", "units": 10}]
        answer = await api.http.put(f"/supplies/{name}", json={**body, "lines": lines})
        assert answer.status_code == 201, answer.text

    async def complete_on(quantity: int) -> str | None:
        asked = f"/availability?sku=BOLT&sku=NUT&channel=web&quantity={quantity}"
        bolt, nut = (await api.http.get(asked)).json()["availability"]
        assert [i["supply_id"] for i in bolt["incoming"]] == ["S1", "S2", "S3"]
        assert nut["complete_on"] is None
        found: str | None = bolt["complete_on"]
        return found

    assert await complete_on(107) == datetime.now(UTC).date().isoformat()
    assert await complete_on(108) == await complete_on(117) == "2199-03-04"
    # What is not certain enough does not count; days are those of the location.
    assert await complete_on(118) == await complete_on(127) == "2199-03-06"
    assert await complete_on(128) is None


async def test_five_hundred_skus_are_answered_in_the_sequence_they_are_asked_in(api: Api) -> None:
    await api.write("INSERT INTO products SELECT 'X' || n, '', 1 FROM generate_series(1, 498) AS n")
    skus = ["NUT", *(f"X{n}" for n in range(498, 0, -1)), "BOLT"]
    query = "&".join(f"sku={sku}" for sku in skus)
    answer = await api.http.get(f"/availability?{query}&channel=web&by_location=true")
    assert answer.status_code == 200
    found = answer.json()["availability"]
    assert [sku["sku"] for sku in found] == skus
    assert [sku["available"] for sku in (found[0], found[1], found[-1])] == [3, 0, 107]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sku=BOLT&sku=X&channel=web", "sku[1]"),
        ("sku=X&channel=fax", "sku[0]"),
        ("sku=BOLT&channel=fax", "channel"),
        ("sku=BOLT", "channel"),
        ("channel=web", "sku"),
        ("sku=&channel=web", "sku[0]"),
        ("sku=%00&channel=web", "sku[0]"),
        ("sku=BOLT&channel=%00", "channel"),
        ("sku=BOLT&channel=web&by_location=perhaps", "by_location"),
        ("sku=BOLT&channel=web&quantity=0", "quantity"),
        ("sku=BOLT&channel=web&quantity=many", "quantity"),
        ("sku=BOLT&chanel=web", "chanel"),
        ("sku=BOLT&channel=web&bylocation=true", "bylocation"),
        ("&".join(["sku=BOLT"] * 501) + "&channel=web", "sku"),
    ],
)
async def test_a_wrong_question_names_its_fault(api: Api, query: str, field: str) -> None:
    answer = await api.http.get(f"/availability?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_the_documentation_needs_no_other_machine(api: Api) -> None:
    page = await api.http.get("/docs")
    assert page.status_code == 200
    for outside in ("cdn.", "jsdelivr", "fastapi.tiangolo"):
        assert outside not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/docs-assets/{asset}" in page.text
        assert (await api.http.get(f"/docs-assets/{asset}")).status_code == 200


async def test_the_interface_is_described_with_its_problems(api: Api) -> None:
    description = (await api.http.get("/openapi.json")).json()

    assert {
        "/orders",
        "/orders/{order_id}",
        "/availability",
        "/supplies",
        "/supplies/{supply_id}",
        "/supplies/{supply_id}/receipts",
        "/webhooks/carriers/{carrier}",
        "/webhooks/warehouses/{location}",
        "/health/ready",
    } <= set(description["paths"])
    schemas = description["components"]["schemas"]
    assert schemas["Problem"]["properties"]["errors"]
    assert schemas["FieldError"]
    assert "HTTPValidationError" not in schemas
    for path in description["paths"].values():
        for operation in path.values():
            content = operation["responses"]["default"]["content"]
            wanted = {"schema": {"$ref": "#/components/schemas/Problem"}}
            assert content == {"application/problem+json": wanted}
