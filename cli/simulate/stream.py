"""The orders that a simulation plays: a file's, or invented ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from cli.demo.generator import generate
from cli.demo.imported import scenario_of
from cli.demo.places import Places
from cli.demo.scenario import Scenario as Demo
from cli.demo.uci import read_file
from domain.simulation import Chance, PlacedOrder
from domain.sourcing import Line

_FIRST_DAY = date(2026, 1, 5)
_OPENS, _CLOSES = 7, 19


class NoOrders(Exception):
    """There is nothing to play; the message says why, in words."""


@dataclass(frozen=True)
class Stream:
    """Orders in their order, and the name of the file that they are from, None where invented."""

    orders: tuple[PlacedOrder, ...]
    source: str | None = None


def read_stream(path: Path, seed: int, places: Places, days: int | None) -> Stream:
    """The orders of a file that `ariane demo --orders` reads, those of its first `days` days.

    What the file does not say, addresses and weights, is drawn by the seed, as the demo does.
    Raises `UnreadableFile`, and `NoOrders` where no row is usable.
    """
    imported = read_file(path)
    if not imported.orders:
        raise NoOrders(f"{path} holds no order that can be played")
    demo = scenario_of(imported.orders, seed, places)
    moments = {order.reference: order.ordered_at for order in imported.orders}
    orders = sorted(_orders(demo, places, moments), key=lambda order: (order.at, order.order_id))
    if days is not None:
        until = orders[0].at.date() + timedelta(days=days)
        orders = [order for order in orders if order.at.date() < until]
    return Stream(tuple(orders), path.name)


def invent_stream(count: int, seed: int, places: Places, days: int) -> Stream:
    """Invented orders, placed in the working hours of so many days, weekends not among them."""
    demo = generate(count, seed, _FIRST_DAY, places)
    chance = Chance(seed)
    working = [
        day
        for day in (_FIRST_DAY + timedelta(days=n) for n in range(days))
        if day.weekday() < 5 or days < 7
    ]
    moments = {
        body["reference"]: _moment(chance, body["reference"], working) for body in demo.orders
    }
    orders = [_dated(order) for order in _orders(demo, places, moments)]
    if not orders:
        raise NoOrders("no order was invented that can be played")
    orders.sort(key=lambda order: (order.at, order.order_id))
    return Stream(tuple(orders))


def _moment(chance: Chance, reference: str, working: Sequence[date]) -> datetime:
    day = working[chance.whole(0, len(working) - 1, "day", reference)]
    seconds = chance.between(_OPENS * 3600, _CLOSES * 3600, "time", reference)
    return datetime.combine(day, time(0), UTC) + timedelta(seconds=int(seconds))


def _dated(order: PlacedOrder) -> PlacedOrder:
    """The requested date, which the demo counts from its own day, counted from the order's."""
    if order.requested_date is None:
        return order
    return replace(order, requested_date=order.at.date() + (order.requested_date - _FIRST_DAY))


def _orders(demo: Demo, places: Places, moments: Mapping[str, datetime]) -> Iterator[PlacedOrder]:
    """The orders that an API would not refuse."""
    grams = {product.sku: product.weight_grams for product in demo.network.products}
    spots = {(spot.country, spot.postal_code): spot for spot in places.all}
    customers = {customer.id for customer in demo.network.customers}
    for body in demo.orders:
        address = body["ship_to"]
        country = address["country"]
        spot = spots.get((country, address["postal_code"]), spots.get((country, "")))
        lines = _lines(body["lines"], grams)
        if spot is None or lines is None or body["customer_id"] not in customers:
            continue
        asked = body.get("requested_date")
        yield PlacedOrder(
            order_id=f"{body['channel']}:{body['reference']}",
            at=moments[body["reference"]],
            currency=body["currency"],
            country=country,
            postal_code=address["postal_code"],
            latitude=spot.latitude,
            longitude=spot.longitude,
            lines=lines,
            channel=body["channel"],
            requested_date=None if asked is None else date.fromisoformat(asked),
            ship_complete=body.get("ship_complete", False),
            critical=body.get("critical", False),
        )


def _lines(rows: Sequence[Mapping[str, Any]], grams: Mapping[str, int]) -> tuple[Line, ...] | None:
    if any(row["sku"] not in grams or row["quantity"] <= 0 for row in rows):
        return None
    return tuple(
        Line(
            line_id=str(number),
            sku=row["sku"],
            quantity=row["quantity"],
            weight_grams=grams[row["sku"]],
            unit_value=row["unit_price"],
        )
        for number, row in enumerate(rows, start=1)
    )
