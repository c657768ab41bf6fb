from collections.abc import AsyncIterator
from typing import Any

import pytest

from cli.stack import PostgresServer, TemporalServer
from tests.support.api import Api, order_body, planned, running_api
from tests.support.stack import copy_of_template


@pytest.fixture(scope="module")
async def api(
    migrated_postgres: PostgresServer, temporal_server: TemporalServer
) -> AsyncIterator[Api]:
    """One for all: each test has an order of its own."""
    async with (
        copy_of_template(migrated_postgres) as url,
        running_api(url, temporal_server.address) as running,
    ):
        yield running


GIVEN_UP = "UPDATE shipments SET status = 'abandoned' WHERE id = :id"
KNOWN_TO_BE_VOID = """
INSERT INTO effects (key, request_hash, result) VALUES (CAST(:id AS text) || ':void:1', '', '{}')
"""


async def placed(api: Api) -> tuple[str, str]:
    """An order in fulfilment and its shipment."""
    order_id = (await api.http.post("/orders", json=order_body())).json()["order_id"]
    return order_id, await planned(api, order_id)


def picked(shipment: str, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": "e-1",
        "kind": "picked",
        "reference": shipment,
        "occurred_at": "2026-03-31T10:00:00+02:00",
        "lines": [{"line_id": "1", "sku": "BOLT", "quantity": 1}],
        "reason": None,
    } | changes


def delivered(booking: str, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": "e-2",
        "kind": "delivered",
        "reference": booking,
        "tracking_number": "TRACK-1",
        # Simulated carriers live ahead of us.
        "occurred_at": "2099-03-31T10:00:00+02:00",
        "reason": None,
    } | changes


async def test_a_location_s_report_reaches_the_order(api: Api) -> None:
    order_id, shipment = await placed(api)
    answer = await api.http.post("/webhooks/warehouses/PAR", json=picked(shipment))
    everything = picked(shipment, event_id="e-9", lines=None)
    await api.http.post("/webhooks/warehouses/PAR", json=everything)
    left = picked(shipment, event_id="e-10", kind="rejected", lines=[], reason="flooded")
    await api.http.post("/webhooks/warehouses/PAR", json=left)

    assert answer.status_code == 202
    assert answer.json() == {"order_id": order_id, "shipment_id": shipment, "signalled": True}
    assert await api.seen(order_id) == [
        f"{shipment} picked {{'1': 1}}",
        f"{shipment} picked None",
        f"{shipment} rejected None",
    ]


async def test_a_carrier_s_report_reaches_the_order(api: Api) -> None:
    order_id, shipment = await placed(api)
    answer = await api.http.post("/webhooks/carriers/swift", json=delivered(f"{shipment}:1"))

    assert answer.status_code == 202
    assert await api.seen(order_id) == [f"{shipment} delivered 08:00 UTC"]


async def test_a_repeat_is_accepted_and_left_to_the_order(api: Api) -> None:
    order_id, shipment = await placed(api)
    for _ in range(2):
        answer = await api.http.post("/webhooks/warehouses/PAR", json=picked(shipment))
        assert answer.status_code == 202

    assert len(await api.seen(order_id)) == 2


async def test_a_late_report_is_accepted_and_has_no_effect(api: Api) -> None:
    order_id, shipment = await placed(api)
    await api.finish(order_id)
    await api.write("UPDATE orders SET status = 'closed' WHERE id = :id", id=order_id)
    for path, body in (
        ("/webhooks/warehouses/PAR", picked(shipment)),
        ("/webhooks/carriers/swift", delivered(f"{shipment}:1")),
    ):
        answer = await api.http.post(path, json=body)
        assert answer.status_code == 202
        assert answer.json()["signalled"] is False


async def test_a_report_on_an_open_order_that_nobody_looks_after_is_to_be_sent_again(
    api: Api,
) -> None:
    order_id, shipment = await placed(api)
    await api.thread(order_id).terminate("somebody clicked")
    for path, body in (
        ("/webhooks/warehouses/PAR", picked(shipment)),
        ("/webhooks/carriers/swift", delivered(f"{shipment}:1")),
    ):
        answer = await api.http.post(path, json=body)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert answer.headers["content-type"] == "application/problem+json"

    await api.write(GIVEN_UP, id=shipment)
    await api.write("UPDATE bookings SET state = 'voided' WHERE shipment_id = :id", id=shipment)
    answer = await api.http.post("/webhooks/carriers/swift", json=delivered(f"{shipment}:1"))
    assert answer.status_code == 202


@pytest.mark.parametrize("how", [GIVEN_UP, KNOWN_TO_BE_VOID], ids=["shipment", "booking"])
async def test_a_report_on_a_booking_that_we_gave_up_has_no_effect(api: Api, how: str) -> None:
    order_id, shipment = await placed(api)
    await api.write("UPDATE bookings SET state = 'voided' WHERE shipment_id = :id", id=shipment)
    await api.write(how, id=shipment)
    answer = await api.http.post("/webhooks/carriers/swift", json=delivered(f"{shipment}:1"))

    assert answer.status_code == 202
    assert await api.seen(order_id) == []


async def test_a_report_on_a_booking_that_is_to_be_replaced_counts_until_its_carrier_knows(
    api: Api,
) -> None:
    order_id, shipment = await placed(api)
    await api.write("UPDATE bookings SET state = 'voided' WHERE shipment_id = :id", id=shipment)
    await api.http.post("/webhooks/carriers/swift", json=delivered(f"{shipment}:1"))

    assert len(await api.seen(order_id)) == 1


async def test_a_report_on_a_booking_whose_answer_we_still_wait_for_counts(api: Api) -> None:
    order_id, shipment = await placed(api)
    await api.write("UPDATE bookings SET state = 'intent' WHERE shipment_id = :id", id=shipment)
    await api.http.post("/webhooks/carriers/swift", json=delivered(f"{shipment}:1"))

    assert len(await api.seen(order_id)) == 1


async def test_only_the_partner_in_charge_can_report_on_a_shipment(api: Api) -> None:
    order_id, shipment = await placed(api)
    for path, body in (
        ("/webhooks/warehouses/LIL", picked(shipment)),
        ("/webhooks/warehouses/none", picked(shipment)),
        ("/webhooks/warehouses/PAR", picked(f"{order_id}:2")),
        ("/webhooks/warehouses/PAR", picked("nonsense")),
        ("/webhooks/carriers/slow", delivered(f"{shipment}:1")),
        ("/webhooks/carriers/swift", delivered(f"{shipment}:2")),
        ("/webhooks/carriers/swift", delivered(shipment)),
    ):
        answer = await api.http.post(path, json=body)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"

    assert await api.seen(order_id) == []


LINE = {"line_id": "1", "sku": "BOLT", "quantity": 1}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": [LINE | {"quantity": -1}]}, "lines[0].quantity"),
        ({"lines": [LINE | {"quantity": 3}]}, "lines[0].quantity"),
        ({"lines": [LINE | {"quantity": 10**12}]}, "lines[0].quantity"),
        ({"lines": [LINE | {"quantity": True}]}, "lines[0].quantity"),
        ({"lines": [LINE | {"line_id": "2"}]}, "lines[0].line_id"),
        ({"lines": [LINE | {"sku": "NUT"}]}, "lines[0].sku"),
        ({"lines": [LINE, LINE]}, "lines[1].line_id"),
        ({"lines": []}, "lines"),
        ({"kind": "eaten"}, "kind"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": "e" * 129}, "event_id"),
        ({"event_id": 7}, "event_id"),
        ({"reference": "\u0000"}, "reference"),
        ({"occurred_at": "2026-03-31T10:00:00"}, "occurred_at"),
        ({"occurred_at": "2026-03-31"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-23:59"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+23:59"}, "occurred_at"),
        ({"occurred_at": 1_700_000_000}, "occurred_at"),
        ({"occurred_at": "1700000000"}, "occurred_at"),
        ({"reason": "r" * 501}, "reason"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_report_that_cannot_be_is_refused(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    order_id, shipment = await placed(api)
    answer = await api.http.post("/webhooks/warehouses/PAR", json=picked(shipment) | changes)

    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert await api.seen(order_id) == []
