"""`ariane simulate --from-history`: past decisions made again under another policy."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import OperationalError

from adapters.postgres.decisions import read_decisions
from adapters.postgres.engine import create_engine
from cli.simulate.policies import Tried
from cli.simulate.words import Language, say
from cli.target import Target
from domain.policies import Comparison, Comparisons, Decided, Figures
from domain.sourcing import plan
from domain.wording import money

_GRAMS_PER_KG = 1000
_NAMESPACE = "default"
_Show = Callable[[int], str]


Row = tuple[str, str, str, str]
"""What it is, as it was, as it would be, and the difference, each in words."""


@dataclass(frozen=True)
class Account:
    """All comparisons of the decisions since a moment."""

    tried: str
    since: datetime
    comparisons: list[Comparison]

    @property
    def decisions(self) -> int:
        return sum(one.decisions for one in self.comparisons)

    def setting(self, language: Language) -> str:
        since = f"{self.since:%Y-%m-%d %H:%M} UTC"
        if not self.decisions:
            return say("nothing", language, since=since)
        facts = {"decisions": self.decisions, "since": since, "name": self.tried}
        return say("history_setting", language, **facts)


def run(
    tried: Tried,
    days: int,
    language: Language,
    database_url: str | None,
    data_dir: Path,
) -> Account:
    """Look, print, and give what was found. Nothing is written to the books."""
    target = Target.of(data_dir, database_url, None, _NAMESPACE)
    since = datetime.now(UTC) - timedelta(days=days)
    try:
        account = asyncio.run(_look(target.database_url, tried, since))
    except OperationalError as error:
        raise SystemExit(f"The decisions could not be read: {error.orig}") from None
    console = Console(highlight=False, emoji=False)
    console.print(account.setting(language), markup=False)
    for comparison in account.comparisons:
        _show(console, comparison, tried.name, language)
    return account


async def _look(database_url: str, tried: Tried, since: datetime) -> Account:
    comparisons = Comparisons()
    engine = create_engine(database_url, pool_size=1)
    try:
        columns = SpinnerColumn(), TextColumn("{task.description} {task.completed}")
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("decisions", total=None)
            async with aclosing(read_decisions(engine, since)) as decisions:
                async for decision in decisions:
                    again = plan(decision.problem, tried.policy.sourcing, explain=False)
                    comparisons.add(
                        Decided(
                            order_id=decision.order_id,
                            generation=decision.generation,
                            at=decision.at,
                            currency=decision.problem.currency,
                            live_version=decision.policy_version,
                            shadow_version=tried.policy.version,
                            live=decision.plan,
                            shadow=again,
                        )
                    )
                    progress.update(task, advance=1)
    finally:
        await engine.dispose()
    return Account(tried.name, since, comparisons.all())


def _show(console: Console, comparison: Comparison, name: str, language: Language) -> None:
    table = Table(title=Text(comparison.live_version), title_justify="left")
    for number, heading in enumerate(headings(name, language)):
        table.add_column(Text(heading), justify="right" if number else "left")
    for row in rows_of(comparison, language):
        table.add_row(*map(Text, row))
    console.print(table)
    if comparison.most:
        most = Table(title=say("most", language), title_justify="left")
        for number, heading in enumerate(headings_of_most(language)):
            most.add_column(heading, justify="right" if number else "left")
        for told in most_of(comparison):
            most.add_row(*map(Text, told))
        console.print(most)


def headings(name: str, language: Language) -> Row:
    return (
        say("figure", language),
        say("then", language),
        say("now", language, name=name),
        say("change", language),
    )


def rows_of(comparison: Comparison, language: Language) -> Iterator[Row]:
    """The sums over all decisions of a comparison."""
    then, now = comparison.live, comparison.shadow
    total, differing = f"{comparison.decisions:,}", f"{comparison.differing:,}"
    yield say("decisions", language), total, total, ""
    yield say("differing", language), "", differing, ""

    def amount(cents: int) -> str:
        return money(cents, comparison.currency)

    yield _row(say("paid", language), then.cost, now.cost, amount)
    yield _row(say("shipments", language), then.shipments, now.shipments, _whole)
    yield _row(say("missing", language), then.missing, now.missing, _whole)
    if comparison.dated:
        before, after = (round(100 * (f.days or 0.0) / comparison.dated) for f in (then, now))
        yield _row(say("days", language), before, after, _hundredths)
    yield _row(say("co2_kg", language), then.co2_grams, now.co2_grams, _kg)


def headings_of_most(language: Language) -> tuple[str, ...]:
    names = ("order", "paid", "shipments", "missing", "days", "co2_kg")
    return tuple(say(name, language) for name in names)


def most_of(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """The decisions that differ most: each figure as it was and as it would be."""
    for one in comparison.most:
        pairs = [_told(figures, comparison.currency) for figures in (one.live, one.shadow)]
        texts = [
            a if a == b else f"{a} \N{RIGHTWARDS ARROW} {b}" for a, b in zip(*pairs, strict=True)
        ]
        yield f"{one.order_id} #{one.generation}", *texts


def _told(figures: Figures, currency: str) -> tuple[str, ...]:
    return (
        money(figures.cost, currency),
        _whole(figures.shipments),
        _whole(figures.missing),
        "-" if figures.days is None else f"{figures.days:.1f}",
        _kg(figures.co2_grams),
    )


def _row(label: str, then: int, now: int, show: _Show) -> Row:
    sign = "+" if now > then else ""
    return label, show(then), show(now), f"{sign}{show(now - then)}"


def _whole(value: int) -> str:
    return f"{value:,}"


def _hundredths(value: int) -> str:
    return f"{value / 100:.2f}"


def _kg(grams: int) -> str:
    return f"{grams / _GRAMS_PER_KG:,.2f}"
