"""`ariane simulate`: read, play, report."""

import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.demo.places import Places, UnreadablePlaces, built_in, read_places
from cli.demo.uci import UnreadableFile
from cli.simulate import report
from cli.simulate.policies import NoPolicy, Tried, read_policies
from cli.simulate.scenarios import scenarios
from cli.simulate.stream import NoOrders, Stream, invent_stream, read_stream
from cli.simulate.words import Language, say
from domain.simulation import by_policy
from domain.simulation.trial import Trial, compare

_INVENTED_DAYS = 28
_BAD_INPUT = 2


@dataclass(frozen=True)
class StreamOptions:
    """What to play. Without `orders_file`, `orders_count` orders are invented."""

    policies: tuple[str, ...]
    orders_file: Path | None
    days: int | None
    seeds: tuple[int, ...]
    orders_count: int
    postal_codes: Path | None
    html: Path | None
    language: Language


@dataclass(frozen=True)
class HistoryOptions:
    """Which past decisions to look at, and under which policy."""

    days: int
    policies: tuple[str, ...]
    html: Path | None
    language: Language
    database_url: str | None
    data_dir: Path


def run_stream(options: StreamOptions) -> None:
    """Play a stream of orders under each policy and show what came out; ends the process with 2
    and a line on what is wrong with the input."""
    try:
        _look_for_charts(options.html)
        tried = read_policies(options.policies)
        stream = _stream(options)
    except (NoOrders, NoPolicy, UnreadableFile, UnreadablePlaces) as error:
        _end(str(error))
    console = Console(highlight=False, emoji=False)
    setting = _setting(stream, options)
    console.print(setting, markup=False)
    began = time.monotonic()
    trial = _play(stream, tried, options.seeds)
    seconds = time.monotonic() - began
    report.show(console, trial, options.language)
    played = len(stream.orders) * len(tried) * len(options.seeds)
    console.print(f"{played:,} orders in {seconds:.1f} s, {played / seconds:,.0f} a second.")
    if options.html is not None:
        from cli.simulate.page import of_trial

        _write(options.html, of_trial(trial, setting, options.language))


def run_history(options: HistoryOptions) -> None:
    """Decide again what was decided in the last days, under another policy, and show what would
    change; ends the process with 2 and a line on what is wrong with the input."""
    from cli.simulate.history import run

    try:
        _look_for_charts(options.html)
        tried = read_policies(options.policies)
    except NoPolicy as error:
        _end(str(error))
    if not options.policies or len(tried) > 1:
        _end("--from-history takes one --policy")
    account = run(tried[0], options.days, options.language, options.database_url, options.data_dir)
    if options.html is not None:
        from cli.simulate.page import of_history

        _write(options.html, of_history(account, options.language))


def _look_for_charts(html: Path | None) -> None:
    """Before the work, not after it."""
    if html is None:
        return
    if find_spec("matplotlib") is None:
        _end("--html needs matplotlib for its charts: pip install 'ariane[trial]'")
    if html.is_dir() or not html.parent.is_dir():
        _end(f"--html {html} cannot be written: there is no such folder, or it is one")


def _stream(options: StreamOptions) -> Stream:
    places = _places(options.postal_codes)
    seed = options.seeds[0]
    if options.orders_file is None:
        days = options.days or _INVENTED_DAYS
        return invent_stream(options.orders_count, seed, places, days)
    return read_stream(options.orders_file, seed, places, options.days)


def _places(given: Path | None) -> Places:
    return built_in() if given is None else read_places(given)


def _setting(stream: Stream, options: StreamOptions) -> str:
    seeds = options.seeds
    return say(
        "setting",
        options.language,
        source=stream.source or say("invented", options.language),
        orders=len(stream.orders),
        first=stream.orders[0].at.date(),
        last=stream.orders[-1].at.date(),
        seeds=str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]}-{seeds[-1]}",
    )


def _play(stream: Stream, tried: list[Tried], seeds: tuple[int, ...]) -> Trial:
    rules = [by_policy(one.name, one.policy) for one in tried]
    weights = tried[0].policy.sourcing
    total = len(stream.orders) * len(rules) * len(seeds)
    with _progress() as progress:
        task = progress.add_task("orders", total=total)

        def played(orders: int) -> None:
            progress.update(task, advance=orders)

        return compare(scenarios(stream.orders, seeds, weights), rules, played)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        _end(f"{path} cannot be written: {error.strerror}")


def _end(message: str) -> NoReturn:
    Console(stderr=True, highlight=False, emoji=False).print(message, markup=False, soft_wrap=True)
    raise SystemExit(_BAD_INPUT)
