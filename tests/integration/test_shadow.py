"""A policy on trial decides beside the live one: kept, compared, and without effect."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from structlog.testing import capture_logs
from typer.testing import CliRunner

from activities.sourcing import SourcingActivities
from adapters.postgres.network_cache import NetworkCache
from adapters.postgres.policies import activate
from cli.policy.commands import app
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.messages.steps import Exclusion
from domain.policies import Assignment
from tests.support.books import AT, Books, allocate, open_books
from tests.support.house import SHORT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.messages.steps import Allocate, Allocation

# Lille is cheaper; on trial is to send from the 3PL in Ghent alone.
TRIAL = OrderPolicy(version="trial", sourcing=SourcingPolicy(kinds=("3pl",), relaxation=()))


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await _assign(opened, Assignment(SHORT.version, shadow_version="trial"))
        await opened.stock(LIL_1=50, GNT_1=50)
        yield opened


@pytest.fixture(scope="module")
def meter() -> InMemoryMetricReader:
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    return reader


async def _assign(books: Books, *rows: Assignment) -> None:
    """These rows, the first that fits; a worker knows of it a second later, a new one at once."""
    async with books.engine.begin() as conn:
        await activate(conn, [SHORT, TRIAL], rows)
    network = NetworkCache(books.engine, max_age=0)
    books.sourcing = SourcingActivities(books.engine, network, books.desk)


async def _funded(books: Books, units: int = 2) -> str:
    order = await books.order(("SKU-1", units))
    await books.fund(order)
    return order


async def _decide(books: Books, request: Allocate) -> Allocation:
    allocation = await books.sourcing.allocate(request)
    return allocation.model_copy(update={"repeated": False})


async def _shadows(books: Books) -> list[tuple[str, int, str, list[str]]]:
    """Order, number, version, and from where it would have been sent."""
    rows = await books.sql("SELECT * FROM shadow_decisions ORDER BY order_id, generation")
    return [
        (
            row.order_id,
            row.generation,
            row.policy_version,
            [shipment["location_id"] for shipment in row.plan["shipments"]],
        )
        for row in rows
    ]


async def test_a_shadow_decides_on_the_same_snapshot_once_and_has_no_effect(books: Books) -> None:
    order = await _funded(books)

    allocation = await books.twice(lambda: _decide(books, allocate(order)))

    assert [s.location_id for s in allocation.shipments] == ["LIL"]
    assert await _shadows(books) == [(order, 2, "trial", ["GNT"])]
    assert await books.value("SELECT at FROM shadow_decisions") == AT
    assert await books.value("SELECT policy_version FROM decisions") == SHORT.version
    reserved = await books.sql("SELECT location_id FROM stock WHERE reserved > 0")
    assert [row.location_id for row in reserved] == ["LIL"]
    assert (await books.timeline(order)).count("sourced") == 1


async def test_a_decision_asked_for_several_times_at_once_has_one_shadow(books: Books) -> None:
    order = await _funded(books)
    await books.at_once(lambda: _decide(books, allocate(order)))
    assert await _shadows(books) == [(order, 2, "trial", ["GNT"])]


async def test_without_a_trial_nothing_is_kept(books: Books) -> None:
    await _assign(books, Assignment(SHORT.version))
    await books.sourcing.allocate(allocate(await _funded(books)))
    assert await _shadows(books) == []


@pytest.mark.parametrize(
    ("row", "tried"),
    [
        (Assignment(SHORT.version, segment="consumer", shadow_version="trial"), False),
        (Assignment(SHORT.version, segment="business", shadow_version="trial"), True),
        (Assignment(SHORT.version, channel="edi", shadow_version="trial"), False),
        (Assignment(SHORT.version, channel="web", shadow_version="trial"), True),
        (Assignment(SHORT.version, type="collect", shadow_version="trial"), False),
        (Assignment(SHORT.version, type="delivery", shadow_version="trial"), True),
        (Assignment(SHORT.version, country="BE", shadow_version="trial"), False),
        (Assignment(SHORT.version, country="FR", shadow_version="trial"), True),
    ],
)
async def test_the_shadow_is_that_of_the_first_row_that_fits_the_order(
    books: Books, row: Assignment, tried: bool
) -> None:
    await _assign(books, row, Assignment(SHORT.version))
    await books.sourcing.allocate(allocate(await _funded(books)))
    assert bool(await _shadows(books)) == tried


async def test_another_book_begins_and_ends_the_trial_for_orders_under_way(books: Books) -> None:
    await _assign(books, Assignment(SHORT.version))
    order = await _funded(books)
    await books.sourcing.allocate(allocate(order))
    assert await _shadows(books) == []

    # The order keeps its policy, whatever new ones get.
    await _assign(books, Assignment("trial", channel="edi"), Assignment("trial"))
    refused = Exclusion(location_id="LIL", reason="Lille refused")
    again = allocate(order, 3, abandon=[f"{order}:1"], exclusions=[refused], next_shipment=2)
    await books.sourcing.allocate(again)
    assert await _shadows(books) == []

    await _assign(books, Assignment("trial", shadow_version="trial"))
    last = allocate(order, 4, abandon=[f"{order}:2"], next_shipment=3)
    await books.sourcing.allocate(last)
    assert [row[1:3] for row in await _shadows(books)] == [(4, "trial")]
    assert (
        await books.value("SELECT array_agg(policy_version ORDER BY generation) FROM decisions")
        == [SHORT.version] * 3
    )


async def test_a_policy_is_not_its_own_shadow(books: Books) -> None:
    await _assign(books, Assignment("trial", shadow_version=SHORT.version))
    await books.sourcing.allocate(allocate(await _funded(books)))
    assert await _shadows(books) == []


async def test_where_nothing_is_sourced_nothing_is_tried(books: Books) -> None:
    order = await _funded(books)
    await books.sourcing.allocate(allocate(order))
    freed = allocate(order, 3, abandon=[f"{order}:1"], next_shipment=2, reserve=False)
    await books.sourcing.allocate(freed)
    assert [row[1] for row in await _shadows(books)] == [2]


async def test_a_shadow_that_fails_is_told_and_counted_and_hurts_nobody(
    books: Books, meter: InMemoryMetricReader
) -> None:
    await books.sql(
        "UPDATE policies SET body = jsonb_set(body, '{sourcing,max_shipments}', '99')"
        " WHERE version = 'trial'"
    )
    order = await _funded(books)

    with capture_logs() as logs:
        allocation = await books.sourcing.allocate(allocate(order))

    assert [s.location_id for s in allocation.shipments] == ["LIL"]
    assert await _shadows(books) == []
    [told] = [entry for entry in logs if entry["event"] == "shadow failed"]
    assert (told["log_level"], told["order_id"]) == ("error", order)
    assert told["policy_version"] == "trial"
    assert _counted(meter) == {"trial": 1}


def _counted(meter: InMemoryMetricReader) -> dict[str, int]:
    read = meter.get_metrics_data()
    assert read is not None
    data = json.loads(read.to_json())
    points = [
        point
        for resource in data["resource_metrics"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
        if metric["name"] == "ariane.shadow.failures"
        for point in metric["data"]["data_points"]
    ]
    return {point["attributes"]["policy_version"]: point["value"] for point in points}


async def test_a_plan_that_lost_its_stock_to_others_leaves_no_shadow_behind(books: Books) -> None:
    orders = [await _funded(books, 5) for _ in range(12)]
    await asyncio.gather(*(books.sourcing.allocate(allocate(order)) for order in orders))
    assert [row[0] for row in await _shadows(books)] == sorted(orders)
    assert await books.value("SELECT sum(reserved) FROM stock") == 60


async def _report(url: str, *options: str) -> tuple[int, str]:
    runner = CliRunner(env={"DATABASE_URL": None, "COLUMNS": "200"})
    result = await asyncio.to_thread(
        lambda: runner.invoke(app, ["shadow", "--database-url", url, *options])
    )
    return result.exit_code, result.output


async def _decided_now(books: Books) -> str:
    """Decided a moment ago, as the command counts days back from now."""
    order = await _funded(books)
    at = datetime.now(UTC) - timedelta(hours=1)
    await books.sourcing.allocate(allocate(order).model_copy(update={"at": at}))
    return order


async def test_the_report_says_what_would_have_been_otherwise(
    books: Books, database_url: str
) -> None:
    order = await _decided_now(books)
    old = await _funded(books)
    await books.sourcing.allocate(allocate(old))

    code, output = await _report(database_url, "--days", "1")
    assert code == 0, output
    assert f"trial beside {SHORT.version}: 1 decision(s), 1 differ (100.0%)" in output
    # A parcel of a kilogram costs 6.00, a shipment 1.00 in Lille and 3.00 in Ghent.
    lines = {line.split("│")[1].strip(): line for line in output.splitlines() if "│" in line}
    costs = [cell.strip() for cell in lines["cost"].split("│")[2:5]]
    assert costs == ["7.00 EUR", "9.00 EUR", "+2.00 EUR"]
    assert "7.00 EUR / 9.00 EUR" in lines[order]
    assert old not in lines

    code, output = await _report(database_url, "--days", "1", "--json")
    [pair] = json.loads(output)
    assert (pair["decisions"], pair["differing"]) == (1, 1)
    assert (pair["live"]["cost"], pair["shadow"]["cost"]) == (700, 900)
    assert [found["order_id"] for found in pair["most"]] == [order]


async def test_without_a_trial_the_report_says_so(books: Books, database_url: str) -> None:
    assert books is not None
    code, output = await _report(database_url)
    assert (code, output) == (
        0,
        "No policy was on trial beside a decision of the last 30 day(s).\n",
    )
    assert await _report(database_url, "--json") == (0, "[]\n")
