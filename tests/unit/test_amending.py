"""Which shipments an amendment stops, and what it says."""

from __future__ import annotations

from typing import Any

from domain.amending import Carried, Line, choose
from domain.amending.words import LineChange, changes_in_words, reason_of, what_is_left
from domain.messages.amending import Obstacle, StillPossible
from domain.messages.orders import ShipmentStatus
from domain.wording import LANGUAGES

_LINE = Line(line_id="1", sku="SKU-1", gone=0, open=0)


def _shipment(number: int, units: int, **changes: Any) -> Carried:
    status = changes.pop("status", ShipmentStatus.RELEASED)
    stoppable = changes.pop("stoppable", status is not ShipmentStatus.PICKED)
    return Carried(
        shipment_id=f"web:1:{number}", status=status, stoppable=stoppable, units={"1": units}
    ).model_copy(update=changes)


def test_backordered_units_are_given_up_first() -> None:
    line = _LINE.model_copy(update={"open": 3})
    choice = choose([line], [_shipment(1, 5)], {"1": 5})
    assert (choice.freed, choice.stop) == ({"1": 3}, ())
    assert choose([line], [_shipment(1, 5)], {"1": 4}).stop == ("web:1:1",)


def test_what_is_least_far_is_stopped_before_what_costs_more() -> None:
    shipments = [
        _shipment(1, 2, cost=5000),
        _shipment(2, 2, status=ShipmentStatus.PLANNED, cost=100),
        _shipment(3, 2, status=ShipmentStatus.BOOKED, cost=200),
    ]
    assert choose([_LINE], shipments, {"1": 4}).stop == ("web:1:2",)
    assert choose([_LINE], shipments, {"1": 3}).stop == ("web:1:2", "web:1:3")


def test_of_those_equally_far_the_one_that_costs_most_for_each_unit_is_stopped() -> None:
    shipments = [_shipment(1, 4, cost=1000), _shipment(2, 1, cost=600)]
    assert choose([_LINE], shipments, {"1": 4}).stop == ("web:1:2",)


def test_what_is_picked_is_what_a_line_cannot_go_below() -> None:
    line = _LINE.model_copy(update={"gone": 1, "open": 1})
    shipments = [_shipment(1, 3, status=ShipmentStatus.PICKED), _shipment(2, 2)]
    choice = choose([line], shipments, {"1": 3})
    assert choice.stop == ()
    assert choice.impossible == (StillPossible(line_id="1", sku="SKU-1", wanted=3, at_least=4),)
    assert choose([line], shipments, {"1": 4}).stop == ("web:1:2",)


def test_an_amendment_is_told_in_every_language() -> None:
    changes = changes_in_words(
        [
            LineChange(sku="SKU-1", before=5, after=8),
            LineChange(sku="SKU-2", before=2, after=2),
            LineChange(sku="SKU-3", before=2, after=2, repriced=True),
        ],
        address=True,
        date=False,
    )
    assert changes == {
        "en": "SKU-1: 5 → 8; SKU-3: another price; another address",
        "fr": "SKU-1 : 5 → 8; SKU-3 : autre prix; autre adresse",
    }
    assert changes_in_words([], address=False, date=False)["en"] == "nothing"
    left = what_is_left([StillPossible(line_id="1", sku="SKU-1", wanted=2, at_least=3)])
    for obstacle in Obstacle:
        reason = reason_of(obstacle, version=3, told=left)
        assert set(reason) == set(LANGUAGES)
        assert reason["en"] != reason["fr"]
