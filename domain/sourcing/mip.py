"""The choice of ways as a mixed-integer program, for orders too large to search: solved by HiGHS.

Loads are priced from below, by weight: what HiGHS proves no plan to undercut, none does. The ways
that it opens are shared out exactly afterwards. Its work is bounded by nodes, never by time, and it
runs in one thread: the same problem has the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.sourcing.candidates import Way
from domain.sourcing.goods import Goods, total

_NODES = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """The ways to open, and what no plan with these ways to choose from costs less than. No ways
    where there is no plan."""

    ways: tuple[Way, ...]
    bound: float


def open_ways(
    goods: Goods, ways: Sequence[Way], most: int, left_out: int | None = None
) -> Opened | None:
    """The ways to open, of which at most `most`; None where HiGHS is not installed."""
    try:
        import highspy
    except ImportError:
        return None
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_max_nodes", _NODES),
        ("mip_rel_gap", 0.001),
    ):
        solver.setOptionValue(option, value)
    opened = _Program(solver, goods, ways, left_out).write(most)
    solver.run()
    bound = float(solver.getInfo().mip_dual_bound)
    values = solver.getSolution().col_value
    if not values or solver.getInfo().primal_solution_status != 2:
        return Opened((), bound)
    chosen = tuple(way for way, col in zip(ways, opened, strict=True) if values[col] > 0.5)
    return Opened(chosen, bound)


class _Program:
    """Columns: is a way open, the units of each SKU that go it, the units left out."""

    def __init__(
        self, solver: Any, goods: Goods, ways: Sequence[Way], left_out: int | None
    ) -> None:
        self._solver, self._goods, self._ways, self._left_out = solver, goods, ways, left_out
        self._units: dict[tuple[int, int], int] = {}
        self._columns = 0

    def write(self, most: int) -> list[int]:
        """Columns and rows; gives the columns that open the ways."""
        opened = [self._way(number, way) for number, way in enumerate(self._ways)]
        for sku, asked in enumerate(self._goods.units):
            sent = {column: 1 for (_, s), column in self._units.items() if s == sku}
            if self._left_out is not None:
                sent[self._column(self._left_out, asked)] = 1
            self._row(asked, asked, sent)
        self._row(0, most, dict.fromkeys(opened, 1))
        self._share_places(opened)
        return opened

    def _way(self, number: int, way: Way) -> int:
        """The columns of a way and the rows that tie them; gives the one that opens it."""
        grams, limit = way.rate.grams, way.service.max_weight_grams
        heaviest = total(way.takes, grams)
        counted = heaviest > limit and not way.service.breaks
        opened = self._column(way.fixed if counted else way.opening, 1, whole=True)
        load = {}
        for sku, units in enumerate(way.takes):
            if units:
                by_weight = way.by_weight[sku] + way.place.scarcity[sku]
                cost = by_weight if counted else way.unit_cost[sku]
                column = self._units[number, sku] = self._column(cost, units)
                self._row(0, None, {opened: units, column: -1})
                load[column] = -grams[sku]
        if counted:
            parcels = self._column(way.service.base_price, -(-heaviest // limit), whole=True)
            self._row(0, None, {parcels: 1, opened: -1})
            self._row(0, None, {parcels: limit, **load})
        return opened

    def _share_places(self, opened: list[int]) -> None:
        """Ways from one location share its stock and its capacity, and that of a day."""
        by_place: dict[str, list[int]] = {}
        for number, way in enumerate(self._ways):
            by_place.setdefault(way.id[0], []).append(number)
        for numbers in by_place.values():
            place = self._ways[numbers[0]].place
            if len(numbers) > place.capacity:
                self._row(0, place.capacity, {opened[n]: 1 for n in numbers})
            for day in {self._ways[n].day for n in numbers}:
                leaving = [n for n in numbers if self._ways[n].day == day]
                room = self._ways[leaving[0]].room
                if len(leaving) > room:
                    self._row(0, room, {opened[n]: 1 for n in leaving})
            for sku, units in enumerate(place.stock):
                here = [self._units[n, sku] for n in numbers if (n, sku) in self._units]
                if len(here) > 1:
                    self._row(0, units, dict.fromkeys(here, 1))

    def _column(self, cost: float, most: int, *, whole: bool = False) -> int:
        """Units need not be whole here: they are shared out exactly afterwards."""
        self._solver.addVar(0, most)
        self._solver.changeColCost(self._columns, cost)
        if whole:
            self._solver.changeColIntegrality(self._columns, _integer())
        self._columns += 1
        return self._columns - 1

    def _row(self, least: float, most: float | None, entries: dict[int, int]) -> None:
        upper = self._solver.getInfinity() if most is None else most
        self._solver.addRow(least, upper, len(entries), list(entries), list(entries.values()))


def _integer() -> Any:
    import highspy

    return highspy.HighsVarType.kInteger
