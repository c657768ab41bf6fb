from collections.abc import AsyncIterator

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
            {"sku": "NUT", "available": 3},
            {"sku": "BOLT", "available": 37},
            {"sku": "ANVIL", "available": 0},
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
            "locations": [{"location_id": "LIL", "name": "Lille", "available": 7}],
        }
    ]


async def test_a_closed_location_sells_nothing(api: Api) -> None:
    await api.write("UPDATE locations SET active = false WHERE id = 'PAR'")
    answer = await api.http.get("/availability?sku=BOLT&channel=web")

    assert answer.json()["availability"] == [{"sku": "BOLT", "available": 7}]


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

    assert set(description["paths"]) == {
        "/orders",
        "/orders/{order_id}",
        "/orders/{order_id}/hold/release",
        "/orders/{order_id}/hold/reject",
        "/customers/{customer_id}/credit",
        "/customers/{customer_id}/credit-overrides",
        "/customers/{customer_id}/payments",
        "/customers/{customer_id}/terms",
        "/webhooks/carriers/{carrier}",
        "/webhooks/warehouses/{location}",
        "/availability",
        "/health",
        "/health/live",
        "/health/ready",
    }
    schemas = description["components"]["schemas"]
    assert schemas["Problem"]["properties"]["errors"]
    assert schemas["FieldError"]
    assert "HTTPValidationError" not in schemas
    for path in description["paths"].values():
        for operation in path.values():
            content = operation["responses"]["default"]["content"]
            wanted = {"schema": {"$ref": "#/components/schemas/Problem"}}
            assert content == {"application/problem+json": wanted}
