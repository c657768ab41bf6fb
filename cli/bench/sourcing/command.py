"""Run the benchmark of sourcing, and say what came out."""

import gc
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from cli.bench.reporting import machine, progress_bar, write_section
from cli.bench.sourcing.brunel import Tailor
from cli.bench.sourcing.brunel_ahead import BrunelAhead
from cli.bench.sourcing.brunel_hindsight import least_cost
from cli.bench.sourcing.brunel_workbook import UnreadableWorkbook, read_workbook
from cli.bench.sourcing.judge import Figures, money
from cli.bench.sourcing.pricing import Column, column_of
from cli.bench.sourcing.report import Compared, Decisions, content
from cli.bench.sourcing.rules import fewest_then_nearest, in_priority_order
from cli.bench.sourcing.speed import POLICY, problem
from cli.bench.sourcing.stream import Ahead, window
from cli.bench.sourcing.stream_hindsight import with_hindsight
from cli.demo.places import built_in
from cli.simulate.scenarios import scenarios
from cli.simulate.stream import invent_stream
from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.simulation import Decide, Rule, Scenario, Watch, by_policy, simulate
from domain.sourcing import SourcingPlan, SourcingProblem, plan

PACKAGES = ("highspy", "pydantic")
_NAMES = (
    "B0: first location with stock",
    "B1: fewest shipments, then nearest",
    "Ariane, without look-ahead",
    "Ariane, with look-ahead",
)

PRIORITY = (
    "coventry", "manchester", "lille", "orleans", "liege", "lyon", "marseille", "london", "paris",
    "brussels",
)  # fmt: skip
"""The locations of the stream, the central warehouses and those near most customers first."""
STREAM_POLICY = SourcingPolicy(co2_price_per_tonne=10_000, backorder_per_unit=10_000)
_COVERS = (8.0, 12.0)
_ROUNDS, _SECONDS = 18, 30
_SIMULATED_DAYS = 28


@dataclass(frozen=True)
class SourcingBenchOptions:
    """`orders` of the stream are decided, `decisions` are timed in each size of network. Files that
    are None, or not there, are replaced by what is invented, or left out."""

    orders: int
    decisions: int
    seed: int
    stream: Path | None
    postal_codes: Path | None
    workbook: Path | None
    write: Path | None


def run(options: SourcingBenchOptions) -> None:
    """Compare, time, print, and write the file if one is named."""
    steps = len(_COVERS) * (len(_NAMES) + _ROUNDS + 1) + len(_NAMES) + 1 + 2
    with progress_bar("deciding", steps) as show:
        done = itertools.count(1)
        compared = [_stream(options, cover, lambda: show(next(done))) for cover in _COVERS]
        workbook = _workbook(options, lambda: show(next(done)))
        if workbook is not None:
            compared.append(workbook)
        timed = [_timed(places, options.decisions) for places in (10, 100, 1000)]
        show(next(done))
        rate = _simulated(options)
        show(next(done))
    text = content(compared, timed, rate, machine(*PACKAGES))
    print(text)
    if options.write is not None:
        write_section(options.write, "sourcing", text)


def _stream(options: SourcingBenchOptions, cover: float, step: Callable[[], object]) -> Compared:
    stream = options.stream if options.stream and options.stream.exists() else None
    codes = options.postal_codes
    known = codes if codes and codes.exists() else None
    played = window(stream, known, options.orders, options.seed, cover)
    scenario = played.scenario
    ahead = Ahead(played, STREAM_POLICY)
    rules: list[tuple[Decide, Watch | None]] = [
        (in_priority_order(STREAM_POLICY, PRIORITY), None),
        (fewest_then_nearest(STREAM_POLICY), None),
        (_ours(STREAM_POLICY), None),
        (ahead, ahead.watch),
    ]
    judged = []
    for decide, watch in rules:
        judged.append(_played(scenario, STREAM_POLICY, decide, watch))
        step()
    known_plans = [one.columns for one in judged]
    hindsight = with_hindsight(scenario, STREAM_POLICY, known_plans, _ROUNDS, _SECONDS, step)
    step()
    return Compared(
        name=f"{len(scenario.orders)} orders of {played.source}, stock of {cover:g} days",
        clairvoyant=f"HiGHS in {_SECONDS} s, of {hindsight.plans:,} plans",
        least=hindsight.found,
        bound=hindsight.bound,
        rows=tuple(zip(_NAMES, (one.figures for one in judged), strict=True)),
        currency=scenario.orders[0].currency,
    )


def _workbook(options: SourcingBenchOptions, step: Callable[[], object]) -> Compared | None:
    if options.workbook is None or not options.workbook.exists():
        return None
    try:
        data = read_workbook(options.workbook, options.seed)
    except UnreadableWorkbook as error:
        Console(stderr=True).print(str(error))
        return None
    policy = SourcingPolicy()
    scenario, tailor = data.scenario(options.seed), Tailor(data)
    ahead = BrunelAhead(data, policy)
    priority = sorted(data.plants)
    rules = [
        _tailored(tailor, in_priority_order(policy, priority)),
        _tailored(tailor, fewest_then_nearest(policy)),
        _tailored(tailor, _ours(policy)),
        ahead,
    ]
    figures = []
    for decide in rules:
        figures.append(_played(scenario, policy, decide, None, tailor).figures)
        step()
    least = least_cost(data, policy)
    step()
    return Compared(
        name=f"{len(scenario.orders)} orders of Brunel's logistics network, 19 plants",
        clairvoyant="the optimum",
        least=least,
        bound=least,
        rows=tuple(zip(_NAMES, figures, strict=True)),
        currency="USD",
    )


def _ours(policy: SourcingPolicy) -> Decide:
    def decide(problem: SourcingProblem, /) -> SourcingPlan:
        return plan(problem, policy, explain=False)

    return decide


def _tailored(tailor: Tailor, decide: Decide) -> Decide:
    return lambda problem: decide(tailor(problem))


@dataclass(frozen=True)
class _Judged:
    """What a rule decided, order by order."""

    figures: Figures
    columns: list[Column]


def _played(
    scenario: Scenario,
    policy: SourcingPolicy,
    decide: Decide,
    watch: Watch | None,
    tailor: Tailor | None = None,
) -> _Judged:
    judged = _Judged(Figures(), [])

    def decided(problem: SourcingProblem, /) -> SourcingPlan:
        found = decide(problem)
        judged.figures.add(tailor(problem) if tailor else problem, policy, found)
        number = len(judged.columns)
        judged.columns.append(column_of(number, problem, found, money(policy, found)))
        return found

    simulate(scenario, Rule("judged", decided, backorder_timeout=timedelta(0), watch=watch))
    return judged


def _timed(places: int, decisions: int) -> Decisions:
    """Decisions on orders of 1 to 5 lines, with their explanation."""
    rng = random.Random(1)
    times = []
    exact = 0
    gc.collect()
    gc.disable()
    try:
        for _ in range(decisions):
            case = problem(rng, places, rng.randint(1, 5), 0.4)
            start = time.perf_counter()
            decided = plan(case, POLICY)
            times.append(1000 * (time.perf_counter() - start))
            exact += decided.method == "exact"
    finally:
        gc.enable()
    times.sort()
    return Decisions(
        places, times[len(times) // 2], times[int(0.99 * len(times))], exact / decisions
    )


def _simulated(options: SourcingBenchOptions) -> tuple[int, float]:
    """Orders that were simulated, and how many a second of one core's time."""
    stream = invent_stream(options.orders, options.seed, built_in(), _SIMULATED_DAYS)
    [scenario] = scenarios(stream.orders, [options.seed], SourcingPolicy())
    rule = by_policy("default", OrderPolicy(version="default"))
    start = time.process_time()
    simulate(scenario, rule)
    return len(scenario.orders), len(scenario.orders) / (time.process_time() - start)
