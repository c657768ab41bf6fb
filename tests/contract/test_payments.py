"""The payment provider's adapter against the world."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from adapters.payments import HttpPayments
from domain.ports import (
    AuthorisationRequest,
    Authorised,
    Captured,
    GatewayUnavailable,
    OutcomeUnknown,
    Refunded,
    Refused,
)
from tests.support.http import plain_http
from tests.support.world import RunningWorld, running_world
from world.behaviour import Behaviour

TIMEOUT = httpx.Timeout(5.0)
IMPATIENT = httpx.Timeout(5.0, read=0.2)
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with plain_http() as client:
        yield client


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RunningWorld]:
    async with running_world(webhook_url=NOBODY_LISTENS, ledger=tmp_path) as world:
        yield world


@pytest.fixture
def payments(client: httpx.AsyncClient, world: RunningWorld) -> HttpPayments:
    return HttpPayments(client, world.url, TIMEOUT)


def _request(
    reference: str = "web:7:pay",
    amount: int = 4990,
    token: str = "tok_1",  # noqa: S107 - names a test card
) -> AuthorisationRequest:
    return AuthorisationRequest(reference=reference, amount=amount, currency="EUR", token=token)


async def test_an_authorisation_is_found_and_its_repetition_gets_the_same_answer(
    payments: HttpPayments, world: RunningWorld
) -> None:
    first = await payments.authorise(_request())

    assert isinstance(first, Authorised)
    assert await payments.authorise(_request()) == first
    assert await payments.find("web:7:pay") == first
    assert len((await world.ledger())["authorisations"]) == 1


async def test_a_reference_used_for_another_authorisation_is_refused(
    payments: HttpPayments,
) -> None:
    await payments.authorise(_request())

    other = await payments.authorise(_request(amount=5000))

    assert isinstance(other, Refused)
    assert other.code == "reference_reused"


async def test_the_declined_test_token_always_declines(payments: HttpPayments) -> None:
    declined = await payments.authorise(_request(token="tok_declined"))

    assert isinstance(declined, Refused)
    assert declined.code == "declined"
    assert await payments.find("web:7:pay") == declined


async def test_a_payer_may_be_declined_by_chance(
    payments: HttpPayments, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"payment_declines": 1}))

    declined = await payments.authorise(_request())

    assert isinstance(declined, Refused)
    assert declined.code == "declined"


async def test_a_provider_that_hangs_after_authorising_has_authorised(
    payments: HttpPayments, client: httpx.AsyncClient, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"payment_hangs_after_authorising": 1}))

    with pytest.raises(OutcomeUnknown):
        await HttpPayments(client, world.url, IMPATIENT).authorise(_request())

    found = await payments.find("web:7:pay")
    assert isinstance(found, Authorised)
    assert await payments.authorise(_request()) == found


async def test_an_unavailable_provider_has_done_nothing(
    payments: HttpPayments, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"payment_unavailable": 1}))

    with pytest.raises(GatewayUnavailable):
        await payments.authorise(_request())
    with pytest.raises(GatewayUnavailable):
        await payments.capture("web:7:pay", "web:7:capture", 1)
    ledger = await world.ledger()
    assert ledger["authorisations"] == ledger["captures"] == []


async def test_nothing_is_found_under_an_unknown_reference(payments: HttpPayments) -> None:
    assert await payments.find("nobody:1") is None


async def test_captures_take_parts_and_never_more_than_was_authorised(
    payments: HttpPayments, world: RunningWorld
) -> None:
    await payments.authorise(_request(amount=100))

    first = await payments.capture("web:7:pay", "c1", 60)
    again = await payments.capture("web:7:pay", "c1", 60)
    too_much = await payments.capture("web:7:pay", "c2", 41)
    rest = await payments.capture("web:7:pay", "c3", 40)

    assert isinstance(first, Captured)
    assert again == first
    assert isinstance(too_much, Refused)
    assert too_much.code == "exceeds_authorised"
    assert isinstance(rest, Captured)
    ledger = await world.ledger()
    assert ledger["authorisations"][0]["captured"] == 100
    assert [capture["state"] for capture in ledger["captures"]] == [
        "captured",
        "refused",
        "captured",
    ]


async def test_a_reference_used_for_another_capture_is_refused(payments: HttpPayments) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 60)

    other = await payments.capture("web:7:pay", "c1", 10)

    assert isinstance(other, Refused)
    assert other.code == "reference_reused"


async def test_nothing_is_captured_without_an_authorisation(payments: HttpPayments) -> None:
    await payments.authorise(_request("declined", token="tok_declined"))

    unknown = await payments.capture("nobody:1", "c1", 1)
    declined = await payments.capture("declined", "c2", 1)

    assert isinstance(unknown, Refused)
    assert unknown.code == "unknown_authorisation"
    assert isinstance(declined, Refused)
    assert declined.code == "declined"


async def test_a_void_gives_back_what_is_not_captured(
    payments: HttpPayments, world: RunningWorld
) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 60)

    await payments.void("web:7:pay")
    await payments.void("web:7:pay")

    more = await payments.capture("web:7:pay", "c2", 1)
    assert isinstance(more, Refused)
    assert more.code == "voided"
    assert await payments.find("web:7:pay") is None
    [authorisation] = (await world.ledger())["authorisations"]
    assert (authorisation["state"], authorisation["captured"]) == ("voided", 60)


async def test_voiding_what_never_happened_keeps_a_late_authorisation_out(
    payments: HttpPayments,
) -> None:
    await payments.void("web:7:pay")

    late = await payments.authorise(_request())

    assert isinstance(late, Refused)
    assert late.code == "voided"


async def test_a_void_may_keep_a_part(payments: HttpPayments, world: RunningWorld) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 30)

    await payments.void("web:7:pay", keep=80)
    await payments.void("web:7:pay", keep=80)

    too_much = await payments.capture("web:7:pay", "c2", 51)
    assert isinstance(too_much, Refused)
    assert too_much.code == "exceeds_authorised"
    assert isinstance(await payments.capture("web:7:pay", "c3", 50), Captured)
    [authorisation] = (await world.ledger())["authorisations"]
    assert (authorisation["state"], authorisation["captured"]) == ("authorised", 80)


async def test_a_void_that_keeps_less_than_is_captured_takes_nothing_of_that_back(
    payments: HttpPayments, world: RunningWorld
) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 60)

    await payments.void("web:7:pay", keep=10)

    [authorisation] = (await world.ledger())["authorisations"]
    assert (authorisation["authorised"], authorisation["captured"]) == (60, 60)


async def test_an_authorisation_says_when_it_expires_and_is_captured_no_longer(
    payments: HttpPayments, world: RunningWorld
) -> None:
    unlimited = await payments.authorise(_request("for ever"))
    assert isinstance(unlimited, Authorised)
    assert unlimited.expires_at is None
    await world.behave(Behaviour(authorisation_hours=1))
    lasting = await payments.authorise(_request("an hour"))
    await world.behave(Behaviour(authorisation_hours=1, speed=3600 * 1e6))
    await payments.authorise(_request("no time"))

    assert isinstance(lasting, Authorised)
    assert lasting.expires_at is not None
    assert 3500 < (lasting.expires_at - datetime.now(UTC)).total_seconds() <= 3600
    assert isinstance(await payments.capture("an hour", "c1", 1), Captured)
    expired = await payments.capture("no time", "c2", 1)
    assert isinstance(expired, Refused)
    assert expired.code == "expired"


async def test_a_provider_that_hangs_after_capturing_has_captured(
    payments: HttpPayments, client: httpx.AsyncClient, world: RunningWorld
) -> None:
    await payments.authorise(_request(amount=100))
    await world.behave(Behaviour(odds={"payment_hangs_after_capturing": 1}))

    with pytest.raises(OutcomeUnknown):
        await HttpPayments(client, world.url, IMPATIENT).capture("web:7:pay", "c1", 60)

    found = await payments.find_capture("c1")
    assert isinstance(found, Captured)
    assert await payments.capture("web:7:pay", "c1", 60) == found
    assert await payments.find_capture("c2") is None


async def test_refunds_give_back_parts_and_never_more_than_was_captured(
    payments: HttpPayments, world: RunningWorld
) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 60)

    first = await payments.refund("c1", "r1", 45)
    again = await payments.refund("c1", "r1", 45)
    too_much = await payments.refund("c1", "r2", 16)
    rest = await payments.refund("c1", "r3", 15)

    assert isinstance(first, Refunded)
    assert again == first
    assert isinstance(too_much, Refused)
    assert too_much.code == "exceeds_captured"
    assert isinstance(rest, Refunded)
    ledger = await world.ledger()
    assert ledger["captures"][0]["refunded"] == 60
    assert [refund["state"] for refund in ledger["refunds"]] == ["refunded", "refused", "refunded"]


async def test_a_reference_used_for_another_refund_is_refused(payments: HttpPayments) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 60)
    await payments.refund("c1", "r1", 45)

    other = await payments.refund("c1", "r1", 15)

    assert isinstance(other, Refused)
    assert other.code == "reference_reused"


async def test_nothing_is_refunded_that_was_not_captured(payments: HttpPayments) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "refused", 101)

    for capture in ("nobody:1", "refused"):
        unknown = await payments.refund(capture, f"r:{capture}", 1)
        assert isinstance(unknown, Refused)
        assert unknown.code == "unknown_capture"


async def test_a_refund_may_be_refused_and_stays_so_under_its_reference(
    payments: HttpPayments, world: RunningWorld
) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 60)
    await world.behave(Behaviour(odds={"refund_refuses": 1}))

    refused = await payments.refund("c1", "r1", 45)

    assert isinstance(refused, Refused)
    assert refused.code == "refused"
    await world.behave(Behaviour())
    assert await payments.refund("c1", "r1", 45) == refused
    assert await payments.find_refund("r1") == refused
    assert isinstance(await payments.refund("c1", "r1:2", 45), Refunded)


async def test_a_provider_that_hangs_after_refunding_has_refunded(
    payments: HttpPayments, client: httpx.AsyncClient, world: RunningWorld
) -> None:
    await payments.authorise(_request(amount=100))
    await payments.capture("web:7:pay", "c1", 60)
    await world.behave(Behaviour(odds={"payment_hangs_after_refunding": 1}))

    with pytest.raises(OutcomeUnknown):
        await HttpPayments(client, world.url, IMPATIENT).refund("c1", "r1", 45)

    found = await payments.find_refund("r1")
    assert isinstance(found, Refunded)
    assert await payments.refund("c1", "r1", 45) == found
    assert await payments.find_refund("r2") is None


async def test_a_voucher_pays_as_much_as_is_on_it(payments: HttpPayments) -> None:
    gift = "voucher-100-gift"
    assert isinstance(await payments.authorise(_request("a", 60, gift)), Authorised)
    poor = await payments.authorise(_request("b", 41, gift))
    assert isinstance(poor, Refused)
    assert poor.code == "declined"
    assert isinstance(await payments.authorise(_request("c", 40, gift)), Authorised)
    assert isinstance(await payments.authorise(_request("d", 100, "voucher-100-other")), Authorised)


async def test_what_is_given_back_is_on_the_voucher_again(payments: HttpPayments) -> None:
    gift = "voucher-100-gift"
    await payments.authorise(_request("a", 100, gift))
    await payments.capture("a", "c1", 70)
    await payments.void("a")
    assert isinstance(await payments.authorise(_request("b", 31, gift)), Refused)
    assert isinstance(await payments.authorise(_request("c", 30, gift)), Authorised)
    await payments.refund("c1", "r1", 20)
    assert isinstance(await payments.authorise(_request("d", 21, gift)), Refused)
    assert isinstance(await payments.authorise(_request("e", 20, gift)), Authorised)


async def test_what_was_held_on_a_voucher_is_free_once_it_has_expired(
    payments: HttpPayments, world: RunningWorld
) -> None:
    gift = "voucher-100-gift"
    await world.behave(Behaviour(authorisation_hours=1, speed=3600 * 1e6))
    await payments.authorise(_request("a", 100, gift))
    assert isinstance(await payments.authorise(_request("b", 100, gift)), Authorised)
