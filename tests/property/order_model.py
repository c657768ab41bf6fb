"""What must become of an order's units at each of its steps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.property.stock_model import LEFT, Order, Position, Shipment, Stock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from domain.messages.steps import Allocate, Allocation


def give_up(order: Order, shipments: list[str]) -> None:
    """What has not left is the order's to be sent in another way."""
    for name in shipments:
        shipment = order.shipments[name]
        if shipment.status in LEFT:
            continue
        for line, units in (+shipment.held).items():
            order.lines[line].backordered += units
            position = (order.lines[line].sku, shipment.location)
            order.marked[position] += units
            order.declined.discard(position)
        shipment.held = Counter()
        shipment.status = "abandoned"


def source(stock: Stock, order: Order, request: Allocate, answer: Allocation) -> None:
    """Whatever was decided: nothing is taken that was not there for this order, and nothing is left
    that it lacks, unless it goes out complete."""
    give_up(order, [abandoned.shipment_id for abandoned in request.abandon])
    yields = {sku for abandoned in request.abandon for sku in abandoned.yields}
    stock.unmark(order, yields)
    stock.serve(yields)
    without = _excluded(stock, order, request)
    taken = _check_plan(stock, order, request, answer, without)
    for position, units in taken.items():
        more = units - order.marked[position]
        if more > 0:
            stock.mark(order, position, more)
        order.marked[position] -= units
        order.declined.discard(position)
    for planned in answer.shipments:
        shipment = Shipment(planned.location_id, planned.promise, Counter(planned.lines))
        assert planned.shipment_id not in order.shipments
        order.shipments[planned.shipment_id] = shipment
        for line, units in planned.lines.items():
            order.lines[line].backordered -= units
    freed = _give_rest_back(stock, order)
    stock.supplies.rest(order, answer.expected)
    live = [s.promise for s in order.shipments.values() if s.status != "abandoned"]
    order.promise = max([*live, *(claim.promise for claim in answer.expected)], default=None)
    order.status = _status(order, request, answer)
    order.passed_over, order.looks, order.told = without, False, False
    order.generation = request.generation
    assert answer.backordered == {k: v.backordered for k, v in order.lines.items() if v.backordered}
    stock.serve(freed)


def pick(
    stock: Stock, order: Order, name: str, quantities: Mapping[str, int] | None, at: datetime
) -> None:
    """What could not be found is withheld from everybody, unless a count has said since what is
    there."""
    shipment = order.shipments[name]
    shipment.status = "picked"
    freed = set()
    for line, held in list(shipment.held.items()):
        missing = 0 if quantities is None else held - min(held, quantities.get(line, 0))
        if not missing:
            continue
        position = (order.lines[line].sku, shipment.location)
        shipment.held[line] -= missing
        order.lines[line].backordered += missing
        order.looks = True
        stock.let_go(order, position, missing)
        place = stock.places[position]
        if place.is_counted_since(at):
            freed.add(position[0])
        else:
            place.withheld += missing
            place.withheld_at = at if place.withheld_at is None else max(at, place.withheld_at)
    stock.serve(freed)


def dispatch(stock: Stock, order: Order, name: str, at: datetime) -> None:
    """What left before the last count was missing in that count: its reservation is free now."""
    shipment = order.shipments[name]
    shipment.status = "dispatched"
    freed = set()
    for line, held in shipment.held.items():
        position = (order.lines[line].sku, shipment.location)
        order.lines[line].shipped += held
        stock.let_go(order, position, held, leaves=True)
        if held and stock.place(position).is_counted_since(at):
            freed.add(position[0])
        stock.move(position, at, -held)
    shipment.held = Counter()
    if order.status == "in_fulfilment":
        order.status = "shipped"
    stock.serve(freed)


def hold(stock: Stock, order: Order) -> None:
    """Nothing is kept for an order while a person decides."""
    order.status, order.hold_reason = "on_hold", "backorder_expired"
    stock.supplies.give_up(order.id)
    stock.serve(stock.unmark(order))


def going_on(order: Order) -> str:
    """Where an order stands that is held no longer."""
    if any(line.backordered for line in order.lines.values()):
        return "backordered"
    left = any(shipment.status in LEFT for shipment in order.shipments.values())
    return "shipped" if left else "in_fulfilment"


def cancel(stock: Stock, order: Order) -> None:
    """All that has not left is anybody's again."""
    give_up(order, list(order.shipments))
    for line in order.lines.values():
        line.cancelled += line.backordered
        line.backordered = 0
    freed = stock.unmark(order)
    stock.supplies.give_up(order.id)
    order.hold_reason = None
    order.status = "closed" if any(line.shipped for line in order.lines.values()) else "cancelled"
    stock.serve(freed)


def _excluded(stock: Stock, order: Order, request: Allocate) -> set[Position]:
    return {
        position
        for position in {*stock.places, *order.marked}
        for exclusion in request.exclusions
        if exclusion.location_id == position[1] and exclusion.sku in (None, position[0])
    }


def _check_plan(
    stock: Stock, order: Order, request: Allocate, answer: Allocation, without: set[Position]
) -> Counter[Position]:
    taken: Counter[Position] = Counter()
    by_line: Counter[str] = Counter()
    for planned in answer.shipments:
        for line, units in planned.lines.items():
            assert units > 0
            by_line[line] += units
            taken[order.lines[line].sku, planned.location_id] += units
    assert all(units <= order.lines[line].backordered for line, units in by_line.items())
    assert not taken.keys() & without, "sent from where it must not be"
    wanted: Counter[str] = Counter()
    for open_line in order.lines.values():
        wanted[open_line.sku] += open_line.backordered
    offered = {
        sku: sum(
            order.marked[position] + stock.available(position, order.channel)
            for position in list(stock.places)
            if position[0] == sku and position not in without and request.reserve
        )
        for sku in wanted
    }
    complete = all(offered[sku] >= units for sku, units in wanted.items())
    for sku, units in wanted.items():
        possible = 0 if order.ship_complete and not complete else min(units, offered[sku])
        sent = sum(n for position, n in taken.items() if position[0] == sku)
        assert sent == possible, f"{order.id}: {sent} of {possible} possible {sku}"
    return taken


def _give_rest_back(stock: Stock, order: Order) -> set[str]:
    """What it had and could not use goes to others; what it still lacks of it, it has declined."""
    lacking = {line.sku for line in order.lines.values() if line.backordered}
    rest = [position for position, units in order.marked.items() if units]
    for position in rest:
        stock.let_go(order, position, order.marked[position])
    order.marked.clear()
    order.declined |= {position for position in rest if position[0] in lacking}
    return {sku for sku, _ in rest}


def _status(order: Order, request: Allocate, answer: Allocation) -> str:
    waits = any(line.backordered for line in order.lines.values()) and request.reserve
    if request.on_hold:
        return "on_hold"
    if waits and answer.obstacle is None:
        return "backordered"
    left = any(shipment.status in LEFT for shipment in order.shipments.values())
    return "shipped" if left else "in_fulfilment"
