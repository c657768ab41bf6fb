"""An amendment in the books: looked at without effect, covered in full or not at all, applied once
and whole, refused without a trace but the word of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.postgres import amendments, supplies
from adapters.postgres.supplies import NewSupply
from domain.amending import WantedLine
from domain.messages.amending import (
    Amendable,
    AmendmentApplied,
    AmendmentCovered,
    Obstacle,
)
from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import RecordOutcome
from tests.support.amending import Amender, given_up
from tests.support.books import AT, Books, allocate, open_books, pick

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


@pytest.fixture
def amender(books: Books) -> Amender:
    return Amender(books)


async def test_it_is_looked_at_without_any_effect(books: Books, amender: Amender) -> None:
    await books.stock(LIL_1=9)
    order = await books.sourced(("SKU-1", 5))
    number = await amender.ask(order, to={"1": 2})
    before = await books.content()

    assert await amender.examine(order, number, f"{order}:1") == Amendable(
        stop=(f"{order}:1",), lacking={}, total=2000, total_before=5000
    )
    refused = await amender.examine(order, number)
    assert (refused.obstacle, refused.lines[0].at_least) == (Obstacle.NOT_AMENDABLE, 5)
    assert await books.content() == before


async def test_what_is_added_is_covered_once_and_given_back_when_it_is_refused(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=9)
    order = await books.sourced(("SKU-1", 5))
    number = await amender.ask(order, to={"1": 8})

    await books.at_once(lambda: amender.cover(order, number))
    await books.twice(lambda: amender.cover(order, number))
    assert await books.value("SELECT sum(reserved) FROM stock") == 8
    await books.check()

    await books.twice(lambda: amender.refuse(order, number))
    assert await books.value("SELECT sum(reserved) FROM stock") == 5
    assert await books.value("SELECT refusal ->> 'obstacle' FROM amendments") == "order-ended"
    assert (await books.timeline(order))[-1] == "amendment_refused"


async def test_what_is_not_covered_in_full_takes_nothing(books: Books, amender: Amender) -> None:
    await books.stock(LIL_1=7)
    order = await books.sourced(("SKU-1", 5))
    number = await amender.ask(order, to={"1": 8})
    before = await books.content()

    refused = await amender.cover(order, number)

    assert refused.obstacle is Obstacle.NOT_COVERED
    assert [(m.sku, m.units) for m in refused.missing] == [("SKU-1", 1)]
    assert await books.content() == before
    assert await amender.cover(order, number, lacking=None) == AmendmentCovered()


async def test_it_is_applied_once_with_all_that_belongs_to_it(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=9, LIL_2=9)
    order = await books.sourced(("SKU-1", 5), ("SKU-2", 2))
    new = WantedLine(line_id="3", position=3, sku="SKU-3", quantity=4, unit_price=250)
    number = await amender.ask(order, to={"1": 6, "2": 0}, more=[new])

    applied = await books.twice(
        lambda: amender.apply(order, number, abandon=given_up(f"{order}:1"))
    )

    assert applied == AmendmentApplied(version=2, total=7000, total_before=7000, open_units=10)
    assert await books.value("SELECT total FROM orders") == 7000
    assert await books.value("SELECT open_amount FROM accounts WHERE customer_id = 'ACME'") == 7000
    lines = await books.sql(
        "SELECT line_id, ordered, backordered, unit_price FROM order_lines ORDER BY 1"
    )
    assert [tuple(line) for line in lines] == [
        ("1", 6, 6, 1000),
        ("2", 0, 0, 1000),
        ("3", 4, 4, 250),
    ]
    [amended] = await books.sql("SELECT detail FROM order_events WHERE kind = 'amended'")
    assert amended.detail["changes"]["en"] == "SKU-1: 5 → 6; SKU-2: 2 → 0; SKU-3: 0 → 4"
    assert await books.told(order) == ["amended"]


async def test_it_applies_to_the_version_that_it_was_asked_for_alone(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=9)
    order = await books.sourced(("SKU-1", 5))
    number = await amender.ask(order, to={"1": 8})
    await books.sql("UPDATE orders SET version = 2")
    before = await books.content()
    for refused in (await amender.examine(order, number), await amender.apply(order, number)):
        assert refused.obstacle is Obstacle.VERSION_CONFLICT
        assert "version 2" in refused.reason["en"]
    after = await books.content()
    assert {t for t in before if before[t] != after[t]} == {"effects"}
    await books.sql("UPDATE orders SET version = 1")


async def test_what_was_picked_meanwhile_is_not_taken_from_the_order(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=9)
    shipment = await books.released(("SKU-1", 5))
    order = shipment.rsplit(":", 1)[0]
    number = await amender.ask(order, to={"1": 2})
    await books.shipments.record_pick(pick(shipment))
    refused = await amender.apply(order, number)
    assert refused.obstacle is Obstacle.NOT_AMENDABLE
    assert await books.value("SELECT version FROM orders") == 1


async def test_no_more_is_claimed_than_the_limit_has_room_for(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=20)
    order = await books.sourced(("SKU-1", 8), customer_id="DUPONT")
    number = await amender.ask(order, to={"1": 11})
    refused = await amender.apply(order, number)
    assert refused.obstacle is Obstacle.CREDIT_LIMIT
    assert "30.00 EUR on top of an exposure of 80.00 EUR" in refused.reason["en"]
    assert refused.reason["fr"].startswith("pas de crédit : 30.00 EUR en plus")
    assert await books.value("SELECT version FROM orders") == 1


async def test_room_that_an_amendment_leaves_goes_to_an_order_that_is_held_for_it(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=20)
    order = await books.sourced(("SKU-1", 8), customer_id="DUPONT")
    other = await books.order(("SKU-1", 5), customer_id="DUPONT")
    await books.fund(other)
    held = RecordOutcome(
        order_id=other,
        generation=1,
        status=OrderStatus.ON_HOLD,
        at=AT,
        hold_reason=HoldReason.CREDIT_LIMIT,
    )
    await books.orders.record_outcome(held)
    number = await amender.ask(order, to={"1": 4})

    await amender.apply(order, number, abandon=given_up(f"{order}:1"))

    claims = await books.sql("SELECT order_id, open_amount FROM credit_claims ORDER BY 2")
    assert [tuple(claim) for claim in claims] == [(order, 4000), (other, 5000)]
    assert "credit_freed" in await books.timeline(other)


async def test_what_it_gives_up_of_what_is_to_come_others_may_be_promised(
    books: Books, amender: Amender
) -> None:
    for name, days in (("S1", 1), ("S2", 3)):
        due = AT + timedelta(days=days)
        supply = NewSupply(name, due=due, units={"SKU-1": 5}, location_id="LIL", confidence=0.9)
        await supplies.put_supply(books.engine, supply)
    order = await books.sourced(("SKU-1", 8))
    other = await books.sourced(("SKU-1", 4))
    number = await amender.ask(order, to={"1": 5})

    await amender.apply(order, number)

    claims = "SELECT order_id, supply_id, units FROM supply_claims ORDER BY 1 = :id, 2"
    rows = await books.sql(claims.replace("1 = :id", "order_id <> :id"), id=order)
    assert [tuple(row) for row in rows] == [(order, "S1", 5), (other, "S2", 2)]
    assert await books.value("SELECT order_id FROM order_signals") == other


async def test_what_support_keeps_on_hold_keeps_no_more_than_it_lacks(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=9, LYO_1=4)
    order = await books.sourced(("SKU-1", 12))
    shipments = [f"{order}:1", f"{order}:2"]
    gone = tuple(a for shipment in shipments for a in given_up(shipment))
    number = await amender.ask(order, to={"1": 9})
    await amender.apply(order, number, abandon=gone, keeps=True)
    rows = await books.sql("SELECT location_id, units FROM earmarks ORDER BY 1")
    assert [tuple(row) for row in rows] == [("LIL", 8), ("LYO", 1)]
    assert await books.value("SELECT sum(reserved) FROM stock") == 9


async def test_an_order_has_one_amendment_that_is_pending(books: Books, amender: Amender) -> None:
    await books.stock(LIL_1=9)
    order = await books.sourced(("SKU-1", 5))
    number = await amender.ask(order, to={"1": 8})
    async with books.engine.connect() as conn:
        [asked] = await amendments.find_asked(conn, order, 1, "another")
    assert (asked.number, asked.state) == (number, "pending")
    await amender.refuse(order, number)
    async with books.engine.connect() as conn:
        assert await amendments.find_asked(conn, order, 1, "hash") == []
    assert await amender.ask(order, to={"1": 8}) == number + 1


async def test_two_that_want_the_same_stock_do_not_both_get_it(
    books: Books, amender: Amender
) -> None:
    await books.stock(LIL_1=13)
    orders = [await books.sourced(("SKU-1", 5)) for _ in range(2)]
    numbers = [await amender.ask(order, to={"1": 8}) for order in orders]
    answers = await asyncio.gather(*map(amender.cover, orders, numbers))
    assert sorted(answer.kind for answer in answers) == ["covered", "refused"]
    assert await books.value("SELECT sum(reserved) FROM stock") == 13


async def test_nothing_open_is_sourced_into_nothing(books: Books, amender: Amender) -> None:
    order = await books.sourced(("SKU-1", 5))
    await books.stock(LIL_1=2)
    await books.sourcing.allocate(allocate(order, 3))
    number = await amender.ask(order, to={"1": 2})
    await amender.apply(order, number)
    done = await books.sourcing.allocate(allocate(order, 4, next_shipment=2))
    assert (done.shipments, done.backordered, done.obstacle) == ((), {}, None)
    assert await books.value("SELECT status FROM orders") == "in_fulfilment"
