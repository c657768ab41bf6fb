"""The warehouses' adapter against the world."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.carriers import HttpCarriers
from adapters.warehouses import HttpWarehouses
from domain.ports import (
    Accepted,
    Booked,
    GatewayProtocolError,
    GatewayUnavailable,
    OutcomeUnknown,
    Recalled,
    Refused,
    RelabelRequest,
)
from tests.support.http import plain_http
from tests.support.world import (
    FAST,
    RunningWorld,
    WebhookReceiver,
    answering,
    booking_request,
    receiving_webhooks,
    release_request,
    running_world,
    ship,
)
from world.behaviour import Behaviour, Override

TIMEOUT = httpx.Timeout(5.0)
IMPATIENT = httpx.Timeout(5.0, read=0.2)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with plain_http() as client:
        yield client


@pytest.fixture(scope="module")
async def shared_receiver() -> AsyncIterator[WebhookReceiver]:
    async with receiving_webhooks() as receiver:
        yield receiver


@pytest.fixture
def receiver(shared_receiver: WebhookReceiver) -> WebhookReceiver:
    shared_receiver.clear()
    return shared_receiver


@pytest.fixture
async def world(tmp_path: Path, receiver: WebhookReceiver) -> AsyncIterator[RunningWorld]:
    async with running_world(webhook_url=receiver.url, ledger=tmp_path) as world:
        yield world


@pytest.fixture
def warehouses(client: httpx.AsyncClient, world: RunningWorld) -> HttpWarehouses:
    return HttpWarehouses(client, world.url, TIMEOUT)


def _quantities(body: dict[str, Any]) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in body["lines"]}


async def test_an_accepted_release_is_picked_and_dispatched(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST))

    answer = await warehouses.release(release_request("s1", ("A", 2), ("B", 5)))

    assert answer == Accepted()
    await receiver.wait_for("s1", "picked", "dispatched")
    picked, dispatched = receiver.of("s1")
    assert picked.path == dispatched.path == "/webhooks/warehouses/LIL"
    assert _quantities(picked.body) == _quantities(dispatched.body) == {"A": 2, "B": 5}
    assert picked.body["reason"] is None


async def test_a_repeated_release_gets_the_same_answer_and_is_worked_once(
    warehouses: HttpWarehouses, world: RunningWorld
) -> None:
    request = release_request("s1")

    assert await warehouses.release(request) == Accepted()
    assert await warehouses.release(request) == Accepted()

    ledger = await world.ledger()
    assert len(ledger["releases"]) == 1
    assert [hook["kind"] for hook in ledger["webhooks"]] == ["picked", "dispatched"]
    assert [_quantities(hook) for hook in ledger["webhooks"]] == [{"SKU-1": 2}] * 2


async def test_a_reference_used_for_another_release_is_refused(warehouses: HttpWarehouses) -> None:
    await warehouses.release(release_request("s1", ("A", 2)))

    other = await warehouses.release(release_request("s1", ("A", 3)))

    assert isinstance(other, Refused)
    assert other.code == "reference_reused"


async def test_a_location_that_refuses_sends_no_webhook(
    warehouses: HttpWarehouses, world: RunningWorld
) -> None:
    lille_refuses = Override(location="LIL", odds={"warehouse_refuses": 1})
    await world.behave(Behaviour(overrides=(lille_refuses,)))

    refused = await warehouses.release(release_request("s1"))
    elsewhere = await warehouses.release(release_request("s2", location="LYS"))

    assert isinstance(refused, Refused)
    assert elsewhere == Accepted()
    assert (await world.ledger("s1"))["webhooks"] == []


async def test_a_location_that_rejects_says_so_later_and_why(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    lille_rejects = Override(location="LIL", odds={"warehouse_rejects": 1})
    await world.behave(Behaviour(speed=FAST, overrides=(lille_rejects,)))

    assert await warehouses.release(release_request("s1")) == Accepted()

    await receiver.wait_for("s1", "rejected")
    [rejected] = receiver.of("s1")
    assert rejected.body["lines"] == []
    assert rejected.body["reason"]
    await world.settled()
    assert (await world.summary())["releases"] == {"rejected": 1}


async def test_a_silent_location_accepts_and_is_never_heard_of_again(
    warehouses: HttpWarehouses, world: RunningWorld
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"warehouse_silent": 1}))

    assert await warehouses.release(release_request("s1")) == Accepted()

    # Its whole course is planned when it accepts: there is nothing to wait for.
    assert (await world.ledger())["webhooks"] == []
    assert (await world.summary())["releases"] == {"accepted": 1}


async def test_a_location_short_of_a_sku_picks_what_it_has_of_it_over_all_lines(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    short = Override(location="LIL", sku="A", picks_at_most=3)
    await world.behave(Behaviour(speed=FAST, overrides=(short,)))

    await warehouses.release(release_request("s1", ("A", 2), ("A", 2), ("B", 4), ("A", 1)))

    await receiver.wait_for("s1", "picked", "dispatched")
    picked, dispatched = receiver.of("s1")
    assert [line["quantity"] for line in picked.body["lines"]] == [2, 1, 4, 0]
    assert [line["line_id"] for line in dispatched.body["lines"]] == ["1", "2", "3"]
    assert picked.body["reason"]


async def test_a_location_that_finds_nothing_at_all_dispatches_nothing(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    empty = Override(location="LIL", sku="A", picks_at_most=0)
    await world.behave(Behaviour(speed=FAST, overrides=(empty,)))

    await warehouses.release(release_request("s1", ("A", 2)))

    await receiver.wait_for("s1", "picked")
    await world.settled()
    assert _quantities(receiver.of("s1")[0].body) == {"A": 0}
    assert receiver.accepted("s1") == ["picked"]


async def test_a_short_pick_finds_less_and_never_more(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"short_pick": 1}))
    asked = {"A": 3, "B": 2}

    for number in range(40):
        await warehouses.release(release_request(f"s{number}", *asked.items()))
    await world.settled()

    picks = [_quantities(hook.body) for hook in receiver.received if hook.kind == "picked"]
    assert len(picks) == 40
    assert all(sum(pick.values()) < 5 for pick in picks)
    assert all(0 <= pick[sku] <= asked[sku] for pick in picks for sku in asked)
    assert {"A": 0, "B": 0} in picks


async def test_a_recall_before_the_pick_stops_everything(
    warehouses: HttpWarehouses, world: RunningWorld
) -> None:
    request = release_request("s1")
    await warehouses.release(request)

    assert await warehouses.recall("LIL", "s1") == Recalled()
    assert await warehouses.recall("LIL", "s1") == Recalled()

    summary = await world.summary()
    assert summary["pending_webhooks"] == 0
    assert summary["releases"] == {"recalled": 1}
    again = await warehouses.release(request)
    assert isinstance(again, Refused)
    assert again.code == "recalled"


async def test_a_recall_after_the_pick_stops_the_dispatch(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(pick_hours=(0, 0), dispatch_hours=(10, 10)))
    await warehouses.release(release_request("s1"))
    await receiver.wait_for("s1", "picked")

    assert await warehouses.recall("LIL", "s1") == Recalled()

    await world.settled()
    assert receiver.accepted("s1") == ["picked"]


async def test_a_recall_that_overtakes_its_release_keeps_the_release_out(
    warehouses: HttpWarehouses, world: RunningWorld
) -> None:
    assert await warehouses.recall("LIL", "s1") == Recalled()

    late = await warehouses.release(release_request("s1"))

    assert isinstance(late, Refused)
    assert late.code == "recalled"
    assert (await world.ledger())["webhooks"] == []


async def test_a_recall_after_the_dispatch_is_refused(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST))
    await warehouses.release(release_request("s1"))
    await receiver.wait_for("s1", "picked", "dispatched")

    answer = await warehouses.recall("LIL", "s1")

    assert isinstance(answer, Refused)
    assert answer.code == "already_dispatched"
    assert (await world.summary())["releases"] == {"dispatched": 1}


async def test_a_location_that_hangs_after_accepting_has_accepted(
    warehouses: HttpWarehouses, client: httpx.AsyncClient, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"warehouse_hangs_after_accepting": 1}))
    request = release_request("s1")

    with pytest.raises(OutcomeUnknown):
        await HttpWarehouses(client, world.url, IMPATIENT).release(request)

    assert await warehouses.release(request) == Accepted()
    assert len((await world.ledger())["releases"]) == 1


async def test_an_unavailable_location_has_accepted_nothing(
    warehouses: HttpWarehouses, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"warehouse_unavailable": 1}))

    with pytest.raises(GatewayUnavailable):
        await warehouses.release(release_request("s1"))
    with pytest.raises(GatewayUnavailable):
        await warehouses.recall("LIL", "s1")
    assert (await world.ledger())["releases"] == []


async def test_a_recall_answered_with_anything_but_yes_is_a_protocol_error(
    client: httpx.AsyncClient,
) -> None:
    body = b'{"recalled": false}'
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    async with answering(reply) as url:
        with pytest.raises(GatewayProtocolError):
            await HttpWarehouses(client, url, TIMEOUT).recall("LIL", "s1")


def _label(reference: str, tracking_number: str) -> RelabelRequest:
    return RelabelRequest(
        reference=reference,
        location_id="LIL",
        carrier="falcon",
        service="express",
        tracking_number=tracking_number,
        label_url="http://labels.example/2",
    )


async def test_a_shipment_that_is_relabelled_goes_as_the_other_parcel(
    warehouses: HttpWarehouses,
    client: httpx.AsyncClient,
    world: RunningWorld,
    receiver: WebhookReceiver,
) -> None:
    first = await ship(world.url, "s1")
    request = booking_request("s1:faster", carrier="falcon", service="express")
    other = await HttpCarriers(client, world.url, TIMEOUT).book(request)
    assert isinstance(other, Booked)

    for _ in range(2):
        assert await warehouses.relabel(_label("s1", other.tracking_number)) == Accepted()

    await world.behave(Behaviour(speed=FAST))
    await receiver.wait_for("s1", "picked", "dispatched")
    await receiver.wait_for("s1:faster", "delivered")
    await world.settled()
    assert receiver.of("s1:parcel") == []
    assert receiver.of("s1:faster")[0].path == "/webhooks/carriers/falcon"
    assert first.tracking_number != other.tracking_number


async def test_what_has_left_or_was_recalled_or_never_came_is_not_relabelled(
    warehouses: HttpWarehouses, world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await warehouses.release(release_request("s2"))
    await warehouses.recall("LIL", "s2")
    await world.behave(Behaviour(speed=FAST))
    await warehouses.release(release_request("s1"))
    await receiver.wait_for("s1", "picked", "dispatched")

    answers = [await warehouses.relabel(_label(name, "T-2")) for name in ("s1", "s2")]

    assert [a.code for a in answers if isinstance(a, Refused)] == ["already_dispatched", "recalled"]
    with pytest.raises(GatewayProtocolError):
        await warehouses.relabel(_label("s3", "T-2"))
