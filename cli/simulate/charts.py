"""The charts of a report, as SVG that stands in a page by itself.

The same figures give the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cli.simulate.words import FIGURES, Language, say
from domain.policies import Comparison
from domain.simulation.statistics import Estimate
from domain.simulation.trial import Trial

# Okabe and Ito's colours, which the colour-blind can tell apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ariane",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "grid.color": "#dddddd",
}
_WIDTH = 5.0


def costs(trial: Trial, language: Language) -> str:
    """A bar for each policy, made of the terms of its cost."""

    def draw(axes: Axes) -> None:
        left = [0.0] * len(trial.names)
        for number, term in enumerate(figure for figure in FIGURES if figure.is_term):
            values = [trial.figure(term.name, name).mean / 100 for name in trial.names]
            if any(values):
                colour = _COLOURS[number % len(_COLOURS)]
                axes.barh(trial.names, values, left=left, label=term.label(language), color=colour)
                left = [one + other for one, other in zip(left, values, strict=True)]
        margins = _margins([trial.figure("cost", name) for name in trial.names], 1 / 100)
        if margins:
            rows = range(len(left))
            axes.errorbar(left, rows, xerr=margins, fmt="none", ecolor="#222222", capsize=4)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")

    return _svg(draw, 1.8 + 0.5 * len(trial.names))


def service(trial: Trial, language: Language) -> str:
    """OTIF and its kin, as shares."""
    shown = [f for f in FIGURES if f.name in ("otif", "in_time", "fill")]
    shown = [f for f in shown if any(trial.figure(f.name, name).mean for name in trial.names)]
    labels = [figure.label(language) for figure in shown]
    values = {name: [trial.figure(figure.name, name) for figure in shown] for name in trial.names}
    return _grouped(labels, values)


def load(trial: Trial) -> str:
    """Each location's share of all shipments."""
    places = trial.locations()
    values = {name: [trial.load(place, name) for place in places] for name in trial.names}
    return _grouped(places, values)


def changes(comparison: Comparison, name: str, language: Language) -> str:
    """What is paid, sent and emitted under another policy, as shares of what it was."""
    pairs = [
        (say(word, language), getattr(comparison.live, field), getattr(comparison.shadow, field))
        for word, field in (("paid", "cost"), ("shipments", "shipments"), ("co2_kg", "co2_grams"))
    ]
    shown = [(label, then, now) for label, then, now in pairs if then]
    values = {
        say("then", language): [Estimate(1.0, None) for _ in shown],
        say("now", language, name=name): [Estimate(now / then, None) for _, then, now in shown],
    }
    return _grouped([label for label, _, _ in shown], values)


def _grouped(labels: Sequence[str], values: Mapping[str, Sequence[Estimate]]) -> str:
    """Shares by label, a bar for each policy beside those of the others."""
    height = 0.8 / len(values)

    def draw(axes: Axes) -> None:
        for number, (name, estimates) in enumerate(values.items()):
            rows = [row + (number - (len(values) - 1) / 2) * height for row in range(len(labels))]
            axes.barh(
                rows,
                [100 * one.mean for one in estimates],
                height,
                xerr=_margins(estimates),
                label=name,
                color=_COLOURS[number % len(_COLOURS)],
                error_kw={"ecolor": "#222222", "capsize": 2},
            )
        axes.set_yticks(range(len(labels)), labels)
        axes.set_xlim(left=0)
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}%")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2, frameon=False)

    return _svg(draw, 1.3 + len(labels) * (0.2 + 0.22 * len(values)))


def _margins(estimates: Sequence[Estimate], scale: float = 100.0) -> list[float] | None:
    margins = [scale * one.margin for one in estimates if one.margin is not None]
    return margins if len(margins) == len(estimates) else None


def _svg(draw: Callable[[Axes], None], height: float) -> str:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw(figure.subplots())
        written = StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    return text[text.index("<svg") :]
