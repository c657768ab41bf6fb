"""Room that comes free under a limit goes to the orders that are held for it, the oldest first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.accounts import (
    NoAccountError,
    Override,
    Terms,
    grant_override,
    read_account,
    set_terms,
)
from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import CreditSecured, RecordOutcome
from tests.support.books import AT, Books, dispatch, open_books, secure_credit
from tests.support.credit import (
    cancel,
    claimed,
    claims,
    days,
    held,
    hold,
    lock_account,
    order_of,
    pay,
    refused,
    standing,
    until_waiting,
    woken,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url, connections=20) as opened:
        yield opened


async def test_a_payment_lets_held_orders_go_on_the_oldest_first(books: Books) -> None:
    await claimed(books, 10_000)
    young, old, middle = [await held(books, 2000, age=age) for age in (1, 3, 2)]

    paid = await pay(books, 4500)

    assert list(paid.orders) == [old, middle]
    assert await woken(books) == [old, middle]
    assert set(await claims(books)) >= {old, middle}
    assert young not in await claims(books)
    assert paid.exposure == 10_000 - 4500 + 4000
    await books.check()


async def test_an_order_that_does_not_fit_is_passed_over_for_a_smaller_one(books: Books) -> None:
    await claimed(books, 10_000)
    large, small = await held(books, 5000, age=2), await held(books, 900, age=1)

    assert list((await pay(books, 1000)).orders) == [small]
    assert list((await pay(books, 4900)).orders) == [large]


async def test_an_order_that_goes_on_says_so_and_its_claim_stands(books: Books) -> None:
    await claimed(books, 9500)
    order = await held(books, 900)
    await pay(books, 400)

    [event] = await books.sql("SELECT * FROM order_events WHERE kind = 'credit_freed'")
    assert (event.order_id, event.at) == (order, AT)
    assert event.detail == {"exposure": 10_000, "limit": 10_000, "currency": "EUR"}
    asked = secure_credit(order, 900, generation=2)
    secured = await books.twice(lambda: books.credit.secure_credit(asked))
    assert secured == CreditSecured(exposure=10_000, limit=10_000)
    assert await books.timeline(order) == ["received", "credit_refused", "held", "credit_freed"]


async def test_an_order_that_got_its_claim_is_not_woken_twice(books: Books) -> None:
    await claimed(books, 10_000)
    order = await held(books, 900)
    await pay(books, 5000)
    assert (await pay(books, 5000)).orders == ()
    assert await woken(books) == [order]


async def test_payments_at_once_give_each_held_order_its_room_once(books: Books) -> None:
    await claimed(books, 10_000)
    orders = [await held(books, 1000, age=age) for age in (5, 4, 3, 2, 1)]
    async with books.engine.begin() as conn:
        await lock_account(conn)
        paying = [asyncio.create_task(pay(books, 1000)) for _ in range(4)]
        await until_waiting(books, 4)
    paid = await asyncio.gather(*paying)

    assert sorted(len(one.orders) for one in paid) == [1, 1, 1, 1]
    assert await woken(books) == orders[:4]
    assert await standing(books) == (14_000, 0, 4000)


async def test_a_cancelled_order_leaves_its_room_to_those_that_wait(books: Books) -> None:
    gone = await claimed(books, 9500)
    first, second = await held(books, 6000, age=2), await held(books, 5000, age=1)

    await cancel(books, gone)

    assert await claims(books) == {first: 6000}
    assert await woken(books) == [first]
    await cancel(books, first)
    assert await claims(books) == {second: 5000}


async def test_a_held_order_that_is_cancelled_gets_nothing(books: Books) -> None:
    await claimed(books, 9500)
    order = await held(books, 6000)
    await books.sql("UPDATE accounts SET credit_limit = 90000")
    await cancel(books, order)
    assert order not in await claims(books)
    assert await woken(books) == []


async def test_room_that_comes_free_before_a_refused_order_is_held_is_not_lost(
    books: Books,
) -> None:
    await claimed(books, 9500)
    order = await refused(books, 900)
    assert (await pay(books, 5000)).orders == ()

    await hold(books, order)

    assert (await claims(books))[order] == 900
    assert await woken(books) == [order]
    assert await books.timeline(order) == ["received", "credit_refused", "held", "credit_freed"]


async def test_a_hold_and_a_payment_at_once_leave_nobody_waiting_beside_free_room(
    books: Books,
) -> None:
    await claimed(books, 9500)
    order = await refused(books, 900)
    async with books.engine.begin() as conn:
        await lock_account(conn)
        both = [asyncio.create_task(hold(books, order)), asyncio.create_task(_pay(books))]
        await until_waiting(books, 2)
    await asyncio.gather(*both)
    assert (await claims(books))[order] == 900
    assert await woken(books) == [order]


async def _pay(books: Books) -> None:
    await pay(books, 5000)


async def test_an_order_that_is_cancelled_while_its_customer_pays_keeps_no_claim(
    books: Books,
) -> None:
    for _ in range(4):
        kept = await claimed(books, 10_000)
        order = await held(books, 900)
        async with books.engine.begin() as conn:
            await lock_account(conn)
            both = [asyncio.create_task(_pay(books)), asyncio.create_task(cancel(books, order))]
            await until_waiting(books, 2)
        await asyncio.gather(*both)
        assert await claims(books) == {kept: 10_000}
        await cancel(books, kept)
        await books.sql("UPDATE accounts SET unapplied_amount = 0")
        await books.sql("DELETE FROM customer_payments")


async def test_a_person_who_releases_an_order_while_its_customer_pays_does_not_claim_it_twice(
    books: Books,
) -> None:
    await claimed(books, 10_000)
    order = await held(books, 900)
    released = RecordOutcome(
        order_id=order, generation=2, status=OrderStatus.PLACING, at=AT, by="Marie"
    )
    async with books.engine.begin() as conn:
        await lock_account(conn)
        paying = asyncio.create_task(_pay(books))
        await until_waiting(books, 1)
        await books.orders.record_outcome(released)
        asked = secure_credit(order, 900, generation=2, override_by="Marie")
        asking = asyncio.create_task(books.credit.secure_credit(asked))
        await until_waiting(books, 2)
    await asyncio.gather(paying, asking)
    assert (await claims(books))[order] == 900


async def test_an_order_held_for_another_reason_or_by_another_customer_is_left_alone(
    books: Books,
) -> None:
    await claimed(books, 10_000)
    other = await order_of(books, 900)
    await books.orders.record_outcome(
        RecordOutcome(
            order_id=other,
            generation=1,
            status=OrderStatus.ON_HOLD,
            at=AT,
            hold_reason=HoldReason.NO_SOURCE,
        )
    )
    await claimed(books, 1_000_000, "ACME")
    stranger = await held(books, 900, customer="ACME")
    await pay(books, 5000)
    assert not {other, stranger} & set(await claims(books))


async def test_an_order_that_is_held_after_an_amendment_gets_what_it_lacks(books: Books) -> None:
    order = await claimed(books, 9000)
    await books.sql("UPDATE order_lines SET unit_price = 10500")
    await books.credit.secure_credit(secure_credit(order, 10_500, generation=2))
    await hold(books, order)
    await books.check()
    assert list((await pay(books, 500)).orders) == [order]
    assert await claims(books) == {order: 10_500}


async def test_a_higher_limit_lets_held_orders_go_on(books: Books) -> None:
    await claimed(books, 10_000)
    order = await held(books, 900)

    orders = await set_terms(books.engine, "DUPONT", Terms(10_900, 30, ship_complete=True), AT)

    assert (orders, await woken(books)) == ([order], [order])
    account = await read_account(books.engine, "DUPONT", AT)
    assert account is not None
    assert account.terms == Terms(10_900, 30, ship_complete=True)


async def test_a_lower_limit_takes_nothing_back(books: Books) -> None:
    order = await claimed(books, 9000)
    assert not await set_terms(books.engine, "DUPONT", Terms(0, 30, ship_complete=False), AT)
    assert await claims(books) == {order: 9000}
    await books.check()


def _override(limit: int, until: int) -> Override:
    return Override(limit, "Marie", "a good customer", granted_at=AT, until=days(until))


async def test_an_override_lets_held_orders_go_on_and_ends_by_itself(books: Books) -> None:
    await claimed(books, 9000)
    first = await held(books, 1500)

    granted = await grant_override(books.engine, "DUPONT", _override(11_000, 2))

    assert (granted.first, granted.orders) == (True, [first])
    later = await order_of(books, 100)
    asked = secure_credit(later, 100).model_copy(update={"at": days(2)})
    answer = await books.credit.secure_credit(asked)
    assert (answer.kind, answer.limit) == ("refused", 10_000)
    account = await read_account(books.engine, "DUPONT", days(2))
    assert account is not None
    assert (account.limit, account.override, account.overrides) == (10_000, None, [])
    await books.check()


async def test_the_same_override_again_is_written_once(books: Books) -> None:
    for first in (True, False):
        granted = await grant_override(books.engine, "DUPONT", _override(11_000, 2))
        assert granted.first is first
    assert await books.value("SELECT count(*) FROM credit_overrides") == 1


async def test_the_highest_override_counts_and_says_until_when(books: Books) -> None:
    for limit, until in ((11_000, 9), (12_000, 1), (12_000, 2), (9_000, 3)):
        await grant_override(books.engine, "DUPONT", _override(limit, until))
    account = await read_account(books.engine, "DUPONT", AT)
    assert account is not None
    assert account.override is not None
    assert (account.limit, account.override.until) == (12_000, days(2))
    assert [override.credit_limit for override in account.overrides] == [
        12_000,
        12_000,
        11_000,
        9_000,
    ]


async def test_who_has_no_account_has_no_terms(books: Books) -> None:
    assert await read_account(books.engine, "ZOE", AT) is None
    with pytest.raises(NoAccountError):
        await set_terms(books.engine, "ZOE", Terms(1, 1, ship_complete=False), AT)
    with pytest.raises(NoAccountError):
        await grant_override(books.engine, "ZOE", _override(1, 1))


async def test_all_that_moves_an_account_at_once_leaves_the_books_right(books: Books) -> None:
    await books.stock(LIL_1=6)
    await books.sql("UPDATE accounts SET credit_limit = 6000 WHERE customer_id = 'DUPONT'")
    shipments = [
        await books.picked(("SKU-1", 1), customer_id="DUPONT", prices=[1000]) for _ in range(3)
    ]
    gone = [await claimed(books, 1000) for _ in range(3)]
    waiting = [await held(books, 500, age=age) for age in range(8, 0, -1)]
    new = [await order_of(books, 700) for _ in range(4)]

    await asyncio.gather(
        *(books.shipments.record_dispatch(dispatch(shipment)) for shipment in shipments),
        *(cancel(books, order) for order in (*gone, waiting[0])),
        *(pay(books, 400) for _ in range(5)),
        *(books.credit.secure_credit(secure_credit(order, 700)) for order in new),
        grant_override(books.engine, "DUPONT", _override(6500, 1)),
    )

    await books.check()
    account = await read_account(books.engine, "DUPONT", AT)
    assert account is not None
    assert account.exposure <= 6500
    assert len(await woken(books)) == len(set(await woken(books)))
    room = account.limit - account.exposure
    lacking = [order for order in waiting[1:] if order not in await claims(books)]
    assert not lacking or room < 500
