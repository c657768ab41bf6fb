"""What a campaign says of itself, to a person and to a program."""

from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chaos.campaign import Outcome
from cli.chaos.checker import Violation
from cli.chaos.recovery import PATIENCE, Recovery

_MOST_SHOWN = 40


def progress_line(outcome: Outcome) -> str:
    """How far it is, in one line."""
    faults = outcome.account.counts.total()
    return (
        f"{outcome.phase}, {outcome.seconds:.0f} s: {outcome.tally.placed} orders placed, "
        f"{outcome.tally.answers} answers, {faults} faults"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least that share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def recoveries_by_fault(recoveries: Sequence[Recovery]) -> dict[str, list[Recovery]]:
    """The recoveries from each kind of single kill, and from all of them together."""
    kinds = sorted({recovery.fault for recovery in recoveries})
    by_kind = {kind: [one for one in recoveries if one.fault == kind] for kind in kinds}
    return by_kind | ({"all": list(recoveries)} if len(kinds) > 1 else {})


def show(console: Console, outcome: Outcome) -> None:
    """Print all of it; what failed comes last."""
    console.print(_faults(outcome))
    console.print(_recoveries(outcome))
    console.print(_answers(outcome))
    rest = outcome.rest
    console.print(
        f"Seed {outcome.options.seed}, {outcome.under_fire:.0f} s under fire, "
        f"{outcome.seconds:.0f} s in all; at rest after {rest.seconds if rest else 0:.0f} s. "
        f"{outcome.replays.histories} histories replayed, "
        f"{outcome.replays.continued_as_new} of them continued as new."
    )
    for violation in outcome.violations:
        console.print(_violation(violation))
    for name, failure in list(outcome.replays.failures.items())[:_MOST_SHOWN]:
        console.print(Text(f"{name}: {failure}", style="red"))
    for sentence in outcome.failures:
        console.print(Text(sentence, style="bold red"))
    if not outcome.failures:
        console.print(Text("No violation.", style="bold green"))
    console.print(f"What it leaves to look at: {outcome.data_dir}")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The same as values; times are in seconds."""
    account = outcome.account
    return {
        "seed": outcome.options.seed,
        "seconds": outcome.options.seconds,
        "under_fire": round(outcome.under_fire, 1),
        "took": round(outcome.seconds, 1),
        "orders_placed": outcome.tally.placed,
        "answers": dict(outcome.tally.told),
        "requests": outcome.tally.requests,
        "given_up": outcome.tally.given_up,
        "faults": dict(account.counts),
        "missed": dict(account.missed),
        "recoveries": [asdict(recovery) for recovery in account.recoveries],
        "at_rest_after": None if outcome.rest is None else outcome.rest.seconds,
        "histories": outcome.replays.histories,
        "continued_as_new": outcome.replays.continued_as_new,
        "not_replayed": outcome.replays.failures,
        "violations": [
            {
                "rule": violation.name,
                "count": violation.count,
                "rows": [
                    {name: str(value) for name, value in row.items()} for row in violation.rows
                ],
            }
            for violation in outcome.violations
        ],
        "failures": outcome.failures,
        "data_dir": str(outcome.data_dir),
    }


def _violation(violation: Violation) -> Text:
    """A rule that does not hold, with what is at fault a line each."""
    said = f"{violation.name}, {violation.count} times: {violation.sentence}"
    rows = (
        "  " + ", ".join(f"{name} {value}" for name, value in row.items())
        for row in violation.rows[:_MOST_SHOWN]
    )
    return Text("\n".join([said, *rows]), style="red")


def _faults(outcome: Outcome) -> Table:
    counts, missed = outcome.account.counts, outcome.account.missed
    table = Table(title=f"Faults: {counts.total()}", title_justify="left")
    table.add_column("fault", no_wrap=True)
    table.add_column("happened", justify="right")
    table.add_column("found nothing", justify="right")
    for name in outcome.options.faults:
        style = "" if counts[name] else "red"
        table.add_row(Text(name, style=style), str(counts[name]), str(missed[name] or ""))
    return table


def _recoveries(outcome: Outcome) -> Table:
    """The last three columns are medians: an order's way to its location before the kill, the
    promise of a new one after it, and the way of one that was in hand."""
    table = Table(title="Seconds to recover from a single kill", title_justify="left")
    table.add_column("killed", no_wrap=True)
    for name in ("times", "p50", "p99", "longest"):
        table.add_column(name, justify="right")
    for name in ("before", "new order", "in hand"):
        table.add_column(name, justify="right")
    for fault, recoveries in recoveries_by_fault(outcome.account.recoveries).items():
        table.add_row(fault, str(len(recoveries)), *_figures(recoveries))
    return table


def _figures(recoveries: Sequence[Recovery]) -> list[str]:
    # One that did not recover while somebody waited took at least so long.
    totals = [one.seconds or PATIENCE for one in recoveries]
    before = [one.before or PATIENCE for one in recoveries]
    placed = [one.placed or PATIENCE for one in recoveries]
    released = [one.released or PATIENCE for one in recoveries]
    values = (
        median(totals),
        percentile(totals, 0.99),
        max(totals),
        median(before),
        median(placed),
        median(released),
    )
    return [f"{value:.2f}" for value in values]


def _answers(outcome: Outcome) -> Table:
    told = outcome.tally.told
    kinds = sorted({name.partition(" ")[0] for name in told})
    table = Table(title=f"What clients were told: {outcome.tally.answers}", title_justify="left")
    table.add_column("asked for", no_wrap=True)
    verdicts = ("ok", "refused", "unknown")
    for verdict in verdicts:
        table.add_column(verdict, justify="right")
    for kind in kinds:
        table.add_row(kind, *(str(told[f"{kind} {verdict}"] or "") for verdict in verdicts))
    return table
