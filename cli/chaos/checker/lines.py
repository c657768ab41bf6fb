"""The lines that an order has to have, by what its clients were told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.chaos.checker.log import Asked
from cli.chaos.told import Kind


@dataclass(frozen=True)
class Line:
    """Units of a SKU: those that were ordered, and those of them that were cancelled by line."""

    sku: str
    ordered: int
    cancelled: int = 0

    @property
    def agreed(self) -> int:
        return self.ordered - self.cancelled


Lines = Mapping[str, Line]


@dataclass(frozen=True)
class Expected:
    """How an order may stand. `is_stopped`: all of it was cancelled, so that more units than these
    may be; `version` is raised by each change."""

    lines: Lines
    version: int = 1
    is_stopped: bool = False
    place: tuple[str, str] | None = None
    """Country and postal code of the last address."""


def expectations(placed: Asked, changes: Iterable[Asked]) -> Sequence[Expected]:
    """All the ways in which an order may stand: one, unless the clients do not know of a change
    whether it was done."""
    to: Any = placed.body["ship_to"]
    first = Expected(_placed(placed.body), place=(to["country"], to["postal_code"].strip()))
    found = [first]
    for asked in changes:
        if asked.is_done:
            found = [_changed(state, asked) for state in found]
        elif asked.is_open:
            found += [_changed(state, asked) for state in found]
    return found


def _placed(body: Mapping[str, Any]) -> Lines:
    return {
        line.get("line_id") or str(position): Line(line["sku"], line["quantity"])
        for position, line in enumerate(body["lines"], start=1)
    }


def _changed(state: Expected, asked: Asked) -> Expected:
    if asked.kind is Kind.AMEND:
        return _amended(state, asked.body)
    unwanted: Any = asked.body.get("lines")
    if unwanted is None:
        return Expected(state.lines, state.version, is_stopped=True, place=state.place)
    return _fewer(state, {line["line_id"]: line["quantity"] for line in unwanted})


def _amended(state: Expected, body: Mapping[str, Any]) -> Expected:
    """What an amendment does not name is not wanted any more; what was cancelled stays so."""
    lines = dict(state.lines)
    if body.get("lines") is not None:
        wanted = {line["line_id"]: line for line in body["lines"]}
        lines = {
            line_id: Line(line.sku, line.cancelled, line.cancelled)
            for line_id, line in state.lines.items()
            if line_id not in wanted
        }
        for line_id, line in wanted.items():
            was = state.lines.get(line_id)
            cancelled = 0 if was is None else was.cancelled
            lines[line_id] = Line(line["sku"], line["quantity"] + cancelled, cancelled)
    to = body.get("ship_to")
    place = state.place if to is None else (to["country"], to["postal_code"].strip())
    return Expected(lines, state.version + 1, state.is_stopped, place)


def _fewer(state: Expected, less: Mapping[str, int]) -> Expected:
    """Of an order that has all its units yet, taking all of them is cancelling it."""
    agreed = {line_id: line.agreed for line_id, line in state.lines.items() if line.agreed}
    if agreed == less:
        return Expected(state.lines, state.version, is_stopped=True, place=state.place)
    lines = {
        line_id: Line(line.sku, line.ordered, line.cancelled + less.get(line_id, 0))
        for line_id, line in state.lines.items()
    }
    return Expected(lines, state.version + 1, state.is_stopped, state.place)
