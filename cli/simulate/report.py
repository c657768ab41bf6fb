"""The account of a trial as a table on the screen."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.simulate.words import FIGURES, Figure, Language, say
from domain.simulation.statistics import Estimate
from domain.simulation.trial import Trial


def show(console: Console, trial: Trial, language: Language) -> None:
    """Print the figures of each policy and how they differ from the first one's."""
    console.print(_figures(trial, language))
    console.print(_load(trial, language))
    note = "margin" if len(trial.seeds) > 1 else "one_seed"
    console.print(Text(say(note, language)))
    console.print(Text(say("weights", language, first=trial.names[0])))


def _figures(trial: Trial, language: Language) -> Table:
    first, *others = trial.names
    table = Table(title=say("title", language), title_justify="left")
    table.add_column(say("figure", language))
    for name in trial.names:
        table.add_column(Text(name), justify="right")
    for name in others:
        table.add_column(Text(say("difference", language, name=name, first=first)), justify="right")
    for figure in FIGURES:
        indent = "  " if figure.is_term else ""
        table.add_row(
            Text(indent + figure.label(language)),
            *(Text(with_margin(trial.figure(figure.name, name), figure)) for name in trial.names),
            *(_difference(trial.difference(figure.name, name), figure) for name in others),
        )
    return table


def _load(trial: Trial, language: Language) -> Table:
    table = Table(title=say("load", language), title_justify="left")
    table.add_column(say("location", language))
    for name in trial.names:
        table.add_column(Text(name), justify="right")
    for location_id in trial.locations():
        shares = [share(trial.load(location_id, name)) for name in trial.names]
        table.add_row(Text(location_id), *map(Text, shares))
    return table


def with_margin(value: Estimate, figure: Figure, *, signed: bool = False) -> str:
    """`12.50 ± 0.40` in the figure's units."""
    shown = figure.show(value.mean)
    if signed:
        shown = _signed(shown)
    return shown if value.margin is None else f"{shown} ± {figure.show(value.margin)}"


def _signed(shown: str) -> str:
    """What is rounded to nothing has no sign."""
    if not any(digit in shown for digit in "123456789"):
        return shown.removeprefix("-")
    return shown if shown.startswith("-") else f"+{shown}"


def share(value: Estimate) -> str:
    shown = f"{100 * value.mean:.1f}%"
    return shown if value.margin is None else f"{shown} ± {100 * value.margin:.1f}%"


def judged(difference: Estimate, figure: Figure) -> int:
    """1 where a policy is clearly better than the first, -1 where it is clearly worse, else 0."""
    if not difference.is_clear:
        return 0
    return figure.better if difference.mean > 0 else -figure.better


def _difference(value: Estimate, figure: Figure) -> Text:
    style = {1: "bold green", 0: "", -1: "bold red"}[judged(value, figure)]
    return Text(with_margin(value, figure, signed=True), style=style)
