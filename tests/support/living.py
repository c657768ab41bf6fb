"""What changes orders after they were placed: amendments, returns, exchanges, erased customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.exchanging import ExchangeActivities
from activities.return_labels import ReturnLabelActivities
from adapters.postgres.erasure import Erased, erase
from adapters.postgres.returns.asking import ExchangeLine
from domain.identity import order_of_shipment
from domain.messages.amending import AmendmentApplied, AmendmentRefused
from domain.messages.orders import OrderStatus, Tender
from domain.messages.payments import RefundPayment
from domain.messages.return_money import PlaceExchange, RecordSettlement, SettleRefund
from domain.messages.returns import (
    BeginReturn,
    BookReturnLabel,
    EndReturn,
    LabelRefused,
    Resolution,
    ReturnLabelled,
    ReturnStatus,
)
from domain.messages.steps import CancelOrder, CapturePayment, RecordOutcome
from domain.returns import Disposition
from tests.support.amending import Amender, given_up
from tests.support.books import AT, pick
from tests.support.returns import HAD, ask, brought_back, record, report, returning, units

if TYPE_CHECKING:
    from tests.support.books import Books


async def amended(books: Books) -> None:
    """An order loses units, then another part, and is asked for what cannot be any more."""
    amender = Amender(books)
    order = await books.sourced(("SKU-1", 4))
    fewer = await amender.ask(order, to={"1": 3})
    applied = await amender.apply(order, fewer, abandon=given_up(f"{order}:1"))
    assert isinstance(applied, AmendmentApplied)
    part = await amender.ask(
        order, to={"1": 2}, kind="cancellation", by="Ann", reason="one is enough"
    )
    assert isinstance(await amender.apply(order, part), AmendmentApplied)
    ended = CancelOrder(order_id=order, status=OrderStatus.CANCELLED, reason="no need", at=AT)
    await books.orders.cancel_order(ended)

    shipment = await books.released(("SKU-1", 1))
    order = order_of_shipment(shipment)
    late = await amender.ask(order, to={"1": 0})
    await books.shipments.record_pick(pick(shipment))
    refused = await amender.apply(order, late)
    assert isinstance(refused, AmendmentRefused)
    await amender.refuse(order, late, refused)


async def sent_back(books: Books) -> None:
    """A carrier refuses to bring it back, another one does; not all of it is worth anything. The
    customer keeps what he says he sends back by two other returns."""
    await books.sql(
        "UPDATE policies SET body = jsonb_set(CAST(body AS jsonb), '{unrefunded_grades}', "
        "'[\"broken\"]')"
    )
    order = order_of_shipment(await books.delivered(("SKU-1", 3)))
    first = await ask(books, order, {"1": 2})
    labels = ReturnLabelActivities(books.engine, books.carriers)
    books.carriers.refuses = True
    refused = await labels.book_return_label(BookReturnLabel(return_id=first, attempt=1, at=HAD))
    assert isinstance(refused, LabelRefused)
    books.carriers.refuses = False
    label = await labels.book_return_label(BookReturnLabel(return_id=first, attempt=2, at=HAD))
    assert isinstance(label, ReturnLabelled)
    await record(books, report(first, {"1": 2}))
    await record(books, report(first, inspected=units({"1": 1})))
    broken = units({"1": 1}, "broken", Disposition.SCRAP)
    await record(books, report(first, inspected=broken))
    await _end(books, first, ReturnStatus.CLOSED, came=2)

    steps = await returning(books)
    never = await ask(books, order, {"1": 1})
    await steps.begin_return(BeginReturn(return_id=never, at=HAD, label=False))
    await _end(books, never, ReturnStatus.EXPIRED)
    await _end(books, await ask(books, order, {"1": 1}), ReturnStatus.CANCELLED)


async def exchanged(books: Books) -> None:
    """A customer wants the same instead of what he sends back."""
    order = order_of_shipment(await books.delivered(("SKU-1", 1)))
    return_id = await ask(
        books,
        order,
        {"1": 1},
        resolution=Resolution.EXCHANGE,
        exchange_lines=(ExchangeLine(sku="SKU-1", quantity=1),),
    )
    await record(books, report(return_id, {"1": 1}, units({"1": 1})))
    asked = PlaceExchange(return_id=return_id, at=HAD)
    placed = await ExchangeActivities(books.engine).place_exchange(asked)
    assert placed.start is not None
    await _end(books, return_id, ReturnStatus.CLOSED, came=1)


async def settled_and_forgotten(books: Books) -> None:
    """A card takes nothing back, the customer gets the money elsewhere and wants to be forgotten:
    she has no other order."""
    shipment = await books.delivered(("SKU-1", 1), customer_id="ZOE", tender=Tender.CARD)
    order = order_of_shipment(shipment)
    await books.paying.capture_payment(
        CapturePayment(order_id=order, shipment_id=shipment, amount=1000, currency="EUR", at=AT)
    )
    [refund] = (await brought_back(books, order, {"1": 1})).refunds
    books.provider.refuses_refund = True
    await books.paying.refund_payment(RefundPayment(order_id=order, refund_id=refund, at=HAD))
    books.provider.refuses_refund = False
    settle = SettleRefund(refund_id=refund, how="outside", by="Ann", note="by bank transfer")
    return_id = f"{order}:R1"
    asked = RecordSettlement(return_id=return_id, settle=settle, at=HAD)
    assert (await (await returning(books)).settle_refund(asked)).kind == "settled"
    await _end(books, return_id, ReturnStatus.CLOSED, came=1)
    await books.orders.record_outcome(
        RecordOutcome(order_id=order, generation=9, status=OrderStatus.CLOSED, at=HAD)
    )
    assert isinstance(await erase(books.engine, "ZOE", "Marie", "the customer asked", HAD), Erased)


async def everything(books: Books) -> None:
    """Each kind of event at least once; ZOE has no order yet, and SKU-1 is at one location alone,
    which has in the end what it had."""
    before = await books.value("SELECT sum(on_hand - reserved) FROM stock WHERE sku = 'SKU-1'")
    await amended(books)
    await sent_back(books)
    await exchanged(books)
    await settled_and_forgotten(books)
    after = await books.value("SELECT sum(on_hand - reserved) FROM stock WHERE sku = 'SKU-1'")
    await books.stock(LIL_1=before - after)


async def _end(books: Books, return_id: str, status: ReturnStatus, *, came: int = 0) -> None:
    by = {"by": "Ann", "note": "it is kept"} if status is ReturnStatus.CANCELLED else {}
    there = {"1": came} if came else {}
    known = {"return_id": return_id, "at": HAD, "received": there, "inspected": there}
    ended = EndReturn.model_validate(known | {"status": status} | by)
    await (await returning(books)).end_return(ended)
