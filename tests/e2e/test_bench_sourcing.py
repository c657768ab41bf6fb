"""The benchmark of sourcing, small and without the published data."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from cli.bench.sourcing.brunel import Brunel, Tailor
from cli.bench.sourcing.brunel_ahead import BrunelAhead
from cli.bench.sourcing.brunel_hindsight import least_cost
from cli.bench.sourcing.brunel_workbook import SHEETS, UnreadableWorkbook, read_workbook
from cli.bench.sourcing.command import SourcingBenchOptions, run
from cli.bench.sourcing.judge import Figures
from cli.bench.sourcing.report import Compared
from cli.bench.sourcing.rules import fewest_then_nearest
from domain.messages.policy import SourcingPolicy
from domain.simulation import Decide, Rule, simulate
from domain.sourcing import SourcingPlan, SourcingProblem

POLICY = SourcingPolicy(lateness_per_day=500)
# Plant P makes A and B, Q makes A alone and stores it for 0.10 more; each sends one order a day.
ROWS: dict[str, list[list[Any]]] = {
    "OrderList": [
        ["Order Date", "Service Level", "TPT", "Customer", "Product ID", "Unit quantity", "Weight"],
        [datetime(2013, 5, 26), "DTD", 2, "C1", "A", 10, 5.0],  # noqa: DTZ001
        [datetime(2013, 5, 26), "DTD", 2, "C2", "B", 10, 5.0],  # noqa: DTZ001
    ],
    "FreightRates": [
        ["orig_port_cd", "Carrier", "svc_cd", "tpt_day_cnt", "minm_wgh_qty", "max_wgh_qty",
         "minimum cost", "rate", "mode_dsc"],
        ["PORT1", "V1", "DTD", 2, 0, 99.99, 4.0, 1.0, "AIR   "],
    ],
    "WhCosts": [["WH", "Cost/unit"], ["P", 1.0], ["Q", 1.1]],
    "WhCapacities": [["Plant ID", "Daily Capacity "], ["P", 1], ["Q", 1]],
    "ProductsPerPlant": [["Plant Code", "Product ID"], ["P", "A"], ["P", "B"], ["Q", "A"]],
    "VmiCustomers": [["Plant Code", "Customers"]],
    "PlantPorts": [["Plant Code", "Port"], ["P", "PORT1"], ["Q", "PORT1"]],
}  # fmt: skip


def _figures(cost: int) -> Figures:
    return Figures(orders=1, cost=cost)


def test_what_is_captured_is_a_share_of_what_hindsight_would_save() -> None:
    rows = tuple((name, _figures(cost)) for name, cost in (("B0", 130), ("B1", 120), ("ours", 105)))
    compared = Compared("a window", "found", 100, 90, rows, "EUR")
    captured = [compared.captured(figures) for _, figures in rows]
    assert captured == [(-1 / 3, -0.5), (0.0, 0.0), (0.5, 0.75)]


def test_a_window_is_decided_by_every_rule_and_the_report_is_written(tmp_path: Path) -> None:
    nothing_there = tmp_path / "missing"
    report = tmp_path / "benchmarks.md"
    run(
        SourcingBenchOptions(
            orders=20,
            decisions=20,
            seed=1,
            stream=nothing_there,
            postal_codes=nothing_there,
            workbook=nothing_there,
            write=report,
        )
    )
    written = report.read_text(encoding="utf-8")
    for days in (8, 12):
        table = written.split(f"stock of {days} days")[1].split("###")[0]
        rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")][1:]
        costs = [float(row[2].replace(",", "")) for row in rows]
        # What was found with hindsight is as good as every rule, and nothing undercuts the bound.
        assert [row[1].strip()[:6] for row in rows[:5]] == [
            "B0: fi",
            "B1: fe",
            "Ariane",
            "Ariane",
            "clairv",
        ]
        assert costs[4] <= min(costs[:4])
        assert costs[-1] <= costs[4]
        assert rows[1][3].strip() == "0.00"


def _workbook(path: Path, sheets: tuple[str, ...] = SHEETS) -> Path:
    book = Workbook()
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in ROWS[name]:
            sheet.append(row)
    book.save(path)
    return path


def test_hindsight_keeps_a_place_for_the_order_that_only_one_plant_can_send(
    tmp_path: Path,
) -> None:
    data = read_workbook(_workbook(tmp_path / "book.xlsx"), 1)
    # A from Q for 11.00 and B from P for 10.00, both on the first day; 5 kg of freight each.
    assert least_cost(data, POLICY) == 1100 + 1000 + 2 * 500


def test_no_rule_undercuts_hindsight_and_no_plant_sends_more_than_it_can(tmp_path: Path) -> None:
    data = read_workbook(_workbook(tmp_path / "book.xlsx"), 1)
    tailor, nearest = Tailor(data), fewest_then_nearest(POLICY)
    for decide in (lambda problem: nearest(tailor(problem)), BrunelAhead(data, POLICY)):
        plans = _decided(data, decide)
        figures = Figures()
        for problem, plan in plans:
            figures.add(tailor(problem), POLICY, plan)
        sent = [(s.location_id, s.dispatch_day) for _, plan in plans for s in plan.shipments]
        assert figures.orders == 2
        assert figures.cost >= least_cost(data, POLICY)
        assert len(set(sent)) == len(sent)


def _decided(data: Brunel, decide: Decide) -> list[tuple[SourcingProblem, SourcingPlan]]:
    plans = []

    def noted(problem: SourcingProblem, /) -> SourcingPlan:
        plans.append((problem, decide(problem)))
        return plans[-1][1]

    simulate(data.scenario(1), Rule("noted", noted))
    return plans


def test_a_workbook_without_one_of_its_sheets_is_named(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "book.xlsx", SHEETS[:-1])
    with pytest.raises(UnreadableWorkbook, match="PlantPorts"):
        read_workbook(path, 1)
