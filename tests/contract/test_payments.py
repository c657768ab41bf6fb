"""The payment provider's adapter against the world."""

from collections.abc import AsyncIterator
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
