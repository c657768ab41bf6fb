"""The way back is booked once, by the cheapest service that takes it, however answers get lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from activities.return_labels import ReturnLabelActivities
from adapters.postgres.erasure import erase
from domain.messages.returns import (
    BookReturnLabel,
    LabelRefused,
    ReturnLabelled,
    VoidReturnLabel,
)
from domain.ports import GatewayUnavailable, OutcomeUnknown
from tests.support.books import Books, open_books
from tests.support.returns import HAD, ask, line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=5)
        yield opened


async def asked_for(books: Books) -> str:
    shipment = await books.delivered(lines=[line(1, "SKU-1", 3, 1000)])
    books.carriers.asked.clear()
    return await ask(books, shipment.rsplit(":", 1)[0], {"1": 2})


def labels(books: Books) -> ReturnLabelActivities:
    return ReturnLabelActivities(books.engine, books.carriers)


def book(return_id: str, attempt: int = 1) -> BookReturnLabel:
    return BookReturnLabel(return_id=return_id, attempt=attempt, at=HAD)


def void(return_id: str, attempt: int = 1) -> VoidReturnLabel:
    return VoidReturnLabel(return_id=return_id, attempt=attempt, at=HAD)


async def test_the_cheapest_service_brings_it_back_from_the_customer(books: Books) -> None:
    return_id = await asked_for(books)
    label = await books.twice(lambda: labels(books).book_return_label(book(return_id)))
    assert isinstance(label, ReturnLabelled)
    assert label.carrier == "colibri"
    request = books.carriers.live[f"{return_id}:1"]
    assert request.collect_from is not None
    assert request.collect_from.name == "Ada Byron"
    assert (request.recipient.name, request.weight_grams) == ("Lille", 1000)
    assert await books.value("SELECT status FROM returns") == "authorised"


async def test_a_lost_answer_is_looked_up_before_anything_else(books: Books) -> None:
    return_id = await asked_for(books)
    books.carriers.booking.after.append(OutcomeUnknown("reset"))
    label = await labels(books).book_return_label(book(return_id))
    assert isinstance(label, ReturnLabelled)
    assert books.carriers.asked == [f"book {return_id}:1", f"find {return_id}:1"]


async def test_after_a_refusal_the_next_service_is_asked_until_none_is_left(books: Books) -> None:
    return_id = await asked_for(books)
    books.carriers.refuses = True
    answers = [await labels(books).book_return_label(book(return_id, n)) for n in (1, 2, 3)]
    assert [isinstance(a, LabelRefused) and a.is_last for a in answers] == [False, False, True]
    assert books.carriers.asked == [f"book {return_id}:1", f"book {return_id}:2"]


async def test_a_label_that_was_void_before_it_came_stays_void(books: Books) -> None:
    return_id = await asked_for(books)
    books.carriers.booking.before.append(GatewayUnavailable("busy"))
    with pytest.raises(GatewayUnavailable):
        await labels(books).book_return_label(book(return_id))
    await labels(books).void_return_label(void(return_id))
    late = await labels(books).book_return_label(book(return_id))
    assert isinstance(late, LabelRefused)
    assert books.carriers.live.keys() == {f"{return_id.rsplit(':', 1)[0]}:1:1"}


async def test_a_label_that_is_void_while_the_carrier_books_it_is_void_there_too(
    books: Books,
) -> None:
    return_id = await asked_for(books)
    books.carriers.booking.meanwhile.append(
        lambda: labels(books).void_return_label(void(return_id))
    )
    answer = await labels(books).book_return_label(book(return_id))
    assert isinstance(answer, LabelRefused)
    assert f"{return_id}:1" not in books.carriers.live
    assert await books.value("SELECT state FROM return_labels") == "voided"


async def test_a_label_that_was_given_up_before_it_was_asked_for_is_never_booked(
    books: Books,
) -> None:
    return_id = await asked_for(books)
    await labels(books).void_return_label(void(return_id))
    late = await labels(books).book_return_label(book(return_id))
    assert isinstance(late, LabelRefused)
    assert f"{return_id}:1" not in books.carriers.live


async def test_nobody_is_sent_to_collect_from_a_customer_whose_data_are_erased(
    books: Books,
) -> None:
    shipment = await books.delivered(lines=[line(1, "SKU-1", 3, 1000)])
    order = shipment.rsplit(":", 1)[0]
    await books.sql(
        "UPDATE orders SET status = 'closed', closed_at = now() WHERE id = :id", id=order
    )
    await erase(books.engine, "ACME", "Marie", "asked for", HAD)
    books.carriers.asked.clear()
    label = await labels(books).book_return_label(book(await ask(books, order, {"1": 2})))
    assert isinstance(label, LabelRefused)
    assert label.is_last
    assert f"{order}:R1:1" not in books.carriers.live
