"""What an amendment stops frees exactly the difference, never touches what is picked, and is the
same whatever the order of lines and shipments."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.amending import Carried, Line, choose
from domain.messages.orders import ShipmentStatus

_LINES = ("a", "b", "c")
_UNDER_WAY = st.sampled_from(
    [
        ShipmentStatus.PLANNED,
        ShipmentStatus.BOOKED,
        ShipmentStatus.RELEASED,
        ShipmentStatus.PICKED,
    ]
)
_UNITS = st.integers(0, 6)


@st.composite
def _orders(draw: st.DrawFn) -> tuple[list[Line], list[Carried]]:
    lines = [
        Line(line_id=name, sku=f"SKU-{name}", gone=draw(_UNITS), open=draw(_UNITS))
        for name in _LINES
    ]
    shipments = [
        Carried(
            shipment_id=f"s{number}",
            status=(status := draw(_UNDER_WAY)),
            stoppable=status is not ShipmentStatus.PICKED and draw(st.booleans()),
            units=draw(st.dictionaries(st.sampled_from(_LINES), st.integers(1, 6))),
            cost=draw(st.integers(0, 2000)),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    return lines, shipments


_WANTED = st.dictionaries(st.sampled_from([*_LINES, "new"]), st.integers(0, 30))


def _now(lines: list[Line], shipments: list[Carried]) -> dict[str, int]:
    return {
        line.line_id: line.gone + line.open + sum(s.units.get(line.line_id, 0) for s in shipments)
        for line in lines
    }


@given(_orders(), _WANTED)
def test_what_is_stopped_and_open_covers_the_difference_and_no_less_would(
    order: tuple[list[Line], list[Carried]], wanted: dict[str, int]
) -> None:
    lines, shipments = order
    choice = choose(lines, shipments, wanted)
    now = _now(lines, shipments)
    changes = {line: wanted.get(line, 0) - units for line, units in now.items()}
    assert choice.freed == {line: -n for line, n in changes.items() if n < 0}
    new = {"new": wanted["new"]} if wanted.get("new") else {}
    assert choice.added == {line: n for line, n in changes.items() if n > 0} | new
    if choice.impossible:
        assert choice.stop == ()
        return
    stopped = {s.shipment_id: s for s in shipments if s.shipment_id in choice.stop}
    assert all(s.stoppable for s in stopped.values())
    for line in lines:
        free = line.open + sum(s.units.get(line.line_id, 0) for s in stopped.values())
        assert free >= choice.freed.get(line.line_id, 0)
    for name, shipment in stopped.items():
        # Without it some line could not be freed of enough; or one that comes later is needed.
        others = [s for other, s in stopped.items() if other != name]
        needed = any(
            line.open + sum(s.units.get(line.line_id, 0) for s in others)
            < choice.freed.get(line.line_id, 0)
            for line in lines
        )
        assert needed or any(_rank(s) > _rank(shipment) for s in others)


@given(_orders(), _WANTED)
def test_a_line_that_cannot_go_so_low_is_told_with_how_low_it_can(
    order: tuple[list[Line], list[Carried]], wanted: dict[str, int]
) -> None:
    lines, shipments = order
    for line in choose(lines, shipments, wanted).impossible:
        assert line.wanted < line.at_least
        possible = wanted | {line.line_id: line.at_least}
        told = choose(lines, shipments, possible).impossible
        assert line.line_id not in {other.line_id for other in told}
        lower = wanted | {line.line_id: line.at_least - 1}
        told = choose(lines, shipments, lower).impossible
        assert line.line_id in {other.line_id for other in told}


@given(_orders(), _WANTED, st.booleans(), st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_what_it_is_made_from(
    order: tuple[list[Line], list[Carried]], wanted: dict[str, int], anew: bool, dice: object
) -> None:
    lines, shipments = order
    shuffled_lines, shuffled = list(lines), list(shipments)
    dice.shuffle(shuffled_lines)  # type: ignore[attr-defined]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    first = choose(lines, shipments, wanted, anew=anew)
    again = choose(shuffled_lines, shuffled, dict(reversed(wanted.items())), anew=anew)
    assert (again.stop, again.added, again.freed) == (first.stop, first.added, first.freed)
    assert set(again.impossible) == set(first.impossible)


@given(_orders())
def test_an_order_that_stays_as_it_is_stops_nothing(
    order: tuple[list[Line], list[Carried]],
) -> None:
    lines, shipments = order
    choice = choose(lines, shipments, _now(lines, shipments))
    assert (choice.stop, choice.added, choice.freed, choice.impossible) == ((), {}, {}, ())


@given(_orders())
def test_another_way_stops_all_that_can_be_stopped(
    order: tuple[list[Line], list[Carried]],
) -> None:
    lines, shipments = order
    choice = choose(lines, shipments, _now(lines, shipments), anew=True)
    assert set(choice.stop) == {s.shipment_id for s in shipments if s.stoppable}


def _rank(shipment: Carried) -> tuple[int, float, str]:
    far = ["planned", "booked", "released"].index(shipment.status.value)
    return far, -float(shipment.cost_per_unit), shipment.shipment_id
