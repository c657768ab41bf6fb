"""`ariane policy shadow`: what policies on trial would have decided."""

import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.shadows import read_shadow_decisions
from cli.policy.database import ask
from domain.policies import Comparison, Comparisons, Difference
from domain.wording import money


def run_shadow(days: int, database_url: str, *, as_json: bool) -> None:
    """Print what the decisions of so many days would have been, as tables or as JSON."""
    since = datetime.now(UTC) - timedelta(days=days)

    async def read(engine: AsyncEngine) -> list[Comparison]:
        comparisons = Comparisons()
        async with aclosing(read_shadow_decisions(engine, since)) as decisions:
            async for decided in decisions:
                comparisons.add(decided)
        return comparisons.all()

    found = ask(database_url, read)
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False))
    elif found:
        _show(Console(), found)
    else:
        print(f"No policy was on trial beside a decision of the last {days} day(s).")


def _show(console: Console, found: Sequence[Comparison]) -> None:
    for comparison in found:
        console.print(_figures(comparison))
        if comparison.most:
            console.print(_most(comparison))
    console.print(
        "Cost is what parcels and handling cost; days run from the decision to the last promise, "
        "where both send something."
    )


def _figures(pair: Comparison) -> Table:
    title = (
        f"{pair.shadow_version} beside {pair.live_version}: {pair.decisions} decision(s), "
        f"{pair.differing} differ ({pair.differing / pair.decisions:.1%})"
    )
    table = Table(title=Text(title), title_justify="left")
    for name in ("for each decision", "live", "shadow", "difference"):
        table.add_column(name, justify="left" if name.startswith("for") else "right")
    live, shadow, count = pair.live, pair.shadow, pair.decisions
    costs = [round(side.cost / count) for side in (live, shadow)]
    table.add_row(
        "cost",
        *(money(cost, pair.currency) for cost in costs),
        f"{'+' if costs[1] >= costs[0] else ''}{money(costs[1] - costs[0], pair.currency)}",
    )
    rows = {
        "shipments": (live.shipments / count, shadow.shipments / count),
        "units not sent": (live.missing / count, shadow.missing / count),
        "kg CO2": (live.co2_grams / count / 1000, shadow.co2_grams / count / 1000),
    }
    if pair.dated:
        rows["days to the promise"] = (live.days or 0) / pair.dated, (shadow.days or 0) / pair.dated
    for name, (one, other) in rows.items():
        table.add_row(name, f"{one:.2f}", f"{other:.2f}", f"{other - one:+.2f}")
    return table


def _most(pair: Comparison) -> Table:
    table = Table(title="These differ most, live and shadow", title_justify="left")
    for name in ("order", "decision", "cost", "shipments", "units not sent", "days", "kg CO2"):
        table.add_column(name, justify="left" if name == "order" else "right")
    for found in pair.most:
        table.add_row(Text(found.order_id), str(found.generation), *_cells(found, pair.currency))
    return table


def _cells(found: Difference, currency: str) -> list[str]:
    sides = [found.live, found.shadow]
    both = (
        [money(side.cost, currency) for side in sides],
        [str(side.shipments) for side in sides],
        [str(side.missing) for side in sides],
        ["" if side.days is None else f"{side.days:.1f}" for side in sides],
        [f"{side.co2_grams / 1000:.2f}" for side in sides],
    )
    return [f"{live} / {shadow}" for live, shadow in both]
