"""The relay of notices: each once, in order, whatever the notifier does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from adapters.postgres.intake import Contact
from domain.identity import order_of_shipment
from domain.messages.relays import RelayNotices
from domain.ports import GatewayProtocolError, GatewayUnavailable, Message, OutcomeUnknown
from tests.support.books import Books, open_books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# One look or two, and then the period is over.
_ONE_LOOK = RelayNotices(period=timedelta(milliseconds=10), idle=timedelta(milliseconds=10))
_SHORT_WHILE = RelayNotices(period=timedelta(milliseconds=200), idle=timedelta(milliseconds=1))


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    async with open_books(database_url) as opened:
        await opened.stock(LIL_1=50)
        yield opened


async def _relay(books: Books, request: RelayNotices = _ONE_LOOK) -> int:
    report = await ActivityEnvironment().run(books.notices.relay_notices, request)
    return report.sent


def _told(books: Books, order: str) -> list[str]:
    prefix = f"notice-{order}-"
    return [m.reference.split("-")[-1] for m in books.notifier.sent if prefix in m.reference]


async def _unsent(books: Books) -> int:
    unsent: int = await books.value("SELECT count(*) FROM notices WHERE sent_at IS NULL")
    return unsent


async def test_each_notice_is_sent_once_and_in_order(books: Books) -> None:
    orders = [order_of_shipment(await books.delivered(("SKU-1", 1))) for _ in range(3)]
    assert await _relay(books) == 9
    assert await _relay(books) == 0
    for order in orders:
        assert _told(books, order) == ["confirmed", "dispatched", "delivered"]
    assert len(books.notifier.asked) == 9


async def test_a_notice_speaks_the_customers_language_and_goes_to_their_address(
    books: Books,
) -> None:
    await books.booked(("SKU-1", 1), customer_id="DUPONT", language="fr")
    await _relay(books)
    [message] = books.notifier.sent
    assert (message.channel, message.address) == ("email", "ada@example.org")
    assert "est confirmée" in message.subject


async def test_a_notice_whose_reply_was_lost_is_sent_again_under_the_same_reference(
    books: Books,
) -> None:
    await books.booked(("SKU-1", 1))
    books.notifier.sending.after.append(OutcomeUnknown("the reply was lost"))
    with pytest.raises(ApplicationError, match="took none of 1 notices"):
        await _relay(books)
    assert await _relay(books) == 1
    assert len(books.notifier.sent) == 1
    assert len(set(books.notifier.asked)) == 1


async def test_a_notifier_that_is_down_shows_and_loses_nothing(books: Books) -> None:
    await books.delivered(("SKU-1", 1))
    books.notifier.fails = lambda _: GatewayUnavailable("notifier: status 503")
    with pytest.raises(ApplicationError, match="status 503") as error:
        await _relay(books)
    assert error.value.type == "NotifierUnavailable"
    assert await _unsent(books) == 3
    [first, *_] = await books.sql("SELECT attempts, failure FROM notices ORDER BY id")
    assert (first.attempts, first.failure) == (1, "GatewayUnavailable: notifier: status 503")

    books.notifier.fails = lambda _: None
    assert await _relay(books) == 3
    assert await _unsent(books) == 0


async def test_what_comes_after_a_notice_that_failed_waits_for_it(books: Books) -> None:
    order = order_of_shipment(await books.delivered(("SKU-1", 1)))
    other = order_of_shipment(await books.delivered(("SKU-1", 1)))

    def loses_confirmations_of_the_first(message: Message) -> Exception | None:
        lost = message.reference == f"notice-{order}-booked:{order}:1-confirmed"
        return OutcomeUnknown("lost") if lost else None

    books.notifier.fails = loses_confirmations_of_the_first
    await _relay(books)
    assert (_told(books, order), len(_told(books, other))) == ([], 3)

    books.notifier.fails = lambda _: None
    await _relay(books)
    assert _told(books, order) == ["confirmed", "dispatched", "delivered"]


async def test_the_notices_of_an_order_never_overtake_each_other_on_their_way(
    books: Books,
) -> None:
    order = order_of_shipment(await books.delivered(("SKU-1", 1)))
    arrived = asyncio.Event()

    async def linger() -> None:
        # Whatever is sent beside it has all the time it needs to arrive first.
        for _ in range(50):
            await asyncio.sleep(0)
        arrived.set()

    books.notifier.sending.meanwhile.append(linger)
    await _relay(books)
    assert arrived.is_set()
    assert _told(books, order) == ["confirmed", "dispatched", "delivered"]


async def test_two_relays_at_once_send_each_notice_once(books: Books) -> None:
    await books.delivered(("SKU-1", 1))
    await asyncio.gather(_relay(books), _relay(books))
    assert len(books.notifier.sent) == 3
    assert await _unsent(books) == 0


async def test_a_failure_that_is_noted_late_does_not_make_a_sent_notice_unsent(
    books: Books,
) -> None:
    await books.booked(("SKU-1", 1))

    async def another_relay_is_faster() -> None:
        assert await _relay(books) == 1
        books.notifier.sending.after.append(OutcomeUnknown("the reply was lost"))

    books.notifier.sending.meanwhile.append(another_relay_is_faster)
    with pytest.raises(ApplicationError):
        await _relay(books)
    assert await _unsent(books) == 0


async def test_a_notice_the_notifier_does_not_understand_keeps_no_other_order_waiting(
    books: Books,
) -> None:
    bad = order_of_shipment(await books.booked(("SKU-1", 1)))
    good = order_of_shipment(await books.booked(("SKU-1", 1)))

    def misunderstands_one(message: Message) -> Exception | None:
        return GatewayProtocolError("unexpected status 400") if bad in message.reference else None

    books.notifier.fails = misunderstands_one
    assert await _relay(books) == 1
    assert _told(books, good) == ["confirmed"]

    books.notifier.fails = lambda _: None
    assert await _relay(books) == 0
    [notice] = await books.sql("SELECT * FROM notices WHERE order_id = :id", id=bad)
    assert (notice.sent_at, notice.failure) == (None, "GatewayProtocolError")
    assert notice.given_up_at is not None


async def test_a_notice_without_an_address_is_given_up_and_keeps_nothing_back(books: Books) -> None:
    order = order_of_shipment(await books.delivered(("SKU-1", 1)))
    await books.sql("UPDATE order_contacts SET email = NULL WHERE order_id = :id", id=order)
    assert await _relay(books) == 0
    failures = await books.sql("SELECT failure FROM notices WHERE given_up_at IS NOT NULL")
    assert [row.failure for row in failures] == ["ValueError"] * 3


async def test_a_relay_sends_what_comes_while_it_runs(books: Books) -> None:
    relay = asyncio.create_task(_relay(books, _SHORT_WHILE))
    await books.booked(("SKU-1", 1))
    sent = await relay
    assert sent + await _relay(books) == 1


async def test_a_relay_ends_in_good_order_when_its_worker_shuts_down(books: Books) -> None:
    environment = ActivityEnvironment()
    started = asyncio.Event()
    environment.on_heartbeat = lambda *_: started.set()
    an_hour = RelayNotices(period=timedelta(hours=1), idle=timedelta(hours=1))
    relay = asyncio.create_task(environment.run(books.notices.relay_notices, an_hour))
    await started.wait()
    environment.worker_shutdown()
    assert (await asyncio.wait_for(relay, 20)).sent == 0


async def test_who_left_only_a_phone_number_is_told_there_and_who_left_nothing_is_not(
    books: Books,
) -> None:
    by_phone = Contact("Ada Byron", "1 rue de Rivoli", "Paris", None, "+33 1 23 45", None)
    nowhere = Contact("Ada Byron", "1 rue de Rivoli", "Paris", None, None, None)
    await books.booked(("SKU-1", 1), contact=by_phone)
    await books.booked(("SKU-1", 1), contact=nowhere)
    assert await _relay(books) == 1
    [message] = books.notifier.sent
    assert (message.channel, message.address) == ("sms", "+33 1 23 45")
