"""What the benchmark of sourcing says."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.bench.sourcing.judge import Figures

_AIMS = {10: 2.0, 100: 5.0, 1000: 20.0}
_CAPTURED, _RATE = 0.6, 2000
_INTRODUCTION = f"""\
Written by `make bench-sourcing`, one run, in one process. Every rule decides the same orders as
they come, with the stock that its own decisions have left, and one judge prices all plans by
the terms of the objective: freight, handling, CO2 (100.00 a tonne on the stream), lateness,
risk, splits, and what is not sent. OTIF counts orders that are planned whole and by the date
asked for. The look-ahead knows the past alone. *Captured* is how much of what B1 costs more
than with hindsight is saved: (B1 - ours) / (B1 - clairvoyant); aim: {_CAPTURED} with
look-ahead."""
_SIMULATED = f"""{{orders:,}} invented orders under the default policy, with every disruption:
{{rate:,.0f}} a second on one core (aim {_RATE:,})."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What rules made of the same orders. `least` is the cost with hindsight, and `clairvoyant`
    says whether that is the optimum or a bound. The second rule is what the others are compared
    with."""

    name: str
    clairvoyant: str
    least: int
    rows: tuple[tuple[str, Figures], ...]
    currency: str

    def captured(self, figures: Figures) -> float:
        """The share of what the second rule costs too much that is not spent."""
        other = self.rows[1][1].cost
        return (other - figures.cost) / (other - self.least)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Milliseconds of one decision in a network of so many locations, and how many were exact."""

    locations: int
    median: float
    p99: float
    exact: float


def content(
    compared: Sequence[Compared],
    timed: Sequence[Decisions],
    rate: tuple[int, float],
    measured_on: str,
) -> str:
    """The section, in Markdown."""
    orders, per_second = rate
    parts = [
        "## Sourcing",
        "",
        _INTRODUCTION,
        "",
        measured_on,
    ]
    for one in compared:
        parts += ["", f"### {one.name}", "", *_rows(one)]
    parts += [
        "",
        "### One decision",
        "",
        "Orders of 1 to 5 lines, each location with 40 % of the SKUs, with the explanation.",
        "",
        "| locations | p50 ms | p99 ms | aim | exact |",
        "|---|---|---|---|---|",
        *[
            f"| {t.locations:,} | {t.median:.2f} | {t.p99:.2f} | {_AIMS[t.locations]:.0f} | "
            f"{t.exact:.1%} |"
            for t in timed
        ],
        "",
        "### Simulated orders",
        "",
        _SIMULATED.format(orders=orders, rate=per_second),
    ]
    return "\n".join(parts)


def _rows(one: Compared) -> list[str]:
    rows = [
        f"| | cost, {one.currency} | captured | shipments per order | OTIF | kg CO2 | not sent |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in one.rows:
        rows.append(
            f"| {name} | {figures.cost / 100:,.2f} | {one.captured(figures):.2f} | "
            f"{figures.shipments_per_order:.2f} | {figures.otif_share:.1%} | "
            f"{figures.co2_grams / 1000:,.0f} | {figures.unserved:,} |"
        )
    rows.append(f"| clairvoyant ({one.clairvoyant}) | {one.least / 100:,.2f} | 1.00 | | | | |")
    return rows
