"""What the benchmark of sourcing says."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.bench.sourcing.judge import Figures

_AIMS = {10: 2.0, 100: 5.0, 1000: 20.0}
_CAPTURED, _RATE = 0.6, 2000
_INTRODUCTION = f"""\
Written by `make bench-sourcing`, one run. Every rule decides the same orders as they come, with
the stock that its own decisions have left, and one judge prices all plans by the terms of the
objective: freight, handling, CO2 (100.00 a tonne on the stream), lateness, risk, splits, and what
is not sent. OTIF counts orders that are planned whole and by the date asked for. The look-ahead
knows the past alone. *Captured* is how much of what B1 costs more than with hindsight is saved:
(B1 - ours) / (B1 - clairvoyant); aim: {_CAPTURED} with look-ahead. Where the optimum is not known
it is a range: beside a bound that is proven, and beside the best plans that were found.

On the stream the stock is drawn by a seed: at the start what is ordered in so many days, and each
week a week's worth, more at two central warehouses. A unit that is not sent costs 100.00. Carriers
are paid by consignment and kilogram. On the logistics data every order leaves as a whole, from one
of the plants that make it, on the plant's first day with room; a day after the time asked for costs
5.00. The look-ahead prices units on the stream, and places on a day on the logistics data."""
_SIMULATED = f"""{{orders:,}} invented orders under the default policy, with every disruption:
{{rate:,.0f}} a second on one core (aim {_RATE:,})."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What rules made of the same orders. `least` is what was found with hindsight, as
    `clairvoyant` says, and nothing costs less than `bound`. The second rule is what the others are
    compared with."""

    name: str
    clairvoyant: str
    least: int
    bound: int
    rows: tuple[tuple[str, Figures], ...]
    currency: str

    def captured(self, figures: Figures) -> tuple[float, float]:
        """The share of what the second rule costs too much that is not spent: beside the bound,
        which is the least it can be, and beside what was found."""
        other = self.rows[1][1].cost
        saved = other - figures.cost
        return _share(saved, other - self.bound), _share(saved, other - self.least)


def _share(saved: int, of: int) -> float:
    return saved / of if of > 0 else 0.0


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
            f"| {name} | {figures.cost / 100:,.2f} | {_range(*one.captured(figures))} | "
            f"{figures.shipments_per_order:.2f} | {figures.otif_share:.1%} | "
            f"{_kilograms(figures)} | {figures.unserved:,} |"
        )
    rows.append(f"| clairvoyant ({one.clairvoyant}) | {one.least / 100:,.2f} | | | | | |")
    if one.bound < one.least:
        rows.append(f"| no decisions cost less than | {one.bound / 100:,.2f} | | | | | |")
    return rows


def _range(low: float, high: float) -> str:
    return f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"


def _kilograms(figures: Figures) -> str:
    return f"{figures.co2_grams / 1000:,.0f}" if figures.co2_grams else "not known"
