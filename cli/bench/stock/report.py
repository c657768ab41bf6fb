"""What the benchmark of stock says."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from cli.bench.reporting import spread
from cli.bench.stock.data import Size
from cli.bench.stock.rates import MANY_SKUS, Rates

_PLAIN = {
    "update_one_row": "UPDATE of one row",
    "update_any_row": "UPDATE of any row",
    "select_any_row": "SELECT by key",
}
_KEPT = 0.8


@dataclass(frozen=True)
class _Figure:
    """A rate of ours, the plain one beside it, and what their ratio is to come to at least."""

    words: str
    ours: str
    plain: str
    aim: float | None = None

    def rates(self, rounds: Sequence[Rates]) -> list[float]:
        return [getattr(rates, self.ours) for rates in rounds]

    def plain_rates(self, rounds: Sequence[Rates]) -> list[float]:
        return [getattr(rates, self.plain) for rates in rounds]

    def ratios(self, rounds: Sequence[Rates]) -> list[float]:
        return _each(self.rates(rounds), self.plain_rates(rounds))


_FIGURES = (
    _Figure("reservations, all of one SKU", "hot", "update_one_row", 5.0),
    _Figure("reservations, spread over SKUs", "spread", "update_any_row", 0.5),
    _Figure("reads of availability, one SKU each", "read_one", "select_any_row", 0.7),
    _Figure(f"SKUs read, {MANY_SKUS} at a time", "read_many", "select_any_row"),
)


@dataclass(frozen=True)
class Report:
    """The rounds that were measured on two sets of books, in turns."""

    sizes: tuple[Size, Size]
    rounds: tuple[Sequence[Rates], Sequence[Rates]]

    def tables(self) -> str:
        """All figures: median, lowest and highest of the rounds."""
        of_books = [
            f"### {_books(size)}\n\n{_beside_plain(rounds)}"
            for size, rounds in zip(self.sizes, self.rounds, strict=True)
        ]
        return "\n\n".join([*of_books, f"### The larger beside the smaller\n\n{self._kept()}"])

    def missed(self) -> list[str]:
        """The aims that the medians do not reach, in words."""
        sentences = [
            f"{figure.words}: {statistics.median(figure.ratios(rounds)):.2f} of "
            f"{_PLAIN[figure.plain]}, not {figure.aim:g} ({_books(size)})"
            for size, rounds in zip(self.sizes, self.rounds, strict=True)
            for figure in _FIGURES
            if figure.aim is not None and statistics.median(figure.ratios(rounds)) < figure.aim
        ]
        small, large = self.rounds
        for figure in _FIGURES:
            kept = statistics.median(_each(figure.rates(large), figure.rates(small)))
            if kept < _KEPT:
                sentences.append(f"{figure.words}: {kept:.2f} of what the smaller books give")
        return sentences

    def _kept(self) -> str:
        small, large = self.rounds
        rows = [
            f"| {figure.words} | {spread(_each(figure.rates(large), figure.rates(small)), 2)} "
            f"| {_KEPT:g} |"
            for figure in _FIGURES
        ]
        return "\n".join(("| | of the rate | at least |", "|---|---|---|", *rows))


def _books(size: Size) -> str:
    rows = size.locations * size.skus
    return f"{rows:,} rows of stock, {size.open_orders:,} orders in fulfilment"


def _beside_plain(rounds: Sequence[Rates]) -> str:
    rows = [
        f"| {figure.words} | {spread(figure.rates(rounds), 0)} | {_PLAIN[figure.plain]} "
        f"| {spread(figure.plain_rates(rounds), 0)} | {spread(figure.ratios(rounds), 2)} "
        f"| {'' if figure.aim is None else f'{figure.aim:g}'} |"
        for figure in _FIGURES
    ]
    head = "| | per second | beside pgbench's | per second | ratio | at least |"
    return "\n".join((head, "|---|---|---|---|---|---|", *rows))


def _each(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    return [n / d for n, d in zip(numerators, denominators, strict=True)]
