"""Credit on account: no two orders take the same room under a limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.steps import KeyReusedError
from domain.messages.steps import CreditRefused, CreditSecured
from tests.support.books import AT, Books, open_books, secure_credit
from tests.support.credit import (
    cancel,
    claimed,
    claims,
    days,
    lock_account,
    order_of,
    until_waiting,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


async def _open_amount(books: Books, customer: str) -> int:
    amount: int = await books.value(
        "SELECT open_amount FROM accounts WHERE customer_id = :id", id=customer
    )
    return amount


async def test_credit_is_claimed_once_however_often_it_is_asked_for(books: Books) -> None:
    order = await books.order(("SKU-1", 2))
    request = secure_credit(order, 2000)
    secured = await books.twice(lambda: books.credit.secure_credit(request))
    assert secured == CreditSecured(exposure=2000, limit=1_000_000)
    assert await _open_amount(books, "ACME") == 2000


async def test_credit_that_is_asked_for_several_times_at_once_is_claimed_once(
    books: Books,
) -> None:
    # Twice the amount would exceed the limit: an attempt that loses must not say so.
    order = await books.order(("SKU-1", 9), customer_id="DUPONT")
    request = secure_credit(order, 9000)
    secured = await books.at_once(lambda: books.credit.secure_credit(request))
    assert secured == CreditSecured(exposure=9000, limit=10_000)
    assert await _open_amount(books, "DUPONT") == 9000
    assert (await books.timeline(order)).count("credit_secured") == 1


async def test_of_two_orders_at_once_that_do_not_both_fit_one_gets_the_credit(
    books: Books,
) -> None:
    earlier = await books.order(("SKU-1", 9), customer_id="DUPONT")
    await books.credit.secure_credit(secure_credit(earlier, 9000))
    orders = [await books.order(("SKU-1", 1), customer_id="DUPONT", prices=[900]) for _ in range(2)]
    async with books.engine.begin() as conn:
        await lock_account(conn)
        asking = [
            asyncio.create_task(books.credit.secure_credit(secure_credit(order, 900)))
            for order in orders
        ]
        # Both have begun, each in a transaction of its own.
        await until_waiting(books, 2)
    answers = await asyncio.gather(*asking)
    assert sorted(answer.kind for answer in answers) == ["refused", "secured"]
    assert await _open_amount(books, "DUPONT") == 9900


async def test_of_twenty_orders_at_once_one_gets_the_last_room(database_url: str) -> None:
    async with open_books(database_url, connections=24) as books:
        await claimed(books, 9000)
        orders = [await order_of(books, 900) for _ in range(20)]
        async with books.engine.begin() as conn:
            await lock_account(conn)
            asking = [
                asyncio.create_task(books.credit.secure_credit(secure_credit(order, 900)))
                for order in orders
            ]
            await until_waiting(books, 20)
        answers = await asyncio.gather(*asking)
        assert [answer.kind for answer in answers].count("secured") == 1
        assert await _open_amount(books, "DUPONT") == 9900


async def test_invoices_that_are_not_paid_count_as_what_is_ordered_does(books: Books) -> None:
    await books.stock(LIL_1=9)
    await books.dispatched(("SKU-1", 9), customer_id="DUPONT")
    order = await order_of(books, 1001)
    refused = await books.credit.secure_credit(secure_credit(order, 1001))
    assert (refused.kind, refused.exposure) == ("refused", 9000)


async def test_an_order_over_the_limit_is_refused_in_words_and_claims_nothing(
    books: Books,
) -> None:
    order = await books.order(("SKU-1", 11), customer_id="DUPONT")
    refused = await books.twice(lambda: books.credit.secure_credit(secure_credit(order, 11_000)))
    assert refused == CreditRefused(
        reason="110.00 EUR on top of an exposure of 0.00 EUR exceeds the limit of 100.00 EUR",
        exposure=0,
        limit=10_000,
    )
    assert await _open_amount(books, "DUPONT") == 0
    assert await books.timeline(order) == ["received", "credit_refused"]


async def test_an_order_that_meets_the_limit_exactly_is_granted(books: Books) -> None:
    order = await books.order(("SKU-1", 10), customer_id="DUPONT")
    answer = await books.credit.secure_credit(secure_credit(order, 10_000))
    assert isinstance(answer, CreditSecured)


async def test_a_person_may_let_an_order_exceed_the_limit(books: Books) -> None:
    order = await books.order(("SKU-1", 11), customer_id="DUPONT")
    await books.credit.secure_credit(secure_credit(order, 11_000))
    granted = secure_credit(order, 11_000, generation=2, override_by="Marie")
    assert await books.twice(lambda: books.credit.secure_credit(granted)) == CreditSecured(
        exposure=11_000, limit=10_000
    )
    assert await books.timeline(order) == ["received", "credit_refused", "credit_overridden"]


async def test_a_customer_without_an_account_in_the_currency_is_refused(books: Books) -> None:
    order = await books.order(("SKU-1", 1), customer_id="ZOE")
    refused = await books.credit.secure_credit(secure_credit(order, 1000))
    assert refused == CreditRefused(
        reason="the customer has no account in EUR", exposure=0, limit=0
    )


async def test_the_same_key_for_another_amount_is_an_error(books: Books) -> None:
    order = await books.order(("SKU-1", 2))
    await books.credit.secure_credit(secure_credit(order, 2000))
    with pytest.raises(KeyReusedError):
        await books.credit.secure_credit(secure_credit(order, 1999))
    assert await _open_amount(books, "ACME") == 2000


async def _amend(books: Books, order: str, amount: int) -> None:
    """As an amendment writes it."""
    await books.sql(
        "UPDATE order_lines SET unit_price = :amount WHERE order_id = :id", amount=amount, id=order
    )


async def test_an_order_that_is_amended_upwards_is_checked_for_what_is_more(books: Books) -> None:
    order = await claimed(books, 9000)

    await _amend(books, order, 9500)
    raised = secure_credit(order, 9500, generation=2)
    secured = await books.twice(lambda: books.credit.secure_credit(raised))
    assert secured == CreditSecured(exposure=9500, limit=10_000)

    beyond = await books.credit.secure_credit(secure_credit(order, 10_001, generation=3))
    assert beyond == CreditRefused(
        reason="5.01 EUR on top of an exposure of 95.00 EUR exceeds the limit of 100.00 EUR",
        exposure=9500,
        limit=10_000,
    )
    assert await claims(books) == {order: 9500}
    assert await books.timeline(order) == [
        "received",
        "credit_secured",
        "credit_secured",
        "credit_refused",
    ]


async def test_a_claim_that_stands_is_secured_with_no_effect(books: Books) -> None:
    order = await claimed(books, 9000)
    await books.sql("UPDATE accounts SET credit_limit = 0")
    again = await books.credit.secure_credit(secure_credit(order, 9000, generation=2))
    assert again == CreditSecured(exposure=9000, limit=0)
    assert await claims(books) == {order: 9000}
    assert await books.timeline(order) == ["received", "credit_secured"]


async def test_an_amendment_and_a_new_order_at_once_do_not_take_the_same_room(
    books: Books,
) -> None:
    order, new = await claimed(books, 9000), await order_of(books, 900)
    await _amend(books, order, 9900)
    async with books.engine.begin() as conn:
        await lock_account(conn)
        asking = [
            asyncio.create_task(books.credit.secure_credit(secure_credit(*asked)))
            for asked in ((order, 9900, 2), (new, 900))
        ]
        await until_waiting(books, 2)
    answers = await asyncio.gather(*asking)
    assert sorted(answer.kind for answer in answers) == ["refused", "secured"]
    assert await _open_amount(books, "DUPONT") == 9900
    await _amend(books, order, (await claims(books))[order])


async def test_an_order_that_is_opened_again_is_checked_in_full(books: Books) -> None:
    order = await claimed(books, 9000)
    await cancel(books, order)
    await claimed(books, 1001)

    await books.sql("UPDATE orders SET status = 'placing', closed_at = NULL")
    await books.sql("UPDATE order_lines SET cancelled = 0, backordered = ordered")
    answer = await books.credit.secure_credit(secure_credit(order, 9000, generation=2))

    assert (answer.kind, answer.exposure) == ("refused", 1001)
    assert order not in await claims(books)


async def test_a_claim_says_how_the_account_stood_when_it_was_raised(books: Books) -> None:
    order = await claimed(books, 9000)
    over = await order_of(books, 2000)
    await books.credit.secure_credit(secure_credit(over, 2000, override_by="Marie"))
    rows = await books.sql("SELECT * FROM credit_claims ORDER BY granted_exposure")
    assert [
        (row.order_id, row.granted_exposure, row.granted_limit, row.override_by) for row in rows
    ] == [(order, 9000, 10_000, None), (over, 11_000, 10_000, "Marie")]


async def test_an_override_counts_until_its_end_where_it_is_above_the_limit(books: Books) -> None:
    for limit, end in ((12_000, 1), (11_000, 2), (5_000, 9)):
        await books.sql(
            "INSERT INTO credit_overrides (customer_id, credit_limit, granted_by, reason, "
            "granted_at, until) VALUES ('DUPONT', :limit, 'Marie', 'fair', :at, :until)",
            limit=limit,
            at=AT,
            until=days(end),
        )
    order = await order_of(books, 20_000)
    limits = []
    for generation, day in enumerate((0, 1, 2, 9)):
        asked = secure_credit(order, 20_000, generation).model_copy(update={"at": days(day)})
        limits.append((await books.credit.secure_credit(asked)).limit)
    assert limits == [12_000, 11_000, 10_000, 10_000]


async def test_an_order_that_costs_nothing_is_secured_whatever_is_owed(books: Books) -> None:
    await claimed(books, 9000)
    await books.sql("UPDATE accounts SET credit_limit = 0")
    order = await order_of(books, 0)
    answer = await books.credit.secure_credit(secure_credit(order, 0))
    assert answer == CreditSecured(exposure=9000, limit=0)
