"""A step happens once, and its answer is the same however often it is asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter
from sqlalchemy.exc import StatementError

from adapters.postgres.outlook import lock_order
from adapters.postgres.steps import KeyReusedError, Step, once
from domain.messages.orders import HoldReason, OrderStatus
from domain.messages.steps import Recorded, RecordOutcome
from domain.notices import Told
from tests.support.books import AT, Books, open_books, secure_credit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        yield opened


def _held(order: str) -> RecordOutcome:
    return RecordOutcome(
        order_id=order,
        generation=1,
        status=OrderStatus.ON_HOLD,
        at=AT,
        hold_reason=HoldReason.NO_SOURCE,
        explanation="nobody carries it",
        until=AT + timedelta(days=7),
    )


async def test_a_step_that_is_asked_for_at_another_moment_is_the_same_step(books: Books) -> None:
    order = await books.order(("SKU-1", 1))
    held = _held(order)
    # What runs again after a worker died counts its deadlines from another moment.
    later = held.model_copy(
        update={"at": AT + timedelta(seconds=9), "until": AT + timedelta(days=7, seconds=9)}
    )

    first = await books.orders.record_outcome(held)

    assert await books.orders.record_outcome(later) == first
    assert (await books.timeline(order)).count("held") == 1


async def test_a_key_that_stands_for_another_request_is_an_error_and_changes_nothing(
    books: Books,
) -> None:
    order = await books.order(("SKU-1", 1))
    await books.credit.secure_credit(secure_credit(order, 1000))
    before = await books.content()

    with pytest.raises(KeyReusedError):
        await books.credit.secure_credit(secure_credit(order, 900))

    assert await books.content() == before


async def test_what_a_customer_has_heard_stands_until_another_step_tells_more(
    books: Books,
) -> None:
    order = await books.order(("SKU-1", 1))

    async def step(number: int, heard: Told | None) -> str | None:
        async def act(step: Step) -> Recorded:
            await lock_order(step.conn, order)
            if heard is not None:
                step.told(heard)
            return Recorded()

        await once(
            books.engine,
            key=f"{order}:{number}",
            order_id=order,
            at=AT,
            request=Recorded(),
            result=TypeAdapter(Recorded),
            act=act,
        )
        day: str | None = await books.value("SELECT told ->> 'promised_day' FROM orders")
        return day

    friday = Told(promised_day="2026-03-06", backordered_units=0)
    monday = Told(promised_day="2026-03-09", backordered_units=0)
    assert await step(1, None) is None
    assert await step(2, friday) == "2026-03-06"
    assert await step(3, None) == "2026-03-06"
    assert await step(2, monday) == "2026-03-06"
    assert await step(4, monday) == "2026-03-09"


async def test_an_error_of_the_database_names_no_value_of_the_statement(books: Books) -> None:
    with pytest.raises(StatementError) as error:
        await books.sql("SELECT CAST(:name AS int)", name="Ada Byron, 1 rue de Rivoli\x00")
    assert "Ada" not in str(error.value)


class _RecordOutcomeOfTomorrow(RecordOutcome):
    remark: str | None = None


async def test_a_step_is_the_same_in_a_release_that_has_added_to_its_request(books: Books) -> None:
    order = await books.order(("SKU-1", 1))
    held = _held(order)
    first = await books.orders.record_outcome(held)

    newer = _RecordOutcomeOfTomorrow(**held.model_dump())
    assert await books.orders.record_outcome(newer) == first
    with pytest.raises(KeyReusedError):
        await books.orders.record_outcome(newer.model_copy(update={"remark": "another one"}))
