"""The benchmark of sourcing, small and without the published data."""

from pathlib import Path

from cli.bench.sourcing.command import SourcingBenchOptions, run
from cli.bench.sourcing.judge import Figures
from cli.bench.sourcing.report import Compared


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
