"""Goods that come, go and change at a location, and what people withhold there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from adapters.postgres import withholding
from adapters.postgres.adjustments import Adjusted, Adjustment, AdjustmentReason, NotThere, adjust
from adapters.postgres.desk import Claim, StockDesk, Verdict
from adapters.postgres.places import UnknownChannel, UnknownLocation, UnknownSkus
from adapters.postgres.receipts import (
    Receipt,
    Return,
    Returned,
    Units,
    UnknownOrder,
    receive,
    take_return,
)
from adapters.postgres.steps import KeyReusedError
from adapters.postgres.transfers import NotFree, SupplyExists, Transfer, send
from domain.returns import Disposition
from domain.stock import Wanted
from tests.support.books import AT, Books, open_books, wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.postgres.moved import Moved

_NOW = AT + timedelta(days=1)
_HERE = ("SKU-1", "LIL")


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url, connections=32) as opened:
        yield opened


def _receipt(**units: int) -> Receipt:
    return Receipt(id=uuid4().hex, location_id="LIL", received_at=None, lines=_units(**units))


def _units(**units: int) -> tuple[Units, ...]:
    return tuple(Units(sku=f"SKU-{key[1:]}", quantity=n) for key, n in units.items())


def _adjustment(*lines: tuple[int, int], **changes: Any) -> Adjustment:
    """Of SKU-1 at Lille; lines are (delta, aside)."""
    given: dict[str, Any] = {
        "id": uuid4().hex,
        "location_id": "LIL",
        "reason": AdjustmentReason.DAMAGED,
        "note": "a fork went through",
        "by": "Ana",
        "lines": [Adjusted(sku="SKU-1", delta=delta, aside=aside) for delta, aside in lines],
    }
    return Adjustment(**given | changes)


def _transfer(**changes: Any) -> Transfer:
    given: dict[str, Any] = {
        "id": uuid4().hex,
        "origin_id": "LIL",
        "location_id": "LYO",
        "sent_at": None,
        "due": _NOW + timedelta(days=2),
        "confidence": 1.0,
        "lines": _units(_1=3),
    }
    return Transfer(**given | changes)


async def _adjust(books: Books, *lines: tuple[int, int], **changes: Any) -> Moved:
    return (await adjust(books.engine, _adjustment(*lines, **changes), _NOW)).answer


async def _stock(books: Books) -> tuple[int, int, int]:
    [row] = await books.sql(
        "SELECT on_hand, reserved, set_aside FROM stock WHERE (sku, location_id) = ('SKU-1', 'LIL')"
    )
    return row.on_hand, row.reserved, row.set_aside


async def _ledger(books: Books) -> list[tuple[str, int, int]]:
    rows = await books.sql("SELECT reason, delta, aside FROM stock_ledger ORDER BY id")
    return [tuple(row) for row in rows]


async def _can_sell(books: Books, channel: str, units: int) -> bool:
    """Whether an order of this channel gets so many; what it gets is given back."""
    order = await books.order(("SKU-1", 99), channel=channel)
    want = Wanted(
        order_id=order, channel=channel, critical=False, ordered_at=AT, units={_HERE: units}
    )
    verdict = await books.desk.reserve(Claim(order, want))
    await books.sql("DELETE FROM earmarks")
    await books.sql("UPDATE stock SET reserved = 0")
    drawn = await books.sql("DELETE FROM pool_draws RETURNING sku, location_id, units")
    for row in drawn:
        await books.sql("UPDATE pools SET units = units + :units", units=row.units)
        await books.sql("UPDATE stock SET pooled = pooled + :units", units=row.units)
    return verdict is Verdict.GRANTED


# What a channel may sell.


async def test_on_hand_ten_buffer_three_and_a_pool_of_four_are_three_for_web_and_seven_for_vip(
    books: Books,
) -> None:
    await books.sql("INSERT INTO channels VALUES ('vip', 'VIP')")
    await books.stock(LIL_1=10)
    await withholding.set_buffer(books.engine, _HERE, 3, _NOW)
    await withholding.set_pool(books.engine, _HERE, "vip", 4, _NOW)

    assert await _can_sell(books, "web", 3)
    assert not await _can_sell(books, "web", 4)
    assert await _can_sell(books, "vip", 7)
    assert not await _can_sell(books, "vip", 8)
    await withholding.set_location_buffer(books.engine, "LIL", 2, _NOW)
    assert await _can_sell(books, "web", 1)
    assert not await _can_sell(books, "web", 2)


@pytest.mark.parametrize("withheld", ["buffer", "location", "pool"])
async def test_what_is_withheld_no_longer_goes_to_the_orders_that_wait(
    books: Books, withheld: str
) -> None:
    await books.stock(LIL_1=10)

    async def withhold(units: int) -> tuple[str, ...]:
        if withheld == "buffer":
            return await withholding.set_buffer(books.engine, _HERE, units, _NOW)
        if withheld == "location":
            return await withholding.set_location_buffer(books.engine, "LIL", units, _NOW)
        return await withholding.set_pool(books.engine, _HERE, "edi", units, _NOW)

    assert await withhold(8) == ()
    waits = await books.sourced(("SKU-1", 5))
    assert await withhold(7) == (waits,)
    assert await withhold(7) == ()
    assert await withhold(4) == (waits,)
    assert await books.value("SELECT sum(units) FROM earmarks") + 2 == 5
    assert await _stock(books) == (10, 5, 0)


async def test_what_is_withheld_of_nothing_that_exists_is_refused(books: Books) -> None:
    with pytest.raises(UnknownLocation):
        await withholding.set_location_buffer(books.engine, "MARS", 1, _NOW)
    with pytest.raises(UnknownSkus):
        await withholding.set_buffer(books.engine, ("SKU-9", "LIL"), 1, _NOW)
    with pytest.raises(UnknownChannel):
        await withholding.set_pool(books.engine, _HERE, "fax", 1, _NOW)


# Receipts.


async def test_goods_that_come_go_to_the_orders_that_wait(books: Books) -> None:
    waits = await books.sourced(("SKU-1", 3))

    done = await receive(books.engine, _receipt(_1=2, _2=1), _NOW)

    assert done.answer.served == (waits,)
    assert await _stock(books) == (2, 2, 0)
    assert await _ledger(books) == [("received", 2, 0), ("received", 1, 0)]


async def test_a_receipt_happens_once(books: Books) -> None:
    receipt = _receipt(_1=2)
    assert (await receive(books.engine, receipt, _NOW)).first
    again = await receive(books.engine, receipt, _NOW)
    assert not again.first
    other = receipt.model_copy(update={"lines": _units(_1=3)})
    with pytest.raises(KeyReusedError):
        await receive(books.engine, other, _NOW)
    same = _receipt(_2=2)
    answers = await asyncio.gather(*(receive(books.engine, same, _NOW) for _ in range(6)))
    assert sum(answer.first for answer in answers) == 1
    elsewhere = receipt.model_copy(update={"location_id": "LYO"})
    assert (await receive(books.engine, elsewhere, _NOW)).first
    await asyncio.gather(*(receive(books.engine, _receipt(_1=1, _2=1), _NOW) for _ in range(8)))
    assert (await _stock(books))[0] == 10


async def test_goods_that_nobody_knows_are_named(books: Books) -> None:
    with pytest.raises(UnknownSkus) as unknown:
        await receive(books.engine, _receipt(_1=2, _8=1, _9=1), _NOW)
    assert unknown.value.skus == {"SKU-8", "SKU-9"}
    assert await books.sql("SELECT * FROM stock") == []


async def test_more_orders_wait_than_one_transaction_serves_and_all_get_theirs(
    books: Books,
) -> None:
    whole = await books.sourced(("SKU-1", 500), ship_complete=True)
    await _copy(books, whole, 600)
    small = [await books.sourced(("SKU-1", 2)) for _ in range(4)]
    other = await books.sourced(("SKU-2", 1))

    done = await receive(books.engine, _receipt(_1=9, _2=1), _NOW)

    assert done.answer.served == (other,)
    rows = await books.sql("SELECT order_id, units FROM earmarks")
    assert {row.order_id: row.units for row in rows} == dict.fromkeys(small, 2) | {other: 1}


async def _copy(books: Books, order: str, times: int) -> None:
    """More orders like this one, paid by card."""
    await books.sql(
        """
        INSERT INTO orders SELECT copy.* FROM orders o, generate_series(1, :times) AS n,
            jsonb_populate_record(o, jsonb_build_object(
                'id', 'web:C-' || n, 'reference', 'C-' || n, 'tender', 'card')) AS copy
        WHERE o.id = :id
        """,
        id=order,
        times=times,
    )
    await books.sql(
        """
        INSERT INTO order_tenders (order_id, position, tender)
        SELECT 'web:C-' || n, 1, 'card' FROM generate_series(1, :times) AS n
        """,
        times=times,
    )
    await books.sql(
        """
        INSERT INTO order_lines SELECT copy.* FROM order_lines l, generate_series(1, :times) AS n,
            jsonb_populate_record(l, jsonb_build_object('order_id', 'web:C-' || n)) AS copy
        WHERE l.order_id = :id
        """,
        id=order,
        times=times,
    )


# Adjustments.


async def test_an_adjustment_below_what_is_reserved_takes_it_as_a_count_does(books: Books) -> None:
    await books.stock(LIL_1=8)
    await books.picked(("SKU-1", 2))
    old = await books.sourced(("SKU-1", 3), critical=True)
    young = await books.sourced(("SKU-1", 3))

    moved = await _adjust(books, (-4, 0))

    assert moved.resourced == tuple(sorted([old, young]))
    assert await _stock(books) == (4, 4, 0)
    assert (await books.timeline(young))[-1] == "stock_taken"
    rows = await books.sql("SELECT payload FROM order_signals")
    reasons = {row.payload["reason"] for row in rows}
    assert reasons == {"Lille has less than was reserved: damaged"}
    with pytest.raises(NotThere) as refused:
        await _adjust(books, (-3, 0))
    assert (refused.value.allowed, refused.value.why) == (2, "on hand, 2 of them picked")
    assert await _stock(books) == (4, 4, 0)


async def test_what_is_found_goes_to_the_orders_that_wait(books: Books) -> None:
    waits = await books.sourced(("SKU-1", 3))
    moved = await _adjust(books, (3, 0), reason=AdjustmentReason.FOUND)
    assert moved.served == (waits,)
    [line] = await books.sql("SELECT reason, note, by, at FROM stock_ledger")
    assert tuple(line) == ("found", "a fork went through", "Ana", _NOW)


async def test_units_are_set_aside_and_made_good_again(books: Books) -> None:
    await books.stock(LIL_1=8)
    await _adjust(books, (-3, 3))
    assert await _stock(books) == (5, 0, 3)
    await _adjust(books, (2, -2), reason=AdjustmentReason.REFURBISHED)
    assert await _stock(books) == (7, 0, 1)
    with pytest.raises(NotThere) as refused:
        await _adjust(books, (2, -2))
    assert (refused.value.allowed, refused.value.is_aside) == (1, True)


async def test_more_than_is_on_hand_cannot_be_taken_away(books: Books) -> None:
    await books.stock(LIL_1=2)
    with pytest.raises(NotThere) as refused:
        await _adjust(books, (-2, 0), (-1, 0))
    assert refused.value.allowed == 2
    with pytest.raises(NotThere):
        await _adjust(books, (-1, 0), location_id="LYO")


async def test_adjustments_and_reservations_at_once_keep_the_books_right(books: Books) -> None:
    await books.stock(LIL_1=30, LIL_2=30)
    desks = [StockDesk(books.engine) for _ in range(4)]
    orders = [await books.order(("SKU-1", 2), ("SKU-2", 2)) for _ in range(20)]

    async def take(n: int) -> None:
        skus = ("SKU-1", "SKU-2") if n % 2 else ("SKU-2", "SKU-1")
        lines = [Adjusted(sku=sku, delta=-3, aside=0) for sku in skus]
        await _adjust(books, lines=lines)

    await asyncio.gather(
        *(
            desks[n % 4].reserve(Claim(order, wanted(order, LIL_1=1, LIL_2=1)))
            for n, order in enumerate(orders)
        ),
        *(take(n) for n in range(8)),
    )

    assert await books.value("SELECT max(on_hand) FROM stock") == 6
    await books.check()


# Returns.


async def test_what_comes_back_is_for_sale_set_aside_or_gone(books: Books) -> None:
    waits = await books.sourced(("SKU-1", 5))
    quantities = zip(Disposition, (4, 3, 2, 1), strict=True)
    lines = tuple(Returned(sku="SKU-1", quantity=n, disposition=d) for d, n in quantities)
    returned = Return(id="RMA-1", location_id="LIL", order_id=waits, lines=lines, note="worn")

    done = await books.twice(lambda: _returned(books, returned))

    assert done.served == (waits,)
    assert await _stock(books) == (4, 4, 5)
    assert await _ledger(books) == [
        ("returned", 4, 0),
        ("returned", 0, 3),
        ("returned", 0, 2),
        ("returned", 0, 1),
        ("scrapped", 0, -1),
    ]
    assert await books.value("SELECT DISTINCT note FROM stock_ledger") == f"order {waits}: worn"


async def _returned(books: Books, returned: Return) -> Moved:
    return (await take_return(books.engine, returned, _NOW)).answer


async def test_a_return_of_an_order_that_does_not_exist_is_refused(books: Books) -> None:
    line = Returned(sku="SKU-1", quantity=1, disposition=Disposition.SCRAP)
    returned = Return(id="RMA-1", location_id="LIL", order_id="web:9", lines=(line,))
    with pytest.raises(UnknownOrder):
        await _returned(books, returned)


# Transfers.


async def test_in_transit_stock_is_nobodys(books: Books) -> None:
    await books.stock(LIL_1=10)
    transfer = _transfer()

    await books.twice(lambda: _sent(books, transfer))

    assert await _stock(books) == (7, 0, 0)
    [supply] = await books.sql("SELECT * FROM supplies")
    assert (supply.id, supply.sku, supply.location_id, supply.origin_id) == (
        transfer.id,
        "SKU-1",
        "LYO",
        "LIL",
    )
    assert (supply.units, supply.received, supply.due) == (3, 0, transfer.due)
    assert await books.sql("SELECT * FROM stock WHERE location_id = 'LYO' AND on_hand > 0") == []


async def _sent(books: Books, transfer: Transfer) -> object:
    return (await send(books.engine, transfer, _NOW)).answer


async def test_orders_that_wait_may_rest_on_what_is_in_transit(books: Books) -> None:
    await books.stock(LIL_1=3)
    await withholding.set_pool(books.engine, _HERE, "edi", 3, _NOW)
    waits = await books.sourced(("SKU-1", 2))
    await books.sql("UPDATE pools SET units = 0")
    await books.sql("UPDATE stock SET pooled = 0")

    await send(books.engine, _transfer(), _NOW)

    assert await books.sql("SELECT order_id, name FROM order_signals") == [(waits, "stock_arrived")]


async def test_only_what_is_free_for_everybody_is_sent(books: Books) -> None:
    await books.stock(LIL_1=10, LIL_2=2)
    await books.sourced(("SKU-1", 3))
    await withholding.set_buffer(books.engine, _HERE, 1, _NOW)
    await withholding.set_pool(books.engine, _HERE, "edi", 2, _NOW)

    with pytest.raises(NotFree) as refused:
        await send(books.engine, _transfer(lines=_units(_1=5, _2=2, _3=1)), _NOW)

    assert refused.value.free == {"SKU-1": 4, "SKU-3": 0}
    assert await books.sql("SELECT * FROM supplies") == []
    await send(books.engine, _transfer(lines=_units(_1=4, _2=2)), _NOW)


async def test_transfers_at_once_send_no_unit_twice(books: Books) -> None:
    await books.stock(LIL_1=10, LIL_2=10)

    async def attempt(n: int) -> bool:
        lines = _units(_1=3, _2=3) if n % 2 else _units(_2=3, _1=3)
        try:
            await send(books.engine, _transfer(lines=lines), _NOW)
        except NotFree:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(n) for n in range(12)))) == 3
    assert (await _stock(books))[0] == 1


async def test_a_transfer_of_all_there_is_that_comes_many_times_at_once_is_one(
    books: Books,
) -> None:
    await books.stock(LIL_1=3)
    transfer = _transfer(lines=_units(_1=3))
    said = await asyncio.gather(*(send(books.engine, transfer, _NOW) for _ in range(6)))
    assert all(one.answer == said[0].answer for one in said)
    assert sum(one.first for one in said) == 1
    assert (await _stock(books))[0] == 0


async def test_a_transfer_does_not_take_the_name_of_a_supply(books: Books) -> None:
    await books.stock(LIL_1=10)
    first = _transfer()
    await send(books.engine, first, _NOW)
    await books.sql("DELETE FROM effects")
    with pytest.raises(SupplyExists):
        await send(books.engine, first.model_copy(update={"lines": _units(_1=1)}), _NOW)
