"""`ariane demo`: start a stack, play a scenario in it, print the account, stop the stack."""

import asyncio
import fcntl
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGINT, SIGTERM

from rich.console import Console

from cli.demo import report
from cli.demo.generator import generate
from cli.demo.imported import scenario_of
from cli.demo.live import LiveProgress
from cli.demo.living import LivingDay, enliven
from cli.demo.places import Places, UnreadablePlaces, built_in, read_places
from cli.demo.runner import Course, play
from cli.demo.uci import Import, UnreadableFile, read_file
from cli.stack import Stack, StackAddresses, StackError, StackOptions
from cli.stack.state import stop_leftovers

DATA_DIR = Path(".ariane/demo")
POSTAL_CODES = Path("../shared/data/geonames-postal.csv.xz")
# Simulated partners answer in milliseconds or not at all.
_PARTNER_TIMEOUT = "1.5"


@dataclass(frozen=True)
class DemoOptions:
    """What to play. Without `orders_file`, `orders_count` orders are invented."""

    orders_count: int
    seed: int
    in_flight: int
    orders_file: Path | None = None
    limit: int | None = None
    postal_codes: Path | None = None
    json_file: Path | None = None
    keep: bool = False


@dataclass(frozen=True)
class _Play:
    day: LivingDay
    imported: Import | None


def run(options: DemoOptions) -> None:
    """Play, and end the process: with 0 when all orders came to rest and every invariant holds."""
    console = Console(highlight=False, emoji=False)
    try:
        prepared = _prepare(options, console)
        good = asyncio.run(_until_signalled(options, prepared, console))
    except (StackError, UnreadableFile, UnreadablePlaces) as error:
        raise SystemExit(str(error)) from None
    raise SystemExit(0 if good else 1)


def _prepare(options: DemoOptions, console: Console) -> _Play:
    places = _places(options.postal_codes)
    if options.orders_file is None:
        today = datetime.now(UTC).date()
        scenario = generate(options.orders_count, options.seed, today, places)
        return _Play(enliven(scenario, options.seed), None)
    imported = read_file(options.orders_file)
    taken = imported.orders[: options.limit]
    report.show_import(console, imported, sum(len(order.lines) for order in taken))
    return _Play(LivingDay(scenario_of(taken, options.seed, places)), imported)


def _places(given: Path | None) -> Places:
    if given is not None:
        return read_places(given)
    return read_places(POSTAL_CODES) if POSTAL_CODES.exists() else built_in()


async def _until_signalled(options: DemoOptions, prepared: _Play, console: Console) -> bool:
    """The demo, which ends in order when a person or the system stops it."""
    demo = asyncio.ensure_future(_demo(options, prepared, console))
    loop = asyncio.get_running_loop()
    for signal in (SIGINT, SIGTERM):
        loop.add_signal_handler(signal, demo.cancel)
    try:
        return await demo
    except asyncio.CancelledError:
        console.print("Stopped.")
        return False


async def _demo(options: DemoOptions, prepared: _Play, console: Console) -> bool:
    _make_fresh(DATA_DIR)
    console.print("Starting a stack of its own.")
    stack = StackOptions(
        data_dir=DATA_DIR,
        world_seed=options.seed,
        environment={"HTTP_TIMEOUT": _PARTNER_TIMEOUT, "LOG_LEVEL": "WARNING"},
    )
    async with Stack(stack) as addresses:
        orders = len(prepared.day.scenario.orders)
        console.print(f"Placing {orders:,} orders with seed {options.seed}.")
        with LiveProgress(console, orders) as live:
            course = await play(addresses, prepared.day, options.seed, options.in_flight, live.show)
        report.show(console, course)
        _write_json(options, course, prepared.imported)
        if options.keep:
            await _stay(addresses, console, course)
    return course.is_good


def _make_fresh(data_dir: Path) -> None:
    """Remove what an earlier demo left, its processes too if it was killed."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"A demo already runs on {data_dir}.") from None
        stop_leftovers(data_dir, lambda _: None)
        for entry in data_dir.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()


def _write_json(options: DemoOptions, course: Course, imported: Import | None) -> None:
    if options.json_file is not None:
        figures = report.as_json(course, imported, options.seed)
        options.json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def _stay(addresses: StackAddresses, console: Console, course: Course) -> None:
    outcome = "all is well" if course.is_good else "not all is well"
    console.print(f"It stays up, {outcome}. Ctrl-C stops it.")
    console.print(f"  Temporal's UI              {addresses.ui_url}")
    console.print(f"  API and its documentation  {addresses.api_url}/docs")
    console.print(f"  Database                   {addresses.database_url}", soft_wrap=True)
    await asyncio.Event().wait()
