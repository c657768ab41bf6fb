"""Credit on account: no two orders take the same room under a limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.steps import KeyReusedError
from domain.messages.steps import CreditRefused, CreditSecured
from tests.support.books import Books, open_books, secure_credit

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
    answers = await asyncio.gather(
        *(books.credit.secure_credit(secure_credit(order, 900)) for order in orders)
    )
    assert sorted(answer.kind for answer in answers) == ["refused", "secured"]
    assert await _open_amount(books, "DUPONT") == 9900


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
