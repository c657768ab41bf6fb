"""Who gets what of the stock, and who loses what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.stock import (
    Holding,
    Shelf,
    Waiting,
    Wanted,
    distribute,
    grant,
    picked_units,
    take_missing,
)

_MORNING = datetime(2026, 3, 3, 9, tzinfo=UTC)
_HERE = ("HINGE", "LIL")
_THERE = ("HINGE", "LYO")


def _wants(order: str, units: int, /, **changes: Any) -> Wanted:
    given: dict[str, Any] = {
        "order_id": order,
        "channel": "web",
        "critical": False,
        "ordered_at": _MORNING,
        "units": {_HERE: units},
    }
    return Wanted(**given | changes)


def _waits(order: str, units: int, /, **changes: Any) -> Waiting:
    given: dict[str, Any] = {
        "order_id": order,
        "channel": "web",
        "critical": False,
        "ship_complete": False,
        "promise": None,
        "ordered_at": _MORNING,
        "open_units": {"HINGE": units},
    }
    return Waiting(**given | changes)


def _holds(order: str, units: int, /, **changes: Any) -> Holding:
    given: dict[str, Any] = {
        "order_id": order,
        "position": _HERE,
        "units": units,
        "critical": False,
        "promise": None,
        "ordered_at": _MORNING,
    }
    return Holding(**given | changes)


def _got(wanted: list[Wanted], shelf: Shelf) -> list[bool]:
    return [earmarks is not None for earmarks in grant(wanted, {_HERE: shelf})]


def _given(waiting: list[Waiting], **units: int) -> dict[str, int]:
    shelves = {_HERE: Shelf(units.get("here", 0)), _THERE: Shelf(units.get("there", 0))}
    given: dict[str, int] = {}
    for earmark in distribute(waiting, shelves):
        given[earmark.order_id] = given.get(earmark.order_id, 0) + earmark.units
    return given


def _lost(holdings: list[Holding], missing: int) -> dict[str, int]:
    lost: dict[str, int] = {}
    for taken in take_missing(holdings, {_HERE: missing}):
        order = taken.holding.order_id
        lost[order] = lost.get(order, 0) + taken.units
    return lost


# What channels may take.


def test_a_buffer_and_a_pool_leave_the_web_three_of_ten_and_vip_seven() -> None:
    shelf = Shelf(10 - 3 - 4, {"vip": 4})
    assert (shelf.available("web"), shelf.available("vip")) == (3, 7)


def test_a_channel_draws_from_its_own_pool_first() -> None:
    shelf = Shelf(3, {"vip": 4})
    earmark = shelf.take("vip:1", "vip", _HERE, 5)
    assert (earmark.units, earmark.drawn) == (5, 4)
    assert (shelf.available("web"), shelf.available("vip")) == (2, 2)


def test_pools_that_come_to_more_than_there_is_leave_nothing_to_others() -> None:
    shelf = Shelf(2 - 4, {"vip": 4})
    assert (shelf.available("web"), shelf.available("vip")) == (0, 2)


# Who gets what of many that want it at once.


def test_of_two_that_want_the_last_units_the_critical_one_gets_them() -> None:
    early, late = _wants("1", 5), _wants("2", 5, critical=True)
    assert _got([early, late], Shelf(5)) == [False, True]


def test_within_a_priority_the_order_of_arrival_decides() -> None:
    second = _wants("1", 5, ordered_at=_MORNING + timedelta(minutes=1))
    assert _got([second, _wants("2", 5)], Shelf(5)) == [False, True]


def test_who_wants_more_than_there_is_takes_nothing_from_those_after() -> None:
    assert _got([_wants("1", 6), _wants("2", 5)], Shelf(5)) == [False, True]


def test_an_order_gets_all_its_positions_or_none() -> None:
    both = _wants("1", 2, units={_HERE: 2, _THERE: 2})
    shelves = {_HERE: Shelf(2), _THERE: Shelf(1)}
    assert grant([both, _wants("2", 2)], shelves)[0] is None
    assert shelves[_HERE].common == 0


# Who of those that wait gets what has come.


def test_waiting_for_three_and_four_five_that_come_are_three_and_two() -> None:
    second = _waits("2", 4, ordered_at=_MORNING + timedelta(minutes=1))
    assert _given([second, _waits("1", 3)], here=5) == {"1": 3, "2": 2}


def test_priority_goes_before_promise_and_promise_before_age() -> None:
    old = _waits("old", 1)
    promised = _waits("promised", 1, promise=_MORNING, ordered_at=_MORNING + timedelta(days=1))
    critical = _waits("critical", 1, critical=True, ordered_at=_MORNING + timedelta(days=2))
    assert list(_given([old, promised, critical], here=2)) == ["critical", "promised"]


def test_an_order_to_be_sent_complete_gets_all_that_it_lacks_or_nothing() -> None:
    whole = _waits("1", 5, ship_complete=True)
    assert _given([whole, _waits("2", 2)], here=4) == {"2": 2}
    assert _given([whole], here=3, there=2) == {"1": 5}


def test_an_order_is_not_given_what_it_declined() -> None:
    picky = _waits("1", 3, declined=frozenset({_HERE}))
    assert _given([picky], here=5) == {}
    assert _given([picky], here=5, there=1) == {"1": 1}


# Whose units are taken.


def test_standard_orders_lose_before_critical_ones() -> None:
    holdings = [_holds("critical", 5, critical=True), _holds("standard", 5)]
    assert _lost(holdings, 3) == {"standard": 3}
    assert _lost(holdings, 7) == {"standard": 5, "critical": 2}


def test_the_latest_promise_loses_first_and_none_is_later_than_any() -> None:
    soon = _holds("soon", 1, promise=_MORNING)
    later = _holds("later", 1, promise=_MORNING + timedelta(days=1))
    never = _holds("never", 1)
    assert list(_lost([soon, never, later], 3)) == ["never", "later", "soon"]


def test_of_the_same_promise_the_youngest_loses_first() -> None:
    young = _holds("young", 2, ordered_at=_MORNING + timedelta(hours=1))
    assert _lost([_holds("old", 2), young], 3) == {"young": 2, "old": 1}


def test_an_order_loses_what_is_in_no_shipment_before_what_is() -> None:
    held = _holds("1", 2, shipment_id="1:1", line_id="1")
    [taken] = take_missing([held, _holds("1", 2)], {_HERE: 2})
    assert taken.holding.shipment_id is None


def test_what_is_picked_stays() -> None:
    picked = _holds("1", 2, shipment_id="1:1", line_id="1", picked=True)
    assert _lost([picked, _holds("2", 2)], 4) == {"2": 2}
    assert picked_units([picked, _holds("2", 2)]) == {_HERE: 2}


def test_nothing_is_taken_where_nothing_is_missing() -> None:
    assert take_missing([_holds("1", 2, position=_THERE)], {_HERE: 2}) == []
