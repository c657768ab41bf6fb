"""Supplies: what orders are promised of what is to come, and what becomes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from adapters.postgres import signals, supplies
from adapters.postgres.receipts import Units
from adapters.postgres.supplies import InTransit, NewSupply, SupplyClosed, UnknownSupply
from adapters.postgres.supply_reading import read_claims
from adapters.postgres.supply_receipts import (
    NothingToCome,
    NotOnSupply,
    SupplyReceipt,
    receive_supply,
)
from domain.messages.orders import OrderStatus
from domain.messages.steps import CancelOrder
from tests.support.books import AT, Books, allocate, book, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.postgres.stock_commands import Done
    from adapters.postgres.supply_receipts import SupplyReceived
    from domain.messages.steps import Allocation

_DAY_1, _DAY_2, _DAY_3 = (AT + timedelta(days=n) for n in (1, 2, 3))
# Colibri takes two days from Lille to Paris.
_FROM_DAY_1, _FROM_DAY_2, _FROM_DAY_3 = (
    datetime(2026, 3, day, 19, tzinfo=UTC) for day in (6, 7, 9)
)


class Operations:
    """What purchasing and the workflows of orders do, on the books."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._generations: dict[str, int] = {}

    async def supply(
        self, name: str, due: datetime, units: int | dict[str, int] = 10, **changes: Any
    ) -> bool:
        """Announce units to Lille, of SKU-1 unless said; gives whether the supply is new."""
        by_sku = units if isinstance(units, dict) else {"SKU-1": units}
        fields: dict[str, Any] = {"location_id": "LIL", "confidence": 0.9, **changes}
        supply = NewSupply(name, due=due, units=by_sku, **fields)
        return await supplies.put_supply(self.books.engine, supply)

    async def receive(
        self, name: str, units: int | None = None, receipt: str = "1", **changes: Any
    ) -> Done[SupplyReceived]:
        """Receive units of SKU-1 of a supply; without, all of it."""
        lines = None if units is None else (Units(sku="SKU-1", quantity=units),)
        fields: dict[str, Any] = {"received_at": AT, "lines": lines, **changes}
        came = SupplyReceipt(id=receipt, supply_id=name, **fields)
        return await receive_supply(self.books.engine, came, AT)

    async def order(self, units: int, **changes: Any) -> str:
        """A funded order of SKU-1 that no step has sourced."""
        order = await self.books.order(("SKU-1", units), **changes)
        await self.books.fund(order)
        return order

    async def source(self, order: str) -> Allocation:
        """Source an order, as its workflow does when it is told to."""
        generation = self._generations.get(order, 1) + 1
        self._generations[order] = generation
        shipments = await self.books.value(
            "SELECT count(*) FROM shipments WHERE order_id = :id", id=order
        )
        request = allocate(order, generation, next_shipment=shipments + 1)
        done = await self.books.sourcing.allocate(request)
        for shipment in done.shipments:
            await self.books.carrying.book_carrier(book(shipment.shipment_id))
        return done

    async def relay(self) -> list[str]:
        """Have each order that was told something look again, once; gives which."""
        async with self.books.engine.begin() as conn:
            unsent = await signals.read_unsent(conn, 1000)
            await signals.remove(conn, [signal.id for signal in unsent])
        orders = list(dict.fromkeys(signal.order_id for signal in unsent))
        for order in orders:
            await self.source(order)
        return orders

    async def claims(self, order: str) -> list[tuple[str, int]]:
        """What an order rests on: units by supply."""
        rows = await self.books.sql(
            "SELECT supply_id, units FROM supply_claims WHERE order_id = :id ORDER BY 1", id=order
        )
        return [(row.supply_id, row.units) for row in rows]


@pytest.fixture
async def ops(database_url: str) -> AsyncIterator[Operations]:
    async with open_books(database_url) as books:
        yield Operations(books)


async def _promised(ops: Operations, on_hand: int = 10) -> tuple[str, str]:
    """Ten on hand, ten due on day 1, ten on day 2: an order of 20, then one of 15."""
    if on_hand:
        await ops.books.stock(LIL_1=on_hand)
    await ops.supply("S1", _DAY_1)
    await ops.supply("S2", _DAY_2)
    first = await ops.order(20)
    await ops.source(first)
    second = await ops.order(15)
    await ops.source(second)
    return first, second


async def test_a_promise_rests_on_what_is_there_and_what_is_to_come(ops: Operations) -> None:
    await ops.books.stock(LIL_1=10)
    await ops.supply("S1", _DAY_1)
    await ops.supply("S2", _DAY_2)
    first, second = await ops.order(20), await ops.order(15)

    of_first, of_second = await ops.source(first), await ops.source(second)

    assert [shipment.lines for shipment in of_first.shipments] == [{"1": 10}]
    assert [(e.supply_id, e.units) for e in of_first.expected] == [("S1", 10)]
    assert (of_first.backordered, of_first.unpromised) == ({"1": 10}, 0)
    assert of_first.expected_by == of_first.promise == _FROM_DAY_1

    assert of_second.shipments == ()
    assert [(e.supply_id, e.units) for e in of_second.expected] == [("S2", 10)]
    assert (of_second.backordered, of_second.unpromised) == ({"1": 15}, 5)
    assert of_second.expected_by == _FROM_DAY_2

    assert await ops.books.told(first) == ["rest_expected"]
    assert await ops.books.told(second) == ["all_expected_in_part"]
    assert await ops.books.timeline(second) == [
        "received",
        "credit_secured",
        "not_sourced",
        "expected",
    ]
    assert await ops.books.value("SELECT promise FROM orders WHERE id = :id", id=first) == (
        _FROM_DAY_1
    )


async def test_a_supply_that_slips_re_promises_the_orders_that_rested_on_it_once_each(
    ops: Operations,
) -> None:
    first, second = await _promised(ops)

    assert await ops.supply("S1", _DAY_3) is False
    assert await ops.relay() == [first]

    assert await ops.claims(first) == [("S1", 10)]
    assert await ops.claims(second) == [("S2", 10)]
    assert await ops.books.told(first) == ["rest_expected", "expected_changed"]
    assert await ops.books.told(second) == ["all_expected_in_part"]
    [promise] = await ops.books.sql("SELECT promise FROM supply_claims WHERE supply_id = 'S1'")
    assert promise == (_FROM_DAY_3,)
    assert await ops.relay() == []


async def test_an_order_whose_supply_slips_takes_another_that_is_due_before(
    ops: Operations,
) -> None:
    await ops.supply("S1", _DAY_1)
    order = await ops.order(10)
    await ops.source(order)
    await ops.supply("S2", _DAY_2)
    assert await ops.relay() == []

    await ops.supply("S1", _DAY_3)
    await ops.relay()

    assert await ops.claims(order) == [("S2", 10)]
    assert await ops.books.told(order) == ["all_expected", "expected_changed"]


async def test_the_same_supply_again_changes_nothing(ops: Operations) -> None:
    await _promised(ops)
    before = await ops.books.content()
    assert await ops.supply("S1", _DAY_1) is False
    assert await ops.books.content() == before


async def test_what_slips_within_a_day_is_no_news(ops: Operations) -> None:
    first, _ = await _promised(ops)
    await ops.supply("S1", _DAY_1 + timedelta(hours=2))
    assert await ops.relay() == [first]
    assert await ops.books.told(first) == ["rest_expected"]
    assert (await ops.books.timeline(first)).count("expected") == 1


async def test_a_supply_that_brings_less_lets_the_last_in_rank_down(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1)
    standard, critical = await ops.order(5), await ops.order(5, critical=True)
    for order in (standard, critical):
        await ops.source(order)

    await ops.supply("S1", _DAY_1, units=7)
    await ops.books.check()
    assert await ops.claims(critical) == [("S1", 5)]
    assert await ops.claims(standard) == [("S1", 2)]

    assert await ops.relay() == [standard]
    assert await ops.claims(standard) == [("S1", 2)]
    assert await ops.books.told(standard) == ["all_expected", "all_expected_in_part"]
    assert await ops.books.told(critical) == ["all_expected"]


async def test_a_supply_that_brings_more_serves_those_without_a_date(ops: Operations) -> None:
    _, second = await _promised(ops)
    await ops.supply("S2", _DAY_2, units=15)
    assert await ops.relay() == [second]
    assert await ops.claims(second) == [("S2", 15)]
    assert await ops.books.told(second) == ["all_expected_in_part", "all_expected"]


async def test_a_new_supply_is_offered_to_as_many_as_it_serves(ops: Operations) -> None:
    orders = [await ops.order(4) for _ in range(4)]
    for age, order in enumerate(reversed(orders)):
        await ops.books.sql(
            "UPDATE orders SET ordered_at = :at WHERE id = :id",
            at=AT + timedelta(minutes=age),
            id=order,
        )
        await ops.source(order)
    oldest, next_oldest = orders[3], orders[2]

    await ops.supply("S1", _DAY_1, units=6)

    assert await ops.relay() == [oldest, next_oldest]
    assert await ops.claims(oldest) == [("S1", 4)]
    assert await ops.claims(next_oldest) == [("S1", 2)]


async def test_a_supply_that_becomes_likely_is_something_to_rest_on(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1, confidence=0.2)
    order = await ops.order(4)
    assert (await ops.source(order)).unpromised == 4
    await ops.supply("S1", _DAY_1, confidence=0.8)
    assert await ops.relay() == [order]
    assert await ops.claims(order) == [("S1", 4)]


async def test_a_supply_that_becomes_doubtful_is_rested_on_no_more(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1)
    order = await ops.order(4)
    await ops.source(order)
    await ops.supply("S1", _DAY_1, confidence=0.2)
    assert await ops.relay() == [order]
    assert await ops.claims(order) == []
    assert await ops.books.told(order) == ["all_expected", "all_backordered"]


async def test_a_supply_that_is_closed_sends_its_orders_elsewhere(ops: Operations) -> None:
    first, second = await _promised(ops)
    await supplies.close(ops.books.engine, "S1")
    await ops.books.check()
    assert await ops.relay() == [first]
    assert (await ops.claims(first), await ops.claims(second)) == ([], [("S2", 10)])
    assert await ops.books.told(first) == ["rest_expected", "backordered"]

    with pytest.raises(SupplyClosed):
        await ops.supply("S1", _DAY_3)
    await supplies.close(ops.books.engine, "S1")
    with pytest.raises(UnknownSupply):
        await supplies.close(ops.books.engine, "S9")


async def test_what_is_received_goes_to_those_that_were_promised_it(ops: Operations) -> None:
    first, second = await _promised(ops)
    received = await ops.receive("S1")
    assert (received.answer.served, received.answer.unserved) == ((first,), ())
    assert received.answer.is_closed
    await ops.books.check()

    assert await ops.relay() == [first]
    assert await ops.claims(first) == []
    assert await ops.books.value("SELECT status FROM orders WHERE id = :id", id=first) == (
        "in_fulfilment"
    )
    assert await ops.claims(second) == [("S2", 10)]
    # On day 1 the parcel is promised for an earlier day than was told, so that is told.
    assert await ops.books.told(first) == ["rest_expected", "promise_changed"]


async def test_a_part_that_is_received_leaves_the_rest_to_come(ops: Operations) -> None:
    first, _ = await _promised(ops)
    received = await ops.receive("S1", 4)
    assert not received.answer.is_closed
    assert await ops.claims(first) == [("S1", 6)]
    await ops.relay()
    assert await ops.claims(first) == [("S1", 6)]
    await ops.receive("S1", receipt="2")
    assert await ops.books.value("SELECT received FROM supplies WHERE id = 'S1'") == 10


async def test_more_may_come_than_was_announced(ops: Operations) -> None:
    first, second = await _promised(ops)
    received = await ops.receive("S1", 12)
    assert set(received.answer.served) == {first, second}
    await ops.relay()
    assert await ops.claims(second) == [("S2", 10)]
    lacking = "SELECT backordered FROM order_lines WHERE order_id = :id"
    assert await ops.books.value(lacking, id=second) == 13


async def test_what_comes_and_is_the_last_of_it_lets_the_others_know(ops: Operations) -> None:
    first, _ = await _promised(ops)
    received = await ops.receive("S1", 4, close=True)
    assert received.answer.is_closed
    assert received.answer.served == (first,)
    await ops.relay()
    assert await ops.claims(first) == []


async def test_who_rested_on_what_more_urgent_orders_get_looks_elsewhere(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1)
    resting = await ops.order(10)
    await ops.source(resting)
    urgent = await ops.order(10, critical=True)
    await ops.source(urgent)
    await ops.supply("S2", _DAY_2)
    assert await ops.relay() == [urgent]
    assert await ops.claims(urgent) == [("S2", 10)]

    received = await ops.receive("S1")

    assert (received.answer.served, received.answer.unserved) == ((urgent,), (resting,))
    assert set(await ops.relay()) == {urgent, resting}
    # What the urgent one rested on is free for the other, which is told so.
    await ops.relay()
    assert await ops.claims(resting) == [("S2", 10)]


async def test_a_receipt_is_booked_once(ops: Operations) -> None:
    await _promised(ops)
    first = await ops.receive("S1", 4)
    before = await ops.books.content()
    again = await ops.receive("S1", 4)
    assert (first.first, again.first) == (True, False)
    assert again.answer == first.answer
    assert await ops.books.content() == before
    assert await ops.books.value("SELECT on_hand FROM stock") == 14


async def test_a_receipt_of_what_is_not_to_come_is_refused(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1)
    with pytest.raises(UnknownSupply):
        await ops.receive("S9")
    with pytest.raises(NotOnSupply):
        await ops.receive("S1", lines=(Units(sku="SKU-2", quantity=1),))
    await ops.receive("S1")
    with pytest.raises(NothingToCome):
        await ops.receive("S1", receipt="2")
    # It is there all the same: who says how much can book it in.
    await ops.receive("S1", 3, receipt="3")
    assert await ops.books.value("SELECT on_hand FROM stock") == 13


async def test_a_supply_that_has_come_may_bring_more(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1)
    await ops.receive("S1")
    await ops.supply("S1", _DAY_2, units=15)
    order = await ops.order(15)
    assert (await ops.source(order)).unpromised == 0
    assert await ops.claims(order) == [("S1", 5)]


async def test_a_sku_that_is_left_out_does_not_come(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1, units={"SKU-1": 5, "SKU-2": 5})
    order = await ops.books.sourced(("SKU-1", 5), ("SKU-2", 5))
    assert len(await ops.claims(order)) == 2
    await ops.supply("S1", _DAY_1, units={"SKU-1": 5})
    assert await ops.claims(order) == [("S1", 5)]


async def test_a_transfer_may_come_later_and_holds_what_it_holds(ops: Operations) -> None:
    await ops.supply("T1", _DAY_1, origin_id="LYO")
    await ops.supply("T1", _DAY_2)
    for changes in ({"units": {"SKU-1": 9}}, {"location_id": "GNT"}):
        with pytest.raises(InTransit):
            await ops.supply("T1", _DAY_2, **changes)
    await ops.receive("T1")
    assert await ops.books.value("SELECT on_hand FROM stock") == 10


async def test_an_order_that_ends_gives_its_supply_to_those_without_a_date(
    ops: Operations,
) -> None:
    first, second = await _promised(ops, on_hand=0)
    assert await ops.claims(first) == [("S1", 10), ("S2", 10)]
    assert await ops.claims(second) == []
    cancel = CancelOrder(order_id=first, status=OrderStatus.CANCELLED, reason="gone", at=AT)
    await ops.books.orders.cancel_order(cancel)
    assert await ops.relay() == [second]
    assert await ops.claims(second) == [("S1", 10), ("S2", 5)]


async def test_an_order_that_gets_its_units_elsewhere_rests_on_nothing(ops: Operations) -> None:
    first, second = await _promised(ops)
    await ops.books.stock(LYO_1=10)
    assert await ops.relay() == [first]
    assert await ops.claims(first) == []
    # What it rested on is free for those without a date.
    assert await ops.relay() == [second]
    assert await ops.claims(second) == [("S1", 10), ("S2", 5)]


async def test_giving_up_all_without_another_way_rests_on_nothing(ops: Operations) -> None:
    first, _ = await _promised(ops)
    given_up = allocate(first, 9, next_shipment=2, reserve=False, on_hold=True)
    await ops.books.sql("UPDATE orders SET hold_reason = 'no_source' WHERE id = :id", id=first)
    assert (await ops.books.sourcing.allocate(given_up)).expected == ()
    assert await ops.claims(first) == []


async def test_the_expected_are_told_once_however_often_a_step_runs(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1)
    order = await ops.order(4)

    async def run() -> Allocation:
        done = await ops.books.sourcing.allocate(allocate(order))
        return done.model_copy(update={"repeated": False})

    assert (await ops.books.twice(run)).unpromised == 0
    await ops.source(order)
    assert (await ops.books.timeline(order)).count("expected") == 1


async def test_orders_that_want_the_same_supply_at_once_share_it(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1)
    orders = [await ops.order(1) for _ in range(25)]
    done = await asyncio.gather(*(ops.source(order) for order in orders))
    assert sum(len(allocation.expected) for allocation in done) == 10
    assert await ops.books.value("SELECT claimed FROM supplies") == 10
    claims = await read_claims(ops.books.engine, "S1")
    assert [claim.units for claim in claims] == [1] * 10


async def test_a_supply_may_change_and_come_while_orders_rest_on_it(ops: Operations) -> None:
    await ops.supply("S1", _DAY_1, units=20)
    await ops.supply("S2", _DAY_2, units=20)
    orders = [await ops.order(2) for _ in range(12)]

    async def change() -> None:
        for number in range(6):
            await ops.supply("S1", _DAY_1 + timedelta(days=number % 3), units=20 - number)
            await ops.receive("S2", 2, receipt=str(number))

    await asyncio.gather(change(), *(ops.source(order) for order in orders))
    await ops.books.check()
    while await ops.relay():
        await ops.books.check()
    lacking = await ops.books.value(
        "SELECT sum(backordered) - (SELECT sum(units) FROM supply_claims) FROM order_lines"
    )
    assert lacking == 0


async def test_two_receipts_of_one_supply_at_once_are_both_booked(ops: Operations) -> None:
    await _promised(ops)
    await asyncio.gather(*(ops.receive("S1", 5, receipt=str(n)) for n in range(2)))
    [row] = await ops.books.sql("SELECT received, claimed, closed FROM supplies WHERE id = 'S1'")
    assert tuple(row) == (10, 0, True)


async def test_customers_are_told_the_day_that_it_is_where_they_are(ops: Operations) -> None:
    await ops.books.sql("UPDATE postal_codes SET timezone = 'Pacific/Auckland'")
    await ops.supply("S1", _DAY_1)
    order = await ops.order(5)
    await ops.source(order)
    [notice] = await ops.books.sql(
        "SELECT detail ->> 'expected' AS at FROM notices WHERE order_id = :id", id=order
    )
    at = datetime.fromisoformat(notice.at)
    there = at.astimezone(ZoneInfo("Pacific/Auckland"))
    assert (at.date(), at.utcoffset()) == (there.date(), there.utcoffset())


async def test_an_order_that_is_sent_complete_expects_all_of_it_with_the_last_of_it(
    ops: Operations,
) -> None:
    await ops.books.stock(LIL_2=5)
    await ops.supply("S1", _DAY_1)
    order = await ops.books.order(("SKU-1", 4), ("SKU-2", 5), ship_complete=True)
    await ops.books.fund(order)
    await ops.source(order)
    assert await ops.claims(order) == [("S1", 4)]
    assert await ops.books.told(order) == ["all_expected"]
