"""The carriers' adapter against the world, and against partners that behave oddly."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from adapters.carriers import HttpCarriers
from domain.ports import Booked, GatewayProtocolError, GatewayUnavailable, OutcomeUnknown, Refused
from tests.support.http import plain_http
from tests.support.resets import many_on_a_slow_loop, resetting_server
from tests.support.world import (
    RECIPIENT,
    RunningWorld,
    answering,
    booking_request,
    free_port,
    running_world,
)
from world.behaviour import Behaviour, Override

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
def carriers(client: httpx.AsyncClient, world: RunningWorld) -> HttpCarriers:
    return HttpCarriers(client, world.url, TIMEOUT)


async def test_a_booking_has_a_tracking_number_and_a_label_that_can_be_printed(
    carriers: HttpCarriers, client: httpx.AsyncClient
) -> None:
    booked = await carriers.book(booking_request("web:10001:1"))

    assert isinstance(booked, Booked)
    label = await client.get(booked.label_url)
    assert label.text.startswith("^XA")
    assert booked.tracking_number in label.text
    assert RECIPIENT.name in label.text


async def test_what_a_customer_sends_back_is_collected_at_his_address(
    carriers: HttpCarriers, world: RunningWorld
) -> None:
    back = booking_request("web:10001:R1:1").model_copy(update={"collect_from": RECIPIENT})

    assert isinstance(await carriers.book(back), Booked)
    [booking] = (await world.ledger())["bookings"]
    assert booking["collect_from"] == RECIPIENT.model_dump()


async def test_a_repeated_booking_gets_the_same_answer_and_is_booked_once(
    carriers: HttpCarriers, world: RunningWorld
) -> None:
    first = await carriers.book(booking_request("web:10001:1"))
    again = await carriers.book(booking_request("web:10001:1"))

    assert first == again == await carriers.find("colibri", "web:10001:1")
    [booking] = (await world.ledger())["bookings"]
    assert booking["state"] == "booked"


async def test_a_reference_used_for_another_booking_is_refused(carriers: HttpCarriers) -> None:
    await carriers.book(booking_request("web:10001:1"))

    other = await carriers.book(booking_request("web:10001:1", weight_grams=1300))

    assert isinstance(other, Refused)
    assert other.code == "reference_reused"


async def test_a_refusal_concerns_the_service_it_is_about_and_is_found_again(
    carriers: HttpCarriers, world: RunningWorld
) -> None:
    no_express = Override(carrier="colibri", service="express", odds={"carrier_refuses": 1})
    await world.behave(Behaviour(overrides=(no_express,)))

    refused = await carriers.book(booking_request("r1", service="express"))
    booked = await carriers.book(booking_request("r2", service="standard"))

    assert isinstance(refused, Refused)
    assert refused.code
    assert refused.reason
    assert await carriers.find("colibri", "r1") == refused
    assert isinstance(booked, Booked)


async def test_an_unavailable_carrier_has_booked_nothing(
    carriers: HttpCarriers, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"carrier_unavailable": 1}))

    with pytest.raises(GatewayUnavailable):
        await carriers.book(booking_request("r1"))
    with pytest.raises(GatewayUnavailable):
        await carriers.find("colibri", "r1")
    with pytest.raises(GatewayUnavailable):
        await carriers.void("colibri", "r1")
    assert (await world.ledger())["bookings"] == []


async def test_a_carrier_that_is_sometimes_unavailable_books_in_the_end(
    carriers: HttpCarriers, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"carrier_unavailable": 0.9}))
    failures = 0

    for _ in range(500):
        try:
            booked = await carriers.book(booking_request("r1"))
        except GatewayUnavailable:
            failures += 1
        else:
            break
    else:
        pytest.fail("it never booked")

    assert isinstance(booked, Booked)
    assert failures > 0


async def test_a_carrier_that_hangs_after_booking_has_booked(
    carriers: HttpCarriers, client: httpx.AsyncClient, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"carrier_hangs_after_booking": 1}))

    with pytest.raises(OutcomeUnknown):
        await HttpCarriers(client, world.url, IMPATIENT).book(booking_request("r1"))

    found = await carriers.find("colibri", "r1")
    assert isinstance(found, Booked)
    assert await carriers.book(booking_request("r1")) == found


async def test_nothing_is_found_under_an_unknown_reference(carriers: HttpCarriers) -> None:
    assert await carriers.find("colibri", "nobody:1") is None


async def test_a_voided_booking_is_gone_and_stays_gone(
    carriers: HttpCarriers, world: RunningWorld
) -> None:
    await carriers.book(booking_request("r1"))

    await carriers.void("colibri", "r1")
    await carriers.void("colibri", "r1")

    assert await carriers.find("colibri", "r1") is None
    again = await carriers.book(booking_request("r1"))
    assert isinstance(again, Refused)
    assert again.code == "voided"
    [booking] = (await world.ledger())["bookings"]
    assert booking["state"] == "voided"


async def test_voiding_what_was_never_booked_keeps_a_late_booking_out(
    carriers: HttpCarriers,
) -> None:
    await carriers.void("colibri", "r1")

    late = await carriers.book(booking_request("r1"))

    assert isinstance(late, Refused)
    assert late.code == "voided"
    assert await carriers.find("colibri", "r1") is None


@pytest.mark.parametrize("reference", ["web:10001:1", "a/b c?d=e&f#g", "déjà-vu:€", "100%:1", "+"])
async def test_any_reference_arrives_as_it_is(
    carriers: HttpCarriers, world: RunningWorld, reference: str
) -> None:
    booked = await carriers.book(booking_request(reference))

    assert await carriers.find("colibri", reference) == booked
    await carriers.void("colibri", reference)
    assert await carriers.find("colibri", reference) is None
    [booking] = (await world.ledger(reference))["bookings"]
    assert booking["reference"] == reference


async def test_the_carriers_name_is_encoded_in_the_path(
    carriers: HttpCarriers, world: RunningWorld
) -> None:
    await carriers.book(booking_request("r1", carrier="chrono & fils?"))

    [booking] = (await world.ledger())["bookings"]
    assert booking["partner"] == "chrono & fils?"


async def test_a_carrier_nobody_listens_for_is_unavailable(client: httpx.AsyncClient) -> None:
    carriers = HttpCarriers(client, f"http://127.0.0.1:{free_port()}", TIMEOUT)

    with pytest.raises(GatewayUnavailable):
        await carriers.book(booking_request("r1"))


async def test_a_carrier_that_limits_our_rate_is_unavailable(client: httpx.AsyncClient) -> None:
    async with answering(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n") as url:
        with pytest.raises(GatewayUnavailable):
            await HttpCarriers(client, url, TIMEOUT).book(booking_request("r1"))


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{"])
async def test_a_reply_that_is_cut_off_leaves_the_outcome_unknown(
    client: httpx.AsyncClient, reply: bytes
) -> None:
    async with answering(reply) as url:
        with pytest.raises(OutcomeUnknown):
            await HttpCarriers(client, url, TIMEOUT).book(booking_request("r1"))


async def test_a_look_up_that_is_cut_off_can_be_repeated(client: httpx.AsyncClient) -> None:
    async with answering(b"") as url:
        with pytest.raises(GatewayUnavailable):
            await HttpCarriers(client, url, TIMEOUT).find("colibri", "r1")


def _reply(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


@pytest.mark.parametrize(
    "reply",
    [
        _reply("200 OK", b'{"booking_id": "b", "tracking_number": "t", "label_url": "l"}'),
        _reply("201 Created", b"booked!"),
        _reply("201 Created", b"[]"),
        _reply("201 Created", b'{"booking_id": "b", "tracking_number": 7, "label_url": "l"}'),
        _reply("201 Created", b'{"booking_id": "b"}'),
        _reply("302 Found", b""),
        _reply("401 Unauthorized", b""),
        _reply("404 Not Found", b""),
        _reply("409 Conflict", b'{"message": "Lef\xc3\xa8vre"}'),
        _reply("409 Conflict", b"\xff"),
    ],
)
async def test_a_reply_of_another_shape_is_a_protocol_error_without_personal_data(
    client: httpx.AsyncClient, reply: bytes
) -> None:
    async with answering(reply) as url:
        with pytest.raises(GatewayProtocolError) as caught:
            await HttpCarriers(client, url, TIMEOUT).book(booking_request("r1"))

    assert "Lefèvre" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_a_reply_with_fields_added_later_is_understood(client: httpx.AsyncClient) -> None:
    body = b'{"booking_id": "b", "tracking_number": "t", "label_url": "l", "co2": 3}'
    async with answering(_reply("201 Created", body)) as url:
        booked = await HttpCarriers(client, url, TIMEOUT).book(booking_request("r1"))

    assert booked == Booked(booking_id="b", tracking_number="t", label_url="l")


async def test_a_bare_404_is_not_taken_for_never_booked(client: httpx.AsyncClient) -> None:
    async with answering(_reply("404 Not Found", b'{"detail": "Not Found"}')) as url:
        with pytest.raises(GatewayProtocolError):
            await HttpCarriers(client, url, TIMEOUT).find("colibri", "r1")


async def test_a_base_url_that_is_no_http_address_is_refused_at_once(
    client: httpx.AsyncClient,
) -> None:
    with pytest.raises(ValueError, match="not an http address"):
        HttpCarriers(client, "carriers.example", TIMEOUT)


async def test_a_connection_that_is_reset_while_it_is_made_is_no_fault_of_ours() -> None:
    with resetting_server() as address:

        async def book(client: httpx.AsyncClient) -> None:
            with pytest.raises((GatewayUnavailable, OutcomeUnknown)):
                await HttpCarriers(client, address, TIMEOUT).book(booking_request("web:10001:1"))

        await many_on_a_slow_loop(book)
