"""What the world reports by webhook: what, in which order, in which time, how often."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.carriers import HttpCarriers
from tests.support.http import plain_http
from tests.support.resets import many_on_a_slow_loop, resetting_server
from tests.support.world import (
    FAST,
    RunningWorld,
    WebhookReceiver,
    free_port,
    receiving_webhooks,
    running_world,
    ship,
    until,
)
from world.behaviour import Behaviour, Odds, Subject
from world.ledger import Ledger
from world.outbox import Due, Outbox
from world.webhooks import WebhookSender

TIMEOUT = httpx.Timeout(5.0)
ROOT = Path(__file__).parents[2]


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


def _kinds(receiver: WebhookReceiver) -> list[str]:
    return [hook.kind for hook in receiver.received]


def _time_of(receiver: WebhookReceiver, kind: str) -> datetime:
    [body] = [hook.body for hook in receiver.received if hook.kind == kind]
    return datetime.fromisoformat(body["occurred_at"])


def _next_wednesday() -> date:
    """At least a week ahead, so that a working day lies before it and after it."""
    day = datetime.now(UTC).date() + timedelta(days=7)
    return day + timedelta(days=(2 - day.weekday()) % 7)


async def test_a_straight_shipment_is_picked_dispatched_and_delivered(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST))

    booked = await ship(world.url, "s1")
    await world.settled()

    assert _kinds(receiver) == ["picked", "dispatched", "delivered"]
    delivered = receiver.received[-1]
    assert delivered.path == "/webhooks/carriers/colibri"
    assert delivered.body["reference"] == "s1:parcel"
    assert delivered.body["tracking_number"] == booked.tracking_number


async def test_events_carry_business_time_and_arrive_in_real_time(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST))
    due = _next_wednesday()
    before = datetime.now(UTC)

    await ship(world.url, "s1", deliver_by=due)
    await world.settled()

    after = datetime.now(UTC)
    assert after - before < timedelta(minutes=1)
    picked, dispatched = _time_of(receiver, "picked"), _time_of(receiver, "dispatched")
    assert before + timedelta(hours=0.5) <= picked <= after + timedelta(hours=3)
    assert timedelta(hours=0.5) <= dispatched - picked <= timedelta(hours=4)
    delivered = _time_of(receiver, "delivered")
    assert delivered.date() in (due, due - timedelta(days=1))
    assert time(8) <= delivered.time() <= time(12, 30)


async def test_a_late_delivery_comes_one_to_six_days_after_the_day_agreed(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"late_delivery": 1}))
    due = _next_wednesday()

    await ship(world.url, "s1", deliver_by=due)
    await world.settled()

    # One to four days, and on to Monday where that is a weekend.
    late_by = _time_of(receiver, "delivered").date() - due
    assert timedelta(days=1) <= late_by <= timedelta(days=6)


async def test_a_parcel_due_before_it_is_dispatched_is_delivered_after_it(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST))

    await ship(world.url, "s1", deliver_by=datetime.now(UTC).date() - timedelta(days=3))
    await world.settled()

    assert _time_of(receiver, "delivered") > _time_of(receiver, "dispatched")


async def test_carriers_report_the_way_of_a_parcel_where_they_are_told_to(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    odds: Odds = {"collected_event": 1, "in_transit_event": 1, "exception_event": 1}
    await world.behave(Behaviour(speed=FAST, odds=odds))

    await ship(world.url, "s1")
    await world.settled()

    way = ["picked", "dispatched", "collected", "in_transit", "exception", "delivered"]
    assert _kinds(receiver) == way
    times = [_time_of(receiver, kind) for kind in way]
    assert times == sorted(times)


async def test_a_parcel_voided_before_its_dispatch_is_never_delivered(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await ship(world.url, "s1")
    async with plain_http() as client:
        await HttpCarriers(client, world.url, TIMEOUT).void("colibri", "s1:parcel")

    await world.behave(Behaviour(speed=FAST))
    await world.settled()

    assert _kinds(receiver) == ["picked", "dispatched"]


async def test_a_void_does_not_hold_up_a_dispatch_that_waits_behind_the_delivery(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    slow = Behaviour(pick_hours=(0, 0), dispatch_hours=(9, 9), odds={"reordered_webhook": 0.5})

    def delivery_before_dispatch(shipment: str) -> bool:
        return [
            slow.happens("reordered_webhook", f"{shipment}:{kind}", Subject())
            for kind in ("picked", "dispatched")
        ] == [False, True]

    shipment = next(name for name in map(str, range(100)) if delivery_before_dispatch(name))
    await world.behave(slow)
    await ship(world.url, shipment)

    async def delivery_is_next() -> bool:
        states = {hook["kind"]: hook["state"] for hook in (await world.ledger())["webhooks"]}
        return states == {"picked": "acknowledged", "delivered": "pending", "dispatched": "held"}

    await until(delivery_is_next, "only the pick was reported")
    async with plain_http() as client:
        await HttpCarriers(client, world.url, TIMEOUT).void("colibri", f"{shipment}:parcel")
    await world.behave(slow.model_copy(update={"speed": FAST}))
    await world.settled()

    assert _kinds(receiver) == ["picked", "dispatched"]


async def test_a_parcel_that_has_left_can_no_longer_be_voided(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST))
    await ship(world.url, "s1")
    await receiver.wait_for("s1", "picked", "dispatched")

    async with plain_http() as client:
        await HttpCarriers(client, world.url, TIMEOUT).void("colibri", "s1:parcel")

    await world.settled()
    assert _kinds(receiver) == ["picked", "dispatched", "delivered"]
    assert (await world.ledger())["bookings"][0]["state"] == "booked"


async def test_a_duplicate_is_the_same_event_again(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"duplicate_webhook": 1}))

    await ship(world.url, "s1")
    await world.settled()

    assert sorted(_kinds(receiver)) == sorted(["picked", "dispatched", "delivered"] * 2)
    assert len({hook.body["event_id"] for hook in receiver.received}) == 3
    for hook in receiver.received:
        assert sum(other.body == hook.body for other in receiver.received) == 2


async def test_a_reordered_event_arrives_after_the_next_one(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"reordered_webhook": 1}))

    await ship(world.url, "s1")
    await world.settled()

    assert _kinds(receiver) == ["dispatched", "picked", "delivered"]
    assert _time_of(receiver, "picked") < _time_of(receiver, "dispatched")


async def test_a_late_webhook_tells_when_it_happened_not_when_it_was_sent(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    lateness: Odds = {"late_webhook": 1}
    started = datetime.now(UTC)
    await world.behave(Behaviour(speed=FAST, odds=lateness))

    await ship(world.url, "s1")
    await world.settled()

    assert _kinds(receiver) == ["picked", "dispatched", "delivered"]
    assert _time_of(receiver, "picked") < started + timedelta(hours=4)


async def test_a_late_webhook_comes_at_the_pace_of_a_world_that_was_made_faster(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    at_once = Behaviour(speed=1, pick_hours=(0, 0), dispatch_hours=(0, 0), odds={"late_webhook": 1})
    await world.behave(at_once)
    await ship(world.url, "s1")

    # It has been picked and has left; what is late would be told in six hours at the earliest.
    await world.behave(at_once.model_copy(update={"speed": FAST}))
    await world.settled()

    assert _kinds(receiver) == ["picked", "dispatched", "delivered"]


async def test_a_dispatch_is_not_told_before_its_pick_was_taken(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, retry_seconds=0.01))
    receiver.answers["picked"] = [500, 503, 429, 404]

    await ship(world.url, "s1")
    await world.settled()

    assert _kinds(receiver) == ["picked"] * 5 + ["dispatched", "delivered"]
    assert receiver.accepted("s1") == ["picked", "dispatched"]


async def test_a_webhook_that_stays_unknown_is_given_up_and_the_next_one_goes(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, retry_seconds=0.01))
    receiver.answers["picked"] = [404] * 100

    await ship(world.url, "s1")
    await world.settled()

    hooks = (await world.ledger())["webhooks"]
    assert [(hook["kind"], hook["state"], hook["last_status"]) for hook in hooks] == [
        ("picked", "given_up", 404),
        ("dispatched", "acknowledged", 204),
        ("delivered", "acknowledged", 204),
    ]
    assert hooks[0]["attempts"] == _kinds(receiver).count("picked") > 1


async def test_a_webhook_that_is_refused_for_good_is_not_repeated(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST))
    receiver.answers["picked"] = [422]

    await ship(world.url, "s1")
    await world.settled()

    assert _kinds(receiver) == ["picked", "dispatched", "delivered"]
    assert (await world.summary())["webhooks"] == {"given_up": 1, "acknowledged": 2}


async def test_webhooks_wait_for_a_receiver_that_is_down(tmp_path: Path) -> None:
    port = free_port()
    fast = Behaviour(speed=FAST, retry_seconds=0.01)
    ledger = tmp_path / "ledger"
    async with running_world(
        webhook_url=f"http://127.0.0.1:{port}", ledger=ledger, behaviour=fast
    ) as world:
        await ship(world.url, "s1")

        async def tried() -> bool:
            return bool((await world.ledger())["webhooks"][0]["attempts"] > 1)

        await until(tried, "the first webhook was tried")
        [first, *others] = (await world.ledger())["webhooks"]
        assert (first["state"], first["last_status"]) == ("pending", None)
        assert [(hook["state"], hook["attempts"]) for hook in others] == [("held", 0)] * 2


async def test_a_connection_that_is_reset_while_it_is_made_is_no_answer(tmp_path: Path) -> None:
    webhook = Due(seq=1, event_id="e", path="/webhooks/carriers/swift", body="{}", attempts=0)
    with resetting_server() as address:

        async def post(client: httpx.AsyncClient) -> int | None:
            ledger = Ledger(tmp_path / "world.sqlite")
            sender = WebhookSender(ledger, Outbox(ledger), [], address, lambda: 1.0)
            status = await sender._post(webhook, client)
            ledger.close()
            return status

        assert set(await many_on_a_slow_loop(post)) == {None}
