"""Real books and a model of them that must agree after every command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.property.stock_model import Given, Order, Position, Stock
from tests.support.books import AT
from tests.support.house import NETWORK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.property.stock_books import Session, Signal

SKUS = ("SKU-1", "SKU-2")
LOCATIONS = ("LIL", "LYO")
CHANNELS = ("web", "edi")
_LOCATION_IDS = {location.name: location.id for location in NETWORK.locations}

# One of them is wanted more: that is where they meet.
skus = st.sampled_from((SKUS[0], SKUS[0], *SKUS))
positions = st.tuples(skus, st.sampled_from(LOCATIONS))
few = st.integers(1, 4)


@dataclass(frozen=True)
class Past:
    """A command that is done: what a repeat is answered while `stands`, and for which SKUs it
    serves again those that wait."""

    name: str
    command: Callable[[], Awaitable[Any]]
    answer: Any
    skus: tuple[str, ...] = ()
    stands: Callable[[], bool] = lambda: True

    def __repr__(self) -> str:
        return self.name


class StockHouse(RuleBasedStateMachine):
    """A clock that goes on by a minute with each command."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        session.empty()
        self.session = session
        self.model = Stock()
        self.last_given = 0
        self.past: list[Past] = []
        self.steps = 0
        self.signals: list[Signal] = []
        self.event_ids: dict[tuple[str, str, str], int] = {}

    @property
    def now(self) -> datetime:
        return AT + timedelta(minutes=self.steps)

    def ago(self, minutes: int) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def do(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Run a command on the real books; the model is then to follow."""
        self._hear()
        self.steps += 1
        try:
            return self.session.do(command)
        finally:
            self.signals = self.session.signals
            new = [given for given in self.session.seen["given"] if given[0] > self.last_given]
            self.last_given = max((given[0] for given in new), default=self.last_given)
            self.model.given.extend(
                Given(order, sku, _LOCATION_IDS[name], units) for _, order, sku, name, units in new
            )

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A reply was lost, or a workflow task: the same answer, and nothing that happens twice."""
        past = data.draw(st.sampled_from(self.past), label="repeated")
        before = self.session.seen["written"]
        answer = self.do(past.command)
        if past.stands():
            assert answer == past.answer, f"{past.name}: {answer}, and first {past.answer}"
        self.model.serve(past.skus)
        if not self.signals:
            assert self.session.seen["written"] == before, f"{past.name} wrote something"

    @invariant()
    def all_is_right(self) -> None:
        """After each command the books say what the model says, everybody was told, and nobody
        waits beside stock that is free."""
        self._compare()
        self._hear()
        overlooked = self.model.overlooked()
        assert not overlooked, f"they wait beside what they could have: {overlooked}"

    def _compare(self) -> None:
        seen = self.session.seen
        for name, expected in view(self.model).items():
            real = seen[name]
            wrong = {k for k in real.keys() | expected.keys() if real.get(k) != expected.get(k)}
            told = {key: (real.get(key), expected.get(key)) for key in wrong}
            assert not wrong, f"{name}: in the books, and in the model: {told}"
        declined = {(order, (sku, location)) for order, sku, location in seen["declined"]}
        for order in self.model.orders.values():
            lacking = order.lacking if order.status == "backordered" else {}
            for position in [p for p in self.model.places if p[0] in lacking]:
                is_declined = (order.id, position) in declined
                assert is_declined == (position in order.declined), f"{order.id} {position}"

    def _hear(self) -> None:
        """What the orders' workflows are told since the last command."""
        assert not self.model.given, f"given to somebody out of turn: {self.model.given}"
        told = {(s.order, s.name) for s in self.signals if s.name != "yield_shipment"}
        assert told >= self.model.told, f"told {told}, not {self.model.told}"
        for order, name in told - self.model.told:
            # What is to come may give it a date, or whom a critical one asked gives nothing.
            told_order = self.model.orders[order]
            looks = told_order.status == "backordered" or told_order.critical
            assert looks, f"{order} is told {name} in vain"
            assert name == "stock_arrived", f"{order} is told {name} in vain"
        for order, _ in told:
            self.model.orders[order].told = True
        for signal in self.signals:
            event = (signal.order, signal.name, signal.payload["event_id"])
            earlier = self.event_ids.setdefault(event, self.steps)
            assert earlier == self.steps, f"its workflow takes it for a repeat: {event}"
            if signal.name == "stock_taken":
                shipment = self.model.orders[signal.order].shipments[signal.payload["shipment_id"]]
                assert signal.payload["nothing_left"] == (shipment.held.total() == 0)
        self.signals = []
        self.model.told.clear()


def view(model: Stock) -> dict[str, Any]:
    """The model as the books are read."""
    return {
        "stock": {
            _key(p): [
                place.on_hand,
                model.reserved(p),
                place.buffer,
                place.withheld,
                place.pools.total(),
                place.aside,
            ]
            for p, place in model.places.items()
        },
        "pools": {
            f"{_key(p)}/{channel}": units
            for p, place in model.places.items()
            for channel, units in place.pools.items()
            if units
        },
        "orders": {
            order.id: [order.status, order.hold_reason, _moment(order.promise)]
            for order in model.orders.values()
        },
        "lines": {
            f"{order.id}/{number}": [
                line.sku,
                line.ordered,
                line.backordered,
                line.shipped,
                line.cancelled,
            ]
            for order in model.orders.values()
            for number, line in order.lines.items()
        },
        "shipments": {
            name: [shipment.location, shipment.status]
            for order in model.orders.values()
            for name, shipment in order.shipments.items()
        },
        "held": {
            f"{name}/{line}": units
            for order in model.orders.values()
            for name, shipment in order.shipments.items()
            for line, units in shipment.held.items()
            if units
        },
        "claims": {
            "/".join(key): [claim.units, _moment(claim.promise)]
            for key, claim in model.supplies.claims.items()
        },
        "supplies": {
            f"{name}/{sku}": [supply.location, row.units, row.received, row.closed]
            for name, supply in model.supplies.known.items()
            for sku, row in supply.rows.items()
        },
        "marked": _by_position(model, lambda order: order.marked),
        "drawn": _by_position(model, lambda order: order.drawn),
    }


def _by_position(model: Stock, units_of: Callable[[Order], dict[Position, int]]) -> dict[str, int]:
    return {
        f"{order.id}/{_key(position)}": units
        for order in model.orders.values()
        for position, units in units_of(order).items()
        if units
    }


def _key(position: Position) -> str:
    return "/".join(position)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
