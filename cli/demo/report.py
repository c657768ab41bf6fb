"""The account of a demo: tables for people, and the same figures for programs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.postgres.outcomes import Rate
from cli import check
from cli.demo.living_report import living_as_json, living_tables
from cli.demo.runner import Course
from cli.demo.uci import Import

_SHOWN_REASONS = 8
_SHOWN_STUCK = 20


def show_import(console: Console, imported: Import, taken_lines: int) -> None:
    """Say where every row of the file went."""
    table = _table("Import")
    rejected = len(imported.rejections)
    table.add_row("rows read", f"{imported.rows_read:,}")
    table.add_row("= lines accepted", f"{imported.accepted_lines:,}")
    table.add_row("+ lines reported", f"{rejected:,}")
    for reason, count in _most(_reasons(imported)):
        table.add_row(f"    {reason}", f"{count:,}")
    table.add_row("orders in the accepted lines", f"{len(imported.orders):,}")
    if taken_lines < imported.accepted_lines:
        left = imported.accepted_lines - taken_lines
        table.add_row("lines placed, and left by --limit", f"{taken_lines:,}, {left:,}")
    console.print(table)
    for rejection in imported.rejections[:_SHOWN_REASONS]:
        console.print(Text(f"  row {rejection.row}: {rejection.reason}"))


def show(console: Console, course: Course) -> None:
    """Print what was ordered, what became of it, how fast, and whether the books are right."""
    console.print(_placing(course))
    console.print(_fulfilment(course))
    for table in living_tables(course.changes, course.living):
        console.print(table)
    if course.stuck:
        _show_stuck(console, course)
    check.show(console, list(course.verdicts))


def as_json(course: Course, imported: Import | None, seed: int) -> dict[str, Any]:
    """The same figures, by stable names."""
    tally = course.tally
    figures: dict[str, Any] = {
        "good": course.is_good,
        "seed": seed,
        "orders": {
            "offered": course.offered,
            "accepted": tally.accepted,
            "refused": dict(tally.refused),
            "unanswered": dict(tally.unanswered),
            "vanished": course.vanished,
        },
        "lines": {
            "accepted": tally.accepted_lines,
            "refused": tally.refused_lines,
            "unanswered": tally.unanswered_lines,
        },
        "outcomes": asdict(course.outcomes),
        **living_as_json(course.changes, course.living),
        "seconds": {"placing": round(course.placing, 2), "settling": round(course.settling, 2)},
        "orders_per_second": {
            "placing": _per_second(course.offered, course.placing),
            "settling": _per_second(course.offered, course.settling),
        },
        "invariants": {verdict.name: verdict.count for verdict in course.verdicts},
        "stuck": course.stuck,
        "pending": [asdict(order) for order in course.pending],
        "pending_webhooks": course.pending_webhooks,
    }
    if imported is not None:
        figures["import"] = {
            "rows_read": imported.rows_read,
            "lines_accepted": imported.accepted_lines,
            "lines_reported": len(imported.rejections),
            "reasons": dict(_reasons(imported)),
        }
    return figures


def _placing(course: Course) -> Table:
    tally = course.tally
    table = _table("Orders")
    table.add_row("offered", f"{course.offered:,}")
    table.add_row("accepted", f"{tally.accepted:,}, {tally.accepted_lines:,} lines")
    table.add_row("refused", f"{sum(tally.refused.values()):,}, {tally.refused_lines:,} lines")
    for reason, count in _most(tally.refused):
        table.add_row(f"    {reason}", f"{count:,}")
    for reason, count in _most(tally.unanswered):
        table.add_row(f"without an answer: {reason}", f"{count:,}")
    if course.vanished:
        table.add_row("accepted, and not in the books", f"{course.vanished:,}")
    rate = _per_second(course.offered, course.placing)
    table.add_row("placed in", f"{course.placing:.1f} s, {rate} orders/s")
    rate = _per_second(course.offered, course.settling)
    table.add_row("all at rest after", f"{course.settling:.1f} s, {rate} orders/s")
    return table


def _fulfilment(course: Course) -> Table:
    seen = course.outcomes
    table = _table("Fulfilment")
    for status, count in seen.by_status.items():
        table.add_row(status.replace("_", " "), f"{count:,}")
        if status == "on_hold":
            for reason, held in seen.holds.items():
                table.add_row(f"    {reason.replace('_', ' ')}", f"{held:,}")
    table.add_row("OTIF, by order", _share(seen.otif_orders))
    table.add_row("OTIF, by line", _share(seen.otif_lines))
    table.add_row("in full by the requested date", _share(seen.against_request))
    table.add_row("orders re-sourced", f"{seen.resourced:,}")
    for kind, count in seen.disruptions.items():
        table.add_row(f"    {kind.replace('_', ' ')}", f"{count:,}")
    table.add_row(
        "orders with units backordered",
        f"{seen.backordered_orders:,}, {seen.backordered_units:,} units",
    )
    shipments = seen.shipments.count / seen.shipments.of if seen.shipments.of else 0.0
    table.add_row("shipments per order", f"{shipments:.2f}")
    table.add_row("notices sent", f"{sum(seen.notices_sent.values()):,}")
    for template, count in seen.notices_sent.items():
        table.add_row(f"    {template.replace('_', ' ')}", f"{count:,}")
    if seen.notices_unsent:
        table.add_row("notices still to be sent", f"{seen.notices_unsent:,}")
    return table


def _show_stuck(console: Console, course: Course) -> None:
    console.print(Text(f"Stuck. {course.stuck}", style="red"))
    console.print(f"The world still has {course.pending_webhooks} report(s) to deliver.")
    console.print(f"Orders not at rest: {len(course.pending)}")
    for order in course.pending[:_SHOWN_STUCK]:
        unsent = f", {order.notices_unsent} notice(s) unsent" if order.notices_unsent else ""
        words = f"{order.order_id} {order.status}, last {order.last_event}{unsent}"
        console.print(Text(f"  {words}. {order.shipments}"))


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    return table


def _reasons(imported: Import) -> Counter[str]:
    return Counter(rejection.reason for rejection in imported.rejections)


def _most(reasons: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """The most frequent reasons, and the rest as one."""
    ranked = Counter(reasons).most_common()
    rest = ranked[_SHOWN_REASONS:]
    if rest:
        others = (f"{len(rest)} other reasons", sum(count for _, count in rest))
        return [*ranked[:_SHOWN_REASONS], others]
    return ranked


def _share(rate: Rate) -> str:
    if not rate.of:
        return "none"
    return f"{rate.count / rate.of:.1%} ({rate.count:,} of {rate.of:,})"


def _per_second(count: int, seconds: float) -> float:
    return round(count / seconds, 1) if seconds else 0.0
