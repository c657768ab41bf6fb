"""What the process decides about an order: held, going on, closed, cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from activities.reconciling import ReconcileActivities
from adapters.postgres.closures import Closing, close
from adapters.postgres.counts import Count, CountedRow, take_count
from adapters.postgres.refunds import give_back
from adapters.postgres.steps import KeyReusedError
from adapters.postgres.supplies import NewSupply, put_supply
from adapters.temporal import connect
from domain.identity import order_of_shipment
from domain.messages.milestones import FasterService
from domain.messages.orders import HoldReason, OrderStatus, Tender
from domain.messages.payments import GiveBackSpare, RefundPayment, RenewPayment
from domain.messages.repairs import Finding, TakeUp
from domain.messages.steps import (
    CancelOrder,
    CapturePayment,
    NoteShipment,
    RecallShipment,
    RecordOutcome,
    VoidBooking,
    VoidPayment,
)
from domain.notices import Template, render
from domain.timeline import EventKind, describe
from domain.wording import LANGUAGES
from tests.support import collection, credit, living, reviews, stopping
from tests.support.books import (
    AT,
    Books,
    allocate,
    authorise,
    book,
    dispatch,
    open_books,
    pick,
    release,
    secure_credit,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=10, LYO_2=10)
        yield opened


def _outcome(order: str, generation: int, status: OrderStatus, **changes: object) -> RecordOutcome:
    return RecordOutcome.model_validate(
        {"order_id": order, "generation": generation, "status": status, "at": AT} | changes
    )


def _cancel(order: str, status: OrderStatus = OrderStatus.CANCELLED) -> CancelOrder:
    return CancelOrder(order_id=order, status=status, reason="nobody decided in time", at=AT)


async def test_a_hold_is_recorded_with_its_reason_and_lifted_again(books: Books) -> None:
    order = await books.order(("SKU-1", 2))
    held = _outcome(order, 1, OrderStatus.ON_HOLD, hold_reason=HoldReason.NO_SOURCE)
    await books.twice(lambda: books.orders.record_outcome(held))
    await books.at_once(lambda: books.orders.record_outcome(held))
    [row] = await books.sql("SELECT status, hold_reason FROM orders")
    assert (row.status, row.hold_reason) == ("on_hold", "no_source")
    await books.check()

    await books.orders.record_outcome(_outcome(order, 2, OrderStatus.PLACING, by="Marie"))

    [row] = await books.sql("SELECT status, hold_reason FROM orders")
    assert (row.status, row.hold_reason) == ("placing", None)
    assert await books.timeline(order) == ["received", "held", "hold_released"]


async def test_sourcing_leaves_a_held_order_on_hold(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2))
    held = _outcome(order, 3, OrderStatus.ON_HOLD, hold_reason=HoldReason.NO_SOURCE)
    await books.orders.record_outcome(held)
    gone = allocate(order, 4, abandon=[f"{order}:1"], next_shipment=2, reserve=False, on_hold=True)
    await books.sourcing.allocate(gone)
    [row] = await books.sql("SELECT status, hold_reason FROM orders")
    assert (row.status, row.hold_reason) == ("on_hold", "no_source")


async def test_of_two_people_under_the_same_key_the_first_one_stands(books: Books) -> None:
    """In a lost task's next run another one may come first: then the order has to go on all the
    same, and has gone on once."""
    order = await books.order(("SKU-1", 2))
    by_marie = _outcome(order, 1, OrderStatus.PLACING, by="Marie", explanation="they paid")
    await books.orders.record_outcome(by_marie)
    await books.orders.record_outcome(by_marie.model_copy(update={"by": "Paul"}))
    told = await books.sql("SELECT detail ->> 'by' AS by FROM order_events WHERE kind LIKE 'hold%'")
    assert [row.by for row in told] == ["Marie"]


async def test_an_order_that_a_lost_task_ended_is_ended_whoever_comes_first_then(
    books: Books,
) -> None:
    order = await books.sourced(("SKU-1", 2))
    await stopping.note(books, order)
    await stopping.note(books, order, by="Ben", reason="too late")
    await books.orders.cancel_order(_cancel(order))
    by_ben = _cancel(order).model_copy(update={"reason": "too late", "by": "Ben", "told": True})
    await books.orders.cancel_order(by_ben)
    story = await books.timeline(order)
    assert (story.count("cancel_asked"), story.count("cancelled")) == (1, 1)
    await books.check()


async def test_an_order_closes_once(books: Books) -> None:
    order = order_of_shipment(await books.delivered(("SKU-1", 2)))
    closed = _outcome(order, 9, OrderStatus.CLOSED)
    await books.twice(lambda: books.orders.record_outcome(closed))
    [row] = await books.sql("SELECT status, closed_at FROM orders")
    assert (row.status, row.closed_at) == ("closed", AT)


async def test_a_cancelled_order_gives_back_everything(books: Books) -> None:
    order = await books.sourced(("SKU-1", 2), ("SKU-2", 99))

    await books.twice(lambda: books.orders.cancel_order(_cancel(order)))
    await books.at_once(lambda: books.orders.cancel_order(_cancel(order)))

    assert await books.value("SELECT sum(reserved) FROM stock") == 0
    [account] = await books.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 0)
    lines = await books.sql("SELECT cancelled, backordered FROM order_lines ORDER BY line_id")
    assert [(line.cancelled, line.backordered) for line in lines] == [(2, 0), (99, 0)]
    [row] = await books.sql("SELECT status, closed_at FROM orders")
    assert (row.status, row.closed_at) == ("cancelled", AT)
    assert await books.told(order) == ["cancelled"]
    assert (await books.timeline(order)).count("cancelled") == 1


async def test_an_order_that_never_got_anything_can_be_cancelled(books: Books) -> None:
    order = await books.order(("SKU-1", 11), customer_id="DUPONT")
    await books.credit.secure_credit(secure_credit(order, 11_000))
    await books.orders.cancel_order(_cancel(order))
    assert await books.value("SELECT cancelled FROM order_lines") == 11


async def test_what_has_left_stays_sent_and_owed_when_the_rest_is_cancelled(
    books: Books,
) -> None:
    shipment = await books.delivered(("SKU-1", 2), ("SKU-2", 3))
    order = order_of_shipment(shipment)
    await books.carrying.book_carrier(book(f"{order}:2"))
    await books.carrying.void_booking(VoidBooking(shipment_id=f"{order}:2", attempt=1, at=AT))

    await books.orders.cancel_order(_cancel(order, OrderStatus.CLOSED))

    lines = await books.sql("SELECT shipped, cancelled FROM order_lines ORDER BY line_id")
    assert [(line.shipped, line.cancelled) for line in lines] == [(2, 0), (0, 3)]
    [account] = await books.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 2000)
    assert await books.value("SELECT sum(reserved) FROM stock") == 0


async def test_a_customer_who_got_a_part_is_not_told_that_the_order_is_cancelled(
    books: Books,
) -> None:
    order = order_of_shipment(await books.delivered(("SKU-1", 12)))
    await books.orders.cancel_order(_cancel(order, OrderStatus.CLOSED))
    assert (await books.told(order))[-1] == "remainder_cancelled"
    assert (await books.timeline(order))[-1] == "remainder_cancelled"


async def test_everything_that_the_activities_write_has_words_in_both_languages(
    books: Books,
) -> None:
    await _everything_that_can_happen(books)

    events = await books.sql("SELECT kind, detail FROM order_events ORDER BY id")
    notices = await books.sql("SELECT template, detail FROM notices ORDER BY id")

    assert {event.kind for event in events} == set(EventKind)
    assert {notice.template for notice in notices} == set(Template)
    for language in LANGUAGES:
        for event in events:
            words = describe(event.kind, event.detail, language)
            assert not {"None", "{", "}"} & set(words.replace(".", " ").split()), words
        for notice in notices:
            told = render(notice.template, language, notice.detail)
            assert "None" not in told.subject + told.body


async def _everything_that_can_happen(books: Books) -> None:
    """Each kind of event at least once."""
    await living.everything(books)
    await _missed(books)
    await books.stock(LIL_3=9, LYO_4=9)
    await _on_account(books)
    await _by_card(books)
    await _refused(books)
    await _given_up(books)
    await _rested_on_supplies(books)
    await _changed_by_others(books)
    await _fetched_at_a_store(books)
    await stopping.everything(books)
    await _closed(books)


async def _missed(books: Books) -> None:
    """Shipments that miss a milestone, one of which goes by a faster service."""
    await books.stock(LIL_1=2)
    picked = await books.picked(("SKU-1", 1))
    await books.milestones.review_milestone(reviews.look(picked, picked=True))
    released = await books.released(("SKU-1", 1))
    asked = reviews.look(released, **reviews.paying(5000))
    service = await books.milestones.review_milestone(asked)
    assert isinstance(service, FasterService)
    await books.upgrading.change_service(reviews.change(released, service))
    await books.upgrading.relabel_at_location(reviews.relabel(released))
    books.locations.cannot_stop = True
    refused = reviews.relabel(released).model_copy(update={"attempt": 3})
    await books.upgrading.relabel_at_location(refused)
    books.locations.cannot_stop = False


async def _fetched_at_a_store(books: Books) -> None:
    """Fetched, not fetched, fetched elsewhere, sent to the store."""
    await collection.open_stores(books)
    await books.stock(PAR_4=9)
    kept, gone = [await collection.in_store(books, ("SKU-4", 1)) for _ in range(2)]
    await collection.remind(books, kept)
    await collection.fetch(books, kept)
    await collection.expire(books, gone)
    await books.stock(GNT_2=50)
    await collection.sent_there(books, ("SKU-2", 1))
    await collection.move(books, order_of_shipment(kept))


async def _closed(books: Books) -> None:
    """Where something is to be picked, and where something is to be fetched."""
    await books.stock(PAR_4=9)
    await collection.in_store(books, ("SKU-4", 1))
    for location in ("PAR", "LIL"):
        closing = Closing(id="flood", location_id=location, reason="a flood", by="Marie")
        await close(books.engine, closing, AT)


async def _on_account(books: Books) -> None:
    over = await books.order(("SKU-1", 11), customer_id="DUPONT", language="fr")
    await books.credit.secure_credit(secure_credit(over, 11_000))
    held = _outcome(
        over,
        2,
        OrderStatus.ON_HOLD,
        hold_reason=HoldReason.CREDIT_LIMIT,
        explanation="over the limit",
        until=AT,
    )
    await books.orders.record_outcome(held)
    await books.orders.record_outcome(
        _outcome(over, 3, OrderStatus.PLACING, by="Marie", explanation="they paid")
    )
    await books.credit.secure_credit(secure_credit(over, 11_000, 4, override_by="Marie"))
    await books.sourcing.allocate(allocate(over, 5))
    shipment = await books.delivered(("SKU-3", 1))
    for kind in (EventKind.DISPATCH_OVERDUE, EventKind.DELIVERY_OVERDUE):
        await books.shipments.note_shipment(NoteShipment(shipment_id=shipment, kind=kind, at=AT))
    await books.orders.record_outcome(_outcome(order_of_shipment(shipment), 9, OrderStatus.CLOSED))
    paid_for = await credit.held(books, 900)
    await credit.pay(books, 20_000)
    await books.orders.cancel_order(_cancel(paid_for).model_copy(update={"by": "Marie"}))


async def _by_card(books: Books) -> None:
    for declines, refuses_capture in ((False, False), (False, True), (True, False)):
        order = await books.order(("SKU-3", 1), customer_id="ZOE", tender=Tender.CARD)
        books.provider.declines = declines
        books.provider.refuses_capture = refuses_capture
        answer = await books.paying.authorise_payment(authorise(order, 1000))
        if answer.kind == "refused":
            await books.paying.void_payment(VoidPayment(order_id=order, at=AT))
            await books.orders.cancel_order(_cancel(order))
            continue
        await books.sourcing.allocate(allocate(order))
        await books.carrying.book_carrier(book(f"{order}:1"))
        await books.shipments.record_pick(pick(f"{order}:1"))
        amount = (await books.shipments.record_dispatch(dispatch(f"{order}:1"))).amount
        await books.paying.capture_payment(
            CapturePayment(
                order_id=order, shipment_id=f"{order}:1", amount=amount, currency="EUR", at=AT
            )
        )
    voided = await books.order(("SKU-3", 1), customer_id="ZOE", tender=Tender.CARD)
    books.provider.declines = False
    await books.paying.authorise_payment(authorise(voided, 1000))
    await books.paying.void_payment(VoidPayment(order_id=voided, at=AT))
    await _paid_and_refunded(books)


async def _paid_and_refunded(books: Books) -> None:
    """A payment that is renewed, of which a part is not needed, and which goes back in two parts,
    one of which is refused."""
    shipment = await books.picked(("SKU-3", 2), customer_id="ZOE", tender=Tender.CARD)
    order = order_of_shipment(shipment)
    renewal = RenewPayment(order_id=order, generation=2, reference=f"{order}:pay:1", at=AT)
    await books.paying.renew_payment(renewal)
    more = authorise(order, 0).model_copy(update={"generation": 3, "total": 2500})
    await books.paying.authorise_payment(more)
    await books.paying.give_back_spare(GiveBackSpare(order_id=order, generation=1, at=AT))
    await books.shipments.record_dispatch(dispatch(shipment))
    await books.paying.capture_payment(
        CapturePayment(order_id=order, shipment_id=shipment, amount=2000, currency="EUR", at=AT)
    )
    for source, refuses in (("CN-1", False), ("CN-2", True)):
        async with books.engine.begin() as conn:
            [part] = await give_back(
                conn,
                order_id=order,
                invoice_id=f"INV-{shipment}",
                amount=500,
                source=source,
                at=AT,
            )
        assert part.refund_id is not None
        books.provider.refuses_refund = refuses
        asked = RefundPayment(order_id=order, refund_id=part.refund_id, at=AT)
        await books.paying.refund_payment(asked)
        again = asked.model_copy(update={"generation": 2, "by": "Marie"})
        await books.paying.refund_payment(again)


async def _refused(books: Books) -> None:
    shipment = f"{await books.sourced(('SKU-4', 1))}:1"
    books.carriers.refuses = True
    await books.carrying.book_carrier(book(shipment))
    books.carriers.refuses = False
    shipment = await books.booked(("SKU-4", 1))
    books.locations.refuses = True
    await books.locating.release_to_location(release(shipment))
    books.locations.refuses = False
    for cannot_stop in (True, False):
        books.locations.cannot_stop = cannot_stop
        await books.locating.recall_from_location(RecallShipment(shipment_id=shipment, at=AT))


async def _given_up(books: Books) -> None:
    shipment = await books.released(("SKU-4", 2))
    order = order_of_shipment(shipment)
    await books.shipments.record_pick(pick(shipment, line_1=1))
    await books.sourcing.allocate(
        allocate(order, 3, abandon=[shipment], next_shipment=2, reserve=False)
    )
    await books.carrying.void_booking(VoidBooking(shipment_id=shipment, attempt=1, at=AT))
    await books.orders.cancel_order(_cancel(order))
    moved = await books.booked(("SKU-3", 1))
    order = order_of_shipment(moved)
    await books.sourcing.allocate(
        allocate(order, 3, abandon=[moved], next_shipment=2).model_copy(
            update={"at": AT + timedelta(days=3)}
        )
    )
    await books.carrying.book_carrier(book(f"{order}:2"))
    part = await books.delivered(("SKU-2", 99))
    await books.orders.cancel_order(_cancel(order_of_shipment(part), OrderStatus.CLOSED))
    await books.sql("UPDATE stock SET buffer = on_hand")
    await books.sourced(("SKU-1", 1))


async def _changed_by_others(books: Books) -> None:
    """A critical order and a count take stock; the reconciler finds an order without a workflow."""
    await books.sql("UPDATE stock SET buffer = 0")
    await books.stock(LYO_2=50)
    standard = await books.sourced(("SKU-2", 2))
    await books.sql("UPDATE stock SET buffer = on_hand")
    await books.sourced(("SKU-2", 1), critical=True)
    await books.carrying.book_carrier(book(f"{standard}:1"))
    count = Count(
        id="C-1",
        location_id="LYO",
        taken_at=AT + timedelta(days=4),
        kind="partial",
        by=None,
        rows=(CountedRow(position=1, sku="SKU-2", quantity=1),),
    )
    await take_count(books.engine, count, AT + timedelta(days=4))
    nowhere = await connect("127.0.0.1:1", "default", lazy=True)
    reconciling = ReconcileActivities(books.engine, nowhere)
    await reconciling.take_up(TakeUp(order_id=standard, finding=Finding.LOST, run="run-1", at=AT))


async def _rested_on_supplies(books: Books) -> None:
    """What is to come covers what is missing or a part of it, all of the order or its rest."""
    # Two units of SKU-1 go to the orders that wait for it.
    await books.stock(GNT_1=3, GNT_3=1)
    for sku, units in (("SKU-1", 1), ("SKU-2", 1), ("SKU-3", 2), ("SKU-4", 2)):
        supply = NewSupply(sku, "GNT", AT + timedelta(days=1), 1.0, {sku: units})
        await put_supply(books.engine, supply)
    rests = [
        await books.sourced((f"SKU-{n}", units)) for n, units in ((1, 3), (2, 2), (3, 3), (4, 2))
    ]
    for order in (rests[0], rests[2]):
        await books.carrying.book_carrier(book(f"{order}:1"))
    await put_supply(
        books.engine, NewSupply("SKU-3", "GNT", AT + timedelta(days=9), 1.0, {"SKU-3": 2})
    )
    await books.sourcing.allocate(allocate(rests[2], 3, next_shipment=2))


async def test_cancelling_for_another_reason_under_the_same_key_is_an_error(
    books: Books,
) -> None:
    order = await books.sourced(("SKU-1", 2))
    await books.orders.cancel_order(_cancel(order))
    with pytest.raises(KeyReusedError):
        await books.orders.cancel_order(_cancel(order, OrderStatus.CLOSED))
    assert await books.value("SELECT status FROM orders") == "cancelled"
