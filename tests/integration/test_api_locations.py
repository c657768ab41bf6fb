"""Locations as operations look at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from domain.calendar import LocationCalendar
from tests.support.api import Api, order_body, planned, running_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cli.stack import TemporalServer


@pytest.fixture
async def api(database_url: str, temporal_server: TemporalServer) -> AsyncIterator[Api]:
    async with running_api(database_url, temporal_server.address) as running:
        yield running


async def test_all_locations_are_listed_by_id(api: Api) -> None:
    answer = await api.http.get("/locations")
    assert answer.status_code == 200
    found = answer.json()["locations"]
    assert [location["location_id"] for location in found] == ["LIL", "PAR"]
    assert found[0]["reliability"] == 0.98
    assert found[0]["outcomes"] == {"kept": 0, "rejected": 0, "short": 0, "late": 0}
    assert (found[0]["calendar"], found[0]["capacity"], found[0]["planned"]) == (None, None, [])


async def test_a_location_tells_its_capacity_and_what_it_has_to_hand_over(api: Api) -> None:
    today = datetime.now(UTC).date()
    calendar = LocationCalendar.plain("Europe/Paris", 16, "FR").model_copy(update={"capacity": 7})
    await api.write(
        "UPDATE locations SET calendar = CAST(:calendar AS jsonb) WHERE id = 'PAR'",
        calendar=calendar.model_dump_json(),
    )
    order = (await api.http.post("/orders", json=order_body())).json()["order_id"]
    for number, day in enumerate((today, today, today + timedelta(days=1)), start=1):
        shipment = await planned(api, order, number)
        await api.write(
            "UPDATE shipments SET dispatch_day = :day WHERE id = :id", day=day, id=shipment
        )
    found = (await api.http.get("/locations/PAR")).json()
    assert found["capacity"] == 7
    assert found["planned"] == [
        {"day": today.isoformat(), "shipments": 2},
        {"day": (today + timedelta(days=1)).isoformat(), "shipments": 1},
    ]
    assert LocationCalendar.model_validate_json(calendar.model_dump_json()) == (
        LocationCalendar.model_validate(found["calendar"])
    )


async def test_a_location_tells_what_its_reliability_rests_on(api: Api) -> None:
    order = (await api.http.post("/orders", json=order_body())).json()["order_id"]
    shipment = await planned(api, order)
    await api.write(
        "INSERT INTO location_outcomes (location_id, shipment_id, outcome, at)"
        " VALUES ('PAR', :id, 'late', now())",
        id=shipment,
    )
    await api.write("UPDATE locations SET kept = 40, short = 2, reliability = 0.9 WHERE id = 'PAR'")
    found = (await api.http.get("/locations/PAR")).json()
    assert (found["reliability"], found["unlearned"]) == (0.9, 1)
    assert found["outcomes"] == {"kept": 40, "rejected": 0, "short": 2, "late": 0}


async def test_there_is_no_location_of_an_unknown_id(api: Api) -> None:
    answer = await api.http.get("/locations/NOWHERE")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
