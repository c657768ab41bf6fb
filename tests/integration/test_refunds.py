"""What comes back is refunded to what it was paid with, once and to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from activities.refunding import CaptureUnderWayError, RefundUnderWayError
from adapters.postgres import credit, outlook
from adapters.postgres.received import Payment, receive_payment
from adapters.postgres.refunds import RefundPart, give_back
from domain.messages.orders import OrderTender, Tender
from domain.messages.payments import PaymentRefunded, RefundPayment
from domain.messages.steps import CapturePayment, VoidPayment
from domain.ports import OutcomeUnknown
from domain.tenders import summary_of
from tests.support.books import AT, Books, dispatch, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

VOUCHER, CARD, ACCOUNT = Tender.VOUCHER, Tender.CARD, Tender.ACCOUNT


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=50)
        yield opened


async def _sent(books: Books, *tenders: tuple[Tender, int | None], capture: bool = True) -> str:
    """The shipment of an order of 20.00 that left, what is paid up front of it captured."""
    found = [
        OrderTender(position=position, tender=tender, amount=amount)
        for position, (tender, amount) in enumerate(tenders, start=1)
    ]
    order = await books.sourced(("SKU-1", 2), tenders=found, tender=summary_of(found))
    shipment = f"{order}:1"
    await books.send(shipment)
    done = await books.shipments.record_dispatch(dispatch(shipment))
    if done.prepaid and capture:
        await books.paying.capture_payment(_capture(shipment, done.prepaid))
    return shipment


def _capture(shipment: str, amount: int) -> CapturePayment:
    return CapturePayment(
        order_id=shipment.rsplit(":", 1)[0],
        shipment_id=shipment,
        amount=amount,
        currency="EUR",
        at=AT,
    )


async def _give_back(
    books: Books, shipment: str, amount: int, source: str = "CN-1"
) -> tuple[RefundPart, ...]:
    order = shipment.rsplit(":", 1)[0]
    async with books.engine.begin() as conn:
        await credit.lock_account_of(conn, order)
        await outlook.lock_order(conn, order)
        return await give_back(
            conn,
            order_id=order,
            invoice_id=f"INV-{shipment}",
            amount=amount,
            source=source,
            at=AT,
        )


def _refund(part: RefundPart, shipment: str, generation: int = 1) -> RefundPayment:
    assert part.refund_id is not None
    return RefundPayment(
        order_id=shipment.rsplit(":", 1)[0],
        refund_id=part.refund_id,
        at=AT,
        generation=generation,
    )


async def _paid(books: Books, amount: int) -> None:
    payment = Payment(
        customer_id="ACME", reference="SEPA-1", amount=amount, currency="EUR", received_at=AT
    )
    await receive_payment(books.engine, payment, AT)


async def _account(books: Books) -> tuple[int, int, int]:
    [row] = await books.sql(
        "SELECT open_amount, unpaid_amount, unapplied_amount FROM accounts "
        "WHERE customer_id = 'ACME'"
    )
    return tuple(row)


async def test_what_is_owed_falls_first_then_the_card_gets_back_then_the_voucher(
    books: Books,
) -> None:
    shipment = await _sent(books, (VOUCHER, 499), (CARD, 1000), (ACCOUNT, None))
    assert await _account(books) == (0, 501, 0)

    first = await _give_back(books, shipment, 400, "CN-1")
    second = await _give_back(books, shipment, 1200, "CN-2")
    third = await _give_back(books, shipment, 400, "CN-3")

    assert [(part.tender, part.amount) for part in (*first, *second, *third)] == [
        (ACCOUNT, 400),
        (ACCOUNT, 101),
        (CARD, 1000),
        (VOUCHER, 99),
        (VOUCHER, 400),
    ]
    assert await _account(books) == (0, 0, 0)
    for part in (*second, *third):
        if part.refund_id is not None:
            assert (await books.paying.refund_payment(_refund(part, shipment))).kind == "refunded"
    assert sorted(books.provider.refunded.values()) == [99, 400, 1000]


async def test_no_more_goes_back_than_was_invoiced(books: Books) -> None:
    shipment = await _sent(books, (CARD, None))
    await _give_back(books, shipment, 1999)
    with pytest.raises(ValueError, match="more than is left"):
        await _give_back(books, shipment, 2, "CN-2")


async def test_what_was_paid_on_account_waits_for_the_next_invoice(books: Books) -> None:
    shipment = await _sent(books, (ACCOUNT, None))
    await _paid(books, 1500)
    [part] = await _give_back(books, shipment, 1200)
    assert part == RefundPart(None, ACCOUNT, 1200)
    assert await _account(books) == (0, 0, 700)
    [invoice] = await books.sql("SELECT paid, credited, owed FROM invoices")
    assert invoice == (800, 1200, 0)
    await _sent(books, (ACCOUNT, None))
    assert await _account(books) == (0, 1300, 0)


async def test_a_refund_is_made_once_however_often_it_is_asked_for(books: Books) -> None:
    shipment = await _sent(books, (CARD, None))
    [part] = await _give_back(books, shipment, 540)
    books.provider.refunding.after.append(OutcomeUnknown("the reply was lost"))
    done = await books.twice(lambda: books.paying.refund_payment(_refund(part, shipment)))
    assert done == PaymentRefunded(amount=540, currency="EUR")
    await books.at_once(lambda: books.paying.refund_payment(_refund(part, shipment)))
    assert books.provider.refunded == {part.refund_id: 540}
    assert (await books.timeline(shipment.rsplit(":", 1)[0])).count("payment_refunded") == 1


async def test_a_refused_refund_is_told_and_can_be_tried_again(books: Books) -> None:
    shipment = await _sent(books, (CARD, None))
    [part] = await _give_back(books, shipment, 540)
    books.provider.refuses_refund = True
    refused = await books.twice(lambda: books.paying.refund_payment(_refund(part, shipment)))
    assert refused.kind == "refused"
    assert await books.value("SELECT state || ': ' || reason FROM refunds") == (
        "refused: closed today"
    )
    assert (await books.timeline(shipment.rsplit(":", 1)[0]))[-1] == "refund_refused"

    books.provider.refuses_refund = False
    again = _refund(part, shipment, generation=2)
    assert (await books.twice(lambda: books.paying.refund_payment(again))).kind == "refunded"
    assert books.provider.refunded == {f"{part.refund_id}:2": 540}
    # The first attempt, asked for again, keeps its answer.
    assert await books.paying.refund_payment(_refund(part, shipment)) == refused
    assert list(books.provider.refunded.values()) == [540]


async def test_a_refund_is_not_tried_again_before_the_first_answer_is_known(books: Books) -> None:
    shipment = await _sent(books, (CARD, None))
    [part] = await _give_back(books, shipment, 540)
    with pytest.raises(RefundUnderWayError):
        await books.paying.refund_payment(_refund(part, shipment, generation=2))
    await books.paying.refund_payment(_refund(part, shipment))
    done = await books.paying.refund_payment(_refund(part, shipment, generation=2))
    assert done.kind == "refunded"
    assert list(books.provider.refunded.values()) == [540]


async def test_money_that_is_only_being_captured_goes_back_once_it_is_there(books: Books) -> None:
    shipment = await _sent(books, (CARD, None), capture=False)
    [part] = await _give_back(books, shipment, 540)
    with pytest.raises(CaptureUnderWayError):
        await books.paying.refund_payment(_refund(part, shipment))
    await books.paying.capture_payment(_capture(shipment, 2000))
    assert (await books.paying.refund_payment(_refund(part, shipment))).kind == "refunded"


async def test_money_that_could_not_be_captured_does_not_go_back(books: Books) -> None:
    shipment = await _sent(books, (VOUCHER, 500), (CARD, None), capture=False)
    books.provider.blocked.pop(f"{shipment.rsplit(':', 1)[0]}:pay:2")
    await books.paying.capture_payment(_capture(shipment, 2000))
    [part] = await _give_back(books, shipment, 1600)
    assert (part.tender, part.amount) == (VOUCHER, 100)


async def test_what_was_invoiced_is_taken_before_the_rest_is_given_back(books: Books) -> None:
    """A workflow that is terminated between the two leaves the capture to whoever ends it."""
    shipment = await _sent(books, (CARD, None), capture=False)
    order = shipment.rsplit(":", 1)[0]
    await books.twice(lambda: books.paying.void_payment(VoidPayment(order_id=order, at=AT)))
    assert await books.value("SELECT captured FROM invoices") == 2000
    assert await books.value("SELECT state FROM payment_captures") == "captured"
