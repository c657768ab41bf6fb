"""Run the benchmark of sourcing, and say what came out."""

import gc
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from cli.bench.reporting import machine, progress_bar, write_section
from cli.bench.sourcing.brunel import Tailor, UnreadableWorkbook, read_workbook
from cli.bench.sourcing.brunel_ahead import BrunelAhead
from cli.bench.sourcing.brunel_hindsight import least_cost
from cli.bench.sourcing.judge import Figures
from cli.bench.sourcing.report import Compared, Decisions, content
from cli.bench.sourcing.rules import fewest_then_nearest, in_priority_order
from cli.bench.sourcing.speed import POLICY, problem
from cli.bench.sourcing.stream import Ahead, Window, window
from cli.bench.sourcing.stream_hindsight import cost_at_least
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
    with progress_bar("deciding", 13) as show:
        done = iter(range(1, 100))
        compared = [_stream(options, lambda: show(next(done)))]
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


def _stream(options: SourcingBenchOptions, step: Callable[[], object]) -> Compared:
    stream = options.stream if options.stream and options.stream.exists() else None
    codes = options.postal_codes
    known = codes if codes and codes.exists() else None
    played = window(stream, known, options.orders, options.seed)
    policy = SourcingPolicy(co2_price_per_tonne=10_000)
    ahead = Ahead(played, policy)
    priority = [place.location_id for place in played.scenario.locations]
    rules: list[tuple[Decide, Watch | None]] = [
        (in_priority_order(policy, priority), None),
        (fewest_then_nearest(policy), None),
        (_ours(policy), None),
        (ahead, ahead.watch),
    ]
    figures = []
    for decide, watch in rules:
        figures.append(_played(played.scenario, policy, decide, watch))
        step()
    bound = cost_at_least(played.scenario, policy)
    step()
    return Compared(
        name=f"{len(played.scenario.orders)} orders of {played.source}, 10 locations",
        clairvoyant="a bound: no decisions cost less",
        least=bound,
        rows=tuple(zip(_NAMES, figures, strict=True)),
        currency=_currency(played),
    )


def _currency(played: Window) -> str:
    return played.scenario.orders[0].currency


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
        figures.append(_played(scenario, policy, decide, None, tailor))
        step()
    least = least_cost(data, policy)
    step()
    return Compared(
        name=f"{len(scenario.orders)} orders of Brunel's logistics network, 19 plants",
        clairvoyant="the optimum",
        least=least,
        rows=tuple(zip(_NAMES, figures, strict=True)),
        currency="USD",
    )


def _ours(policy: SourcingPolicy) -> Decide:
    def decide(problem: SourcingProblem, /) -> SourcingPlan:
        return plan(problem, policy, explain=False)

    return decide


def _tailored(tailor: Tailor, decide: Decide) -> Decide:
    return lambda problem: decide(tailor(problem))


def _played(
    scenario: Scenario,
    policy: SourcingPolicy,
    decide: Decide,
    watch: Watch | None,
    tailor: Tailor | None = None,
) -> Figures:
    figures = Figures()

    def judged(problem: SourcingProblem, /) -> SourcingPlan:
        decided = decide(problem)
        figures.add(tailor(problem) if tailor else problem, policy, decided)
        return decided

    simulate(scenario, Rule("judged", judged, backorder_timeout=timedelta(0), watch=watch))
    return figures


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
    played = window(None, None, options.orders, options.seed)
    rule = by_policy("default", OrderPolicy(version="default"))
    start = time.process_time()
    simulate(played.scenario, rule)
    return len(played.scenario.orders), len(played.scenario.orders) / (time.process_time() - start)
