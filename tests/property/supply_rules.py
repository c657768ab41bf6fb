"""What is to come: announced, late, less than announced, received, given up; and transfers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from adapters.postgres import supplies, supply_receipts, transfers
from adapters.postgres.receipts import Units
from tests.property.place_rules import PlaceRules, ages, locations, some
from tests.property.stock_house import LOCATIONS
from tests.property.supply_model import Row, Supply

if TYPE_CHECKING:
    from datetime import datetime

names = st.sampled_from(("S1", "S2"))
days = st.integers(0, 4)


def _announced(rules: SupplyRules) -> list[str]:
    return sorted(rules.model.supplies.known)


class SupplyRules(PlaceRules):
    @rule(
        name=names, location=locations, due=days, units=some, confidence=st.sampled_from((0.3, 0.9))
    )
    def announce(
        self, name: str, location: str, due: int, units: dict[str, int], confidence: float
    ) -> None:
        """A supply is announced, or it changes."""
        told = supplies.NewSupply(name, location, self._in(due), confidence, units)
        known = self.model.supplies.known.get(name)
        if known is not None and known.is_over:
            self._expect(supplies.SupplyClosed, lambda: supplies.put_supply(self.engine, told))
            return
        self.do(lambda: supplies.put_supply(self.engine, told))
        if known is not None:
            self._change(name, known, told)
        else:
            known = self.model.supplies.known[name] = Supply(location, told.due, confidence)
        known.location, known.due, known.confidence = location, told.due, confidence
        for sku, n in units.items():
            known.rows.setdefault(sku, Row(n))

    def _change(self, name: str, known: Supply, told: supplies.NewSupply) -> None:
        """Those that rest on what comes at another time, or not any more, look again."""
        moved = (told.due, told.location_id, told.confidence) != (
            known.due,
            known.location,
            known.confidence,
        )
        looking: set[str] = set()
        for sku, row in known.rows.items():
            if moved:
                looking |= self.model.supplies.resting_on(name, sku)
            row.units = told.units.get(sku, row.units)
            row.closed = told.units.get(sku, 0) <= row.received
            looking |= self._cut(name, sku, 0, row.to_come)
        self._tell(looking)

    @rule(units=some, origin=locations, due=days, age=ages)
    def transfer(self, units: dict[str, int], origin: str, due: int, age: int | None) -> None:
        now = self.now
        sent_at = None if age is None else self.ago(age)
        [destination] = set(LOCATIONS) - {origin}
        transfer = transfers.Transfer(
            id=f"T{self.steps}",
            origin_id=origin,
            location_id=destination,
            sent_at=sent_at,
            due=self._in(due),
            confidence=1.0,
            lines=tuple(Units(sku=sku, quantity=n) for sku, n in units.items()),
        )
        leaving = {(sku, origin): n for sku, n in units.items()}
        if any(
            not self.model.peek(p).is_counted_since(sent_at or now)
            and max(0, self.model.free(p)) < n
            for p, n in leaving.items()
        ):
            self._expect(transfers.NotFree, lambda: transfers.send(self.engine, transfer, now))
            return
        answer = self.do(command := lambda: transfers.send(self.engine, transfer, now))
        for position, n in leaving.items():
            self.model.move(position, sent_at or now, -n)
        rows = {sku: Row(n) for sku, n in units.items()}
        self.model.supplies.known[transfer.id] = Supply(
            destination, transfer.due, 1.0, in_transit=True, rows=rows
        )
        self._remember(transfer.id, command, answer, ())

    @precondition(lambda rules: bool(_announced(rules)))
    @rule(data=st.data(), units=st.none() | some, closes=st.booleans(), age=ages)
    def receive_supply(
        self, data: st.DataObject, units: dict[str, int] | None, closes: bool, age: int | None
    ) -> None:
        name = data.draw(st.sampled_from(_announced(self)), label="supply")
        known, now = self.model.supplies.known[name], self.now
        came = {sku: row.to_come for sku, row in known.rows.items() if row.to_come}
        if units is not None:
            came = {sku: n for sku, n in units.items() if sku in known.rows}
        receipt = supply_receipts.SupplyReceipt(
            id=f"R{self.steps}",
            supply_id=name,
            received_at=None if age is None else self.ago(age),
            lines=None
            if units is None
            else tuple(Units(sku=sku, quantity=n) for sku, n in units.items()),
            close=closes,
        )

        async def receive() -> object:
            return await supply_receipts.receive_supply(self.engine, receipt, now)

        if not came and units is None:
            self._expect(supply_receipts.NothingToCome, receive)
            return
        if units is not None and units.keys() - came.keys():
            self._expect(supply_receipts.NotOnSupply, receive)
            return
        answer = self.do(receive)
        for sku, n in came.items():
            self.model.move((sku, known.location), receipt.received_at or now, n)
        self.model.serve(came, [(sku, known.location) for sku in came])
        looking: set[str] = set()
        for sku, row in known.rows.items():
            n = came.get(sku, 0)
            row.received += n
            row.closed = row.closed or closes or row.received >= row.units
            looking |= self._cut(name, sku, n, n + row.to_come)
        self._tell(looking)
        assert answer.answer.is_closed == all(row.closed for row in known.rows.values())
        self.model.serve(known.rows)
        self._remember(f"{name} {receipt.id}", receive, answer, known.rows)

    @precondition(lambda rules: bool(_announced(rules)))
    @rule(data=st.data())
    def give_up_supply(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(_announced(self)), label="supply")
        self.do(lambda: supplies.close(self.engine, name))
        looking: set[str] = set()
        for sku, row in self.model.supplies.known[name].rows.items():
            row.closed = True
            looking |= self._cut(name, sku, 0, 0)
        self._tell(looking)

    def _cut(self, supply: str, sku: str, first: int, last: int) -> set[str]:
        return self.model.supplies.cut(supply, sku, first, last, self.model.orders)

    def _tell(self, orders: set[str]) -> None:
        self.model.told |= {(order, "stock_arrived") for order in orders}

    def _in(self, days: int) -> datetime:
        return self.now + timedelta(days=days)
