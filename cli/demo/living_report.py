"""The part of a demo's account that tells what became of orders after they were placed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table

from adapters.postgres.living_outcomes import LivingOutcomes
from cli.demo.changing import ChangeTally
from cli.demo.living import Change
from domain.wording import money


def living_tables(changes: ChangeTally, seen: LivingOutcomes) -> Iterator[Table]:
    """What was asked for and what became of it; nothing where nobody wanted anything."""
    if changes.made or changes.refused or changes.not_asked or changes.unanswered:
        yield _changes(changes)
    yield _becoming(seen)


def living_as_json(changes: ChangeTally, seen: LivingOutcomes) -> dict[str, Any]:
    """The same figures, by stable names."""
    return {
        "changes": {
            change.name.lower(): {
                "made": changes.made[change],
                "refused": dict(changes.refused.get(change, {})),
                "not_asked": changes.not_asked[change],
            }
            for change in Change
        },
        "changes_unanswered": dict(changes.unanswered),
        "living": asdict(seen),
    }


def _changes(changes: ChangeTally) -> Table:
    table = Table(title="Changes", title_justify="left")
    table.add_column("what customers wanted")
    for head in ("made", "refused", "not asked"):
        table.add_column(head, justify="right")
    for change in Change:
        refused = changes.refused.get(change, Counter[str]())
        made, not_asked = changes.made[change], changes.not_asked[change]
        if made or refused or not_asked:
            table.add_row(str(change), f"{made}", f"{sum(refused.values())}", f"{not_asked}")
        for problem, count in sorted(refused.items()):
            table.add_row(f"    {problem}", "", f"{count}", "")
    for why, count in changes.unanswered.items():
        table.add_row(f"without an answer: {why}", "", f"{count}", "")
    return table


def _becoming(seen: LivingOutcomes) -> Table:
    table = Table(title="What became of it", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    table.add_row("orders priced by agreement", f"{seen.agreed_orders:,}")
    for tenders, count in seen.orders_by_tenders.items():
        table.add_row(f"orders paid by {tenders}", f"{count:,}")
    table.add_row("orders amended", f"{seen.amended_orders:,}")
    table.add_row("orders cancelled in part", f"{seen.orders_cancelled_in_part:,}")
    table.add_row("orders held by support", f"{seen.orders_held_by_support:,}")
    for origin, by_status in seen.returns.items():
        for status, count in by_status.items():
            table.add_row(f"returns {status}, {_words(origin)}", f"{count:,}")
    for disposition, units in seen.inspected_units.items():
        table.add_row(f"units sent back: {_words(disposition)}", f"{units:,}")
    table.add_row("arrivals parked for a person", f"{seen.parked:,}")
    table.add_row("orders that exchange something", f"{seen.exchange_orders:,}")
    for documents in seen.documents:
        worth = money(documents.gross, documents.currency)
        table.add_row(f"{_words(documents.kind)}s", f"{documents.count:,} of {worth}")
    if seen.awaiting_period:
        table.add_row("dispatches that a monthly invoice collects", f"{seen.awaiting_period:,}")
    for refunds in seen.refunds:
        worth = money(refunds.amount, refunds.currency)
        what = f"refunds to a {refunds.tender}, {_words(refunds.state)}"
        table.add_row(what, f"{refunds.count:,} of {worth}")
    return table


def _words(code: str) -> str:
    return code.replace("_", " ")
