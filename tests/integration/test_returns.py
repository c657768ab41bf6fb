"""Returns in the books: what may come back, what becomes of it, what is given for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.returns.asking import NotReturnableError
from adapters.postgres.steps import KeyReusedError
from domain.messages.orders import Tender
from domain.messages.payments import RefundPayment
from domain.messages.returns import (
    EndReturn,
    OpenReturn,
    ReportRecorded,
    ReportRefused,
    ReturnOpened,
    ReturnOrigin,
    ReturnStatus,
)
from domain.messages.steps import CapturePayment
from domain.returns import Disposition
from tests.support.books import AT, Books, open_books
from tests.support.house import SHORT
from tests.support.returns import HAD, ask, brought_back, line, record, report, returning, units

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=20, LIL_2=20)
        yield opened


async def delivered(books: Books, *lines: object, **changes: object) -> str:
    """An order that its customer has; gives its id."""
    shipment = await books.delivered(lines=list(lines), **changes)
    return shipment.rsplit(":", 1)[0]


async def stock_of(books: Books, sku: str) -> tuple[int, int]:
    [row] = await books.sql(
        "SELECT on_hand, set_aside FROM stock WHERE sku = :sku AND location_id = 'LIL'", sku=sku
    )
    return row.on_hand, row.set_aside


async def owed(books: Books) -> tuple[int, int]:
    """What ACME owes, and what it has paid beyond that."""
    [row] = await books.sql(
        "SELECT unpaid_amount, unapplied_amount FROM accounts WHERE customer_id = 'ACME'"
    )
    return row.unpaid_amount, row.unapplied_amount


@pytest.mark.parametrize("first", ["1", "2"])
async def test_lines_of_6_and_4_with_a_tenth_off_refund_540_and_360(
    books: Books, first: str
) -> None:
    order = await delivered(books, line(1, "SKU-1", 1, 600, 1000), line(2, "SKU-2", 1, 400, 1000))
    assert await owed(books) == (900, 0)
    refunded = {}
    for number in (first, {"1": "2", "2": "1"}[first]):
        refunded[number] = (await brought_back(books, order, {number: 1})).credited
    assert refunded == {"1": 540, "2": 360}
    assert await owed(books) == (0, 0)


async def test_partial_returns_in_any_sequence_come_to_what_was_charged(books: Books) -> None:
    # 5 x 3.33 less 12.5 % and 20 % of tax divides into no whole cents.
    for split in set(permutations((1, 1, 3))) | {(2, 3), (5,)}:
        order = await delivered(books, line(1, "SKU-1", 5, 333, 1250, 2000))
        charged = await books.value(
            "SELECT amount FROM invoices WHERE order_id = :order", order=order
        )
        before, _ = await owed(books)
        parts = [(await brought_back(books, order, {"1": n})).credited for n in split]
        assert sum(parts) == charged
        assert await owed(books) == (before - charged, 0)


async def test_units_of_two_dispatches_are_credited_as_each_was_charged(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 333, 1250))
    done = [await brought_back(books, order, {"1": 1}) for _ in range(3)]
    assert sum(part.credited for part in done) == 874
    with pytest.raises(NotReturnableError):
        await ask(books, order, {"1": 1})


async def test_what_is_under_a_return_is_not_returned_twice(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    await ask(books, order, {"1": 2})
    with pytest.raises(NotReturnableError) as refused:
        await ask(books, order, {"1": 2})
    assert [(r.why, r.allowed) for r in refused.value.refusals] == [("too_many", 1)]


async def test_two_returns_of_the_same_units_at_once_get_them_once(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    answers = await asyncio.gather(
        *(ask(books, order, {"1": 2}) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert sum(isinstance(answer, NotReturnableError) for answer in answers) == 3


async def test_what_is_not_delivered_or_too_old_does_not_come_back(books: Books) -> None:
    shipment = await books.dispatched(("SKU-1", 1))
    order = shipment.rsplit(":", 1)[0]
    with pytest.raises(NotReturnableError, match="not_delivered"):
        await ask(books, order, {"1": 1})
    order = await delivered(books, line(1, "SKU-1", 1, 1000))
    with pytest.raises(NotReturnableError, match="too_late"):
        await ask(books, order, {"1": 1}, at=HAD + SHORT.return_window + timedelta(seconds=1))
    with pytest.raises(NotReturnableError, match="unknown_line"):
        await ask(books, order, {"9": 1})


async def test_a_return_is_opened_once_under_its_key(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    first = await ask(books, order, {"1": 1}, key="K")
    assert await ask(books, order, {"1": 1}, key="K") == first
    with pytest.raises(KeyReusedError):
        await ask(books, order, {"1": 2}, key="K")
    assert await books.value("SELECT count(*) FROM returns") == 1


@pytest.mark.parametrize(
    ("disposition", "left"),
    [
        (Disposition.RESTOCK, (19, 0)),
        (Disposition.REFURBISH, (17, 2)),
        (Disposition.RETURN_TO_SUPPLIER, (17, 2)),
        (Disposition.SCRAP, (17, 0)),
    ],
)
async def test_a_disposition_moves_stock(
    books: Books, disposition: Disposition, left: tuple[int, int]
) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    await brought_back(books, order, {"1": 2}, disposition=disposition)
    assert await stock_of(books, "SKU-1") == left


async def test_what_is_restocked_goes_to_the_orders_that_wait(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 20, 10))
    waiting = await books.sourced(("SKU-1", 2))
    await books.sql("UPDATE orders SET status = 'backordered' WHERE id = :id", id=waiting)
    await brought_back(books, order, {"1": 2})
    assert await books.value("SELECT units FROM earmarks WHERE order_id = :id", id=waiting) == 2


async def test_a_report_is_written_down_once(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    opened = await ask(books, order, {"1": 2})
    asked = report(opened, {"1": 2}, units({"1": 2}))
    await books.twice(lambda: record(books, asked))
    assert await owed(books) == (1000, 0)


async def test_a_report_that_comes_many_times_at_once_credits_once(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    opened = await ask(books, order, {"1": 2})
    asked = report(opened, {"1": 2}, units({"1": 2}))
    await books.at_once(lambda: record(books, asked))
    assert await owed(books) == (1000, 0)


async def test_less_more_and_other_things_come_than_were_announced(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000), line(2, "SKU-2", 1, 400))
    opened = await ask(books, order, {"1": 2})
    less = await record(books, report(opened, {"1": 1}))
    more = await record(books, report(opened, {"1": 2, "2": 1}))
    assert less.kind == more.kind == "recorded"
    assert more.received == {"1": 3, "2": 1}
    done = await record(books, report(opened, inspected=units({"1": 3, "2": 1})))
    assert isinstance(done, ReportRecorded)
    assert (done.is_complete, done.credited) == (True, 3400)


async def test_more_than_the_customer_has_is_refused_and_leaves_nothing_behind(
    books: Books,
) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    opened = await ask(books, order, {"1": 2})
    before = await books.content()
    refused = await record(books, report(opened, {"1": 4}, units({"1": 1})))
    assert isinstance(refused, ReportRefused)
    assert (refused.code, refused.part, refused.position) == ("too_many", "arrived", 0)
    refused = await record(books, report(opened, inspected=units({"1": 1})))
    assert isinstance(refused, ReportRefused)
    assert (refused.part, refused.reason) == (
        "inspected",
        "only 0 such unit(s) wait there to be inspected",
    )
    assert await books.content() == before


async def test_units_are_inspected_where_they_came(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    opened = await ask(books, order, {"1": 2})
    await record(books, report(opened, {"1": 1}, location="LYO"))
    await record(books, report(opened, {"1": 1}))
    refused = await record(books, report(opened, inspected=units({"1": 2})))
    assert isinstance(refused, ReportRefused)
    done = await record(books, report(opened, inspected=units({"1": 1}), location="LYO"))
    assert done.kind == "recorded"
    assert done.inspected == {"1": 1}


async def test_a_grade_that_the_policy_does_not_refund_comes_back_without_money(
    books: Books,
) -> None:
    await books.sql(
        "UPDATE policies SET body = jsonb_set(CAST(body AS jsonb), '{unrefunded_grades}', "
        "'[\"broken by the customer\"]')"
    )
    order = await delivered(books, line(1, "SKU-1", 3, 1000))
    state = {"grade": "broken by the customer", "disposition": Disposition.SCRAP}
    broken = await brought_back(books, order, {"1": 1}, **state)
    assert (broken.credited, broken.is_complete) == (0, True)
    assert await owed(books) == (3000, 0)
    assert "return_not_refunded" in await books.told(order)
    with pytest.raises(NotReturnableError):
        await ask(books, order, {"1": 3})


async def test_what_a_card_paid_goes_back_to_it_and_never_more_than_was_captured(
    books: Books,
) -> None:
    order = await delivered(
        books, line(1, "SKU-1", 3, 333, 1250), customer_id="ZOE", tender=Tender.CARD
    )
    charged = await books.value("SELECT amount FROM invoices WHERE order_id = :id", id=order)
    await books.paying.capture_payment(
        CapturePayment(
            order_id=order, shipment_id=f"{order}:1", amount=charged, currency="EUR", at=AT
        )
    )
    for number in (1, 2):
        done = await brought_back(books, order, {"1": number})
        for refund in done.refunds:
            asked = RefundPayment(order_id=order, refund_id=refund, at=HAD)
            await books.twice(partial(books.paying.refund_payment, asked))
    assert sum(books.provider.refunded.values()) == charged == 874


async def test_a_return_of_an_invoice_that_is_paid_leaves_money_for_the_next_one(
    books: Books,
) -> None:
    order = await delivered(books, line(1, "SKU-1", 2, 1000))
    await books.sql(
        "INSERT INTO customer_payments VALUES ('ACME', 'P', 2000, 'EUR', :at, :at)", at=AT
    )
    await books.sql(
        "INSERT INTO payment_allocations (customer_id, invoice_id, payment_reference, amount, at) "
        "VALUES ('ACME', :invoice, 'P', 2000, :at)",
        invoice=f"INV-{order}:1",
        at=AT,
    )
    await books.sql("UPDATE invoices SET paid = 2000")
    await books.sql("UPDATE accounts SET unpaid_amount = 0 WHERE customer_id = 'ACME'")
    await brought_back(books, order, {"1": 1})
    assert await owed(books) == (0, 1000)


async def test_what_was_cancelled_too_late_has_a_return_of_its_own_without_a_window(
    books: Books,
) -> None:
    shipment = await books.dispatched(("SKU-1", 2), ("SKU-2", 1))
    order = shipment.rsplit(":", 1)[0]
    steps = await returning(books)
    asked = OpenReturn(
        order_id=order,
        origin=ReturnOrigin.CANCELLED_TOO_LATE,
        reason="cancelled by Marie",
        at=AT,
        shipment_id=shipment,
    )
    opened = await steps.write_return(asked)
    assert opened == await steps.write_return(asked) == ReturnOpened(return_id=f"{order}:R1")
    done = await record(books, report(f"{order}:R1", {"1": 2, "2": 1}, units({"1": 2, "2": 1})))
    assert done.kind == "recorded"
    assert done.credited == 3000


async def test_what_never_came_may_come_back_by_another_return(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 1, 1000))
    opened = await ask(books, order, {"1": 1})
    ended = EndReturn(return_id=opened, status=ReturnStatus.EXPIRED, at=HAD)
    steps = await returning(books)
    await books.twice(lambda: steps.end_return(ended))
    assert await ask(books, order, {"1": 1}) == f"{order}:R2"
    late = await record(books, report(opened, {"1": 1}))
    assert isinstance(late, ReportRefused)
    assert late.code == "ended"


async def test_a_return_ends_once_and_not_with_more_than_who_ends_it_knows_of(books: Books) -> None:
    order = await delivered(books, line(1, "SKU-1", 2, 1000))
    opened = await ask(books, order, {"1": 2})
    steps = await returning(books)
    await record(books, report(opened, {"1": 1}, units({"1": 1})))
    cancelled = EndReturn(return_id=opened, status=ReturnStatus.CANCELLED, at=HAD, by="Ann")
    goes_on = (await steps.end_return(cancelled)).goes_on
    assert goes_on is not None
    assert (goes_on.status, goes_on.inspected) == (ReturnStatus.RECEIVED, {"1": 1})
    closed = EndReturn(
        return_id=opened,
        status=ReturnStatus.CLOSED,
        at=HAD,
        received=goes_on.received,
        inspected=goes_on.inspected,
    )
    await books.twice(lambda: steps.end_return(closed))
    assert (await steps.end_return(cancelled)).status is ReturnStatus.CLOSED


async def test_a_grade_may_be_refunded_in_part_to_the_cent_in_whatever_parts(books: Books) -> None:
    await books.sql(
        "UPDATE policies SET body = jsonb_set(CAST(body AS jsonb), '{refund_percent}', "
        "'{\"worn\": 50}')"
    )
    order = await delivered(books, line(1, "SKU-1", 4, 333, 1250, 2000))
    charged = await books.value("SELECT amount FROM invoices WHERE order_id = :id", id=order)
    worn = {"grade": "worn", "disposition": Disposition.SCRAP}
    first = await brought_back(books, order, {"1": 1}, **worn)
    await brought_back(books, order, {"1": 1})
    last = await brought_back(books, order, {"1": 2}, **worn)
    credited = await books.value("SELECT sum(gross) FROM documents WHERE kind = 'credit_note'")
    assert charged == 1166
    assert first.credited == 146
    assert last.is_complete
    # Half of three and one whole: 2.5 units at 3.33 less an eighth.
    assert credited == 728
    assert await owed(books) == (charged - 728, 0)
