"""What people and other systems do to stock."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from adapters.postgres import adjustments, counts, receipts, withholding
from domain.returns import Disposition
from tests.property.stock_house import (
    CHANNELS,
    LOCATIONS,
    SKUS,
    Past,
    StockHouse,
    few,
    positions,
    skus,
)
from tests.property.stock_model import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.property.stock_model import Position

some = st.dictionaries(skus, few, min_size=1)
locations = st.sampled_from(LOCATIONS)
ages = st.none() | st.integers(0, 12)


class PlaceRules(StockHouse):
    """Each command has an id of its own, and may be told late."""

    @property
    def engine(self) -> Any:
        return self.session.books.engine

    @rule(location=locations, units=some, age=ages, twice=st.booleans())
    def receive(self, location: str, units: dict[str, int], age: int | None, twice: bool) -> None:
        lines = [receipts.Units(sku=sku, quantity=n) for sku, n in units.items()]
        receipt = receipts.Receipt(
            id=f"R{self.steps}",
            location_id=location,
            received_at=None if age is None else self.ago(age),
            lines=tuple(lines + lines[: int(twice)]),
        )
        now = self.now
        came: Counter[str] = Counter()
        for line in receipt.lines:
            came[line.sku] += line.quantity
        answer = self.do(command := lambda: receipts.receive(self.engine, receipt, now))
        for sku, n in came.items():
            self.model.move((sku, location), receipt.received_at or now, n)
        self.model.serve(came, [(sku, location) for sku in came])
        self._remember(receipt.id, command, answer, came)

    @rule(position=positions, units=few, disposition=st.sampled_from(list(Disposition)))
    def take_return(self, position: Position, units: int, disposition: Disposition) -> None:
        sku, location = position
        line = receipts.Returned(sku=sku, quantity=units, disposition=disposition)
        returned = receipts.Return(
            id=f"B{self.steps}", location_id=location, order_id=None, lines=(line,)
        )
        now = self.now
        answer = self.do(command := lambda: receipts.take_return(self.engine, returned, now))
        restocked = disposition is Disposition.RESTOCK
        gone = disposition is Disposition.SCRAP
        aside = 0 if restocked or gone else units
        self.model.move(position, now, units if restocked else 0, aside)
        self.model.serve([sku], [position] if restocked else [])
        self._remember(returned.id, command, answer, [sku])

    @rule(
        location=locations,
        changes=st.dictionaries(
            skus, st.tuples(st.integers(-5, 4), st.integers(-2, 2)), min_size=1
        ),
    )
    def adjust(self, location: str, changes: dict[str, tuple[int, int]]) -> None:
        adjustment = adjustments.Adjustment(
            id=f"A{self.steps}",
            location_id=location,
            reason=adjustments.AdjustmentReason.CORRECTION,
            note="",
            by="Ada",
            lines=tuple(
                adjustments.Adjusted(sku=sku, delta=delta, aside=aside)
                for sku, (delta, aside) in changes.items()
            ),
        )
        now = self.now
        after = {
            (sku, location): self.model.peek((sku, location)).on_hand + delta
            for sku, (delta, _) in changes.items()
        }
        asides = [self.model.peek((sku, location)).aside + n for sku, (_, n) in changes.items()]
        losses = None
        if min(asides, default=0) >= 0:
            with suppress(Refused):
                losses = {p: self.model.shrink(p, units) for p, units in after.items()}
        if losses is None:
            self._expect(
                adjustments.NotThere, lambda: adjustments.adjust(self.engine, adjustment, now)
            )
            return
        answer = self.do(command := lambda: adjustments.adjust(self.engine, adjustment, now))
        self._take(losses)
        for sku, (delta, aside) in changes.items():
            self.model.move((sku, location), now, delta, aside)
        rising = [sku for sku, (delta, _) in changes.items() if delta > 0]
        self.model.serve(rising, [(sku, location) for sku in rising])
        self.model.serve(changes)
        self._remember(adjustment.id, command, answer, changes)

    @rule(
        location=locations,
        found=st.dictionaries(skus, st.integers(0, 8), min_size=1),
        full=st.booleans(),
        age=st.integers(0, 12),
    )
    def count(self, location: str, found: dict[str, int], full: bool, age: int) -> None:
        taken_at, now = self.ago(age), self.now
        count = counts.Count(
            id=f"C{self.steps}",
            location_id=location,
            taken_at=taken_at,
            kind="full" if full else "partial",
            by=None,
            rows=tuple(
                counts.CountedRow(position=number, sku=sku, quantity=n)
                for number, (sku, n) in enumerate(found.items(), start=1)
            ),
        )
        listed = dict(found)
        if full:
            stocked = [sku for sku, place in self.model.places if place == location]
            listed = dict.fromkeys(stocked, 0) | listed
        answer = self.do(command := lambda: counts.take_count(self.engine, count, now))
        rising, superseded, blocked = [], set(), set()
        for sku, units in listed.items():
            place = self.model.place((sku, location))
            if place.is_counted_since(taken_at):
                superseded.add(sku)
                continue
            after = units + place.moved_since(taken_at)
            try:
                losses = self.model.shrink((sku, location), after)
            except Refused:
                blocked.add(sku)
                continue
            before, withheld = place.on_hand, place.withheld
            self._take({(sku, location): losses})
            self.model.confirm((sku, location), units, taken_at)
            if place.on_hand > before or place.withheld < withheld:
                rising.append(sku)
        assert set(answer.superseded) == superseded
        assert {row.sku for row in answer.quarantined} == blocked
        self.model.serve(rising, [(sku, location) for sku in rising])
        self.model.serve(found)
        self._remember(count.id, command, answer, found)

    @rule(position=positions, channel=st.none() | st.sampled_from((*CHANNELS, "all")), units=few)
    def withhold(self, position: Position, channel: str | None, units: int) -> None:
        """A buffer of a position, or of all of its location, or a channel's pool."""
        now, units = self.now, units - 1
        sku, location = position
        if channel is None:
            self.do(lambda: withholding.set_buffer(self.engine, position, units, now))
            self.model.place(position).buffer = units
            self.model.serve([sku], [position])
        elif channel == "all":
            self.do(lambda: withholding.set_location_buffer(self.engine, location, units, now))
            self.model.location_buffers[location] = units
            self.model.serve(SKUS, [p for p in self.model.places if p[1] == location])
        else:
            self.do(lambda: withholding.set_pool(self.engine, position, channel, units, now))
            self.model.place(position).pools[channel] = units
            self.model.serve([sku], [position])

    def _take(self, losses: Mapping[Position, Mapping[str, tuple[int, int]]]) -> None:
        """Of an order, what it has in no shipment goes first; which of its shipments then lose is
        the house's to say."""
        for position, by_order in losses.items():
            for order_id, (marked, held) in by_order.items():
                order = self.model.orders[order_id]
                gone = self._gone(order_id, position)
                assert sum(gone.values()) == held
                self.model.lose(order, position, marked, gone)

    def _gone(self, order_id: str, position: Position) -> dict[str, int]:
        order = self.model.orders[order_id]
        held = self.session.seen["held"]
        return {
            f"{name}/{line}": units - held.get(f"{name}/{line}", 0)
            for name, shipment in order.shipments.items()
            for line, units in shipment.held.items()
            if (order.lines[line].sku, shipment.location) == position
        }

    def _remember(self, name: str, command: Any, answer: Any, skus: Any) -> None:
        if not isinstance(answer, counts.CountTaken):
            assert answer.first
            answer = type(answer)(answer.answer, first=False)
        self.past.append(Past(name, command, answer, tuple(skus)))

    def _expect(self, error: type[Exception], command: Any) -> None:
        try:
            self.do(command)
        except error:
            return
        raise AssertionError(f"{error.__name__} was not raised")
