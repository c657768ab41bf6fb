"""Stores of the world, which hand over to customers: sooner, later or never."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.warehouses import HttpWarehouses
from domain.ports import Accepted, Recalled, Refused, ReleaseRequest
from tests.support.http import plain_http
from tests.support.world import (
    FAST,
    RunningWorld,
    WebhookReceiver,
    receiving_webhooks,
    release_request,
    running_world,
    ship,
)
from world.behaviour import Behaviour, Override

TIMEOUT = httpx.Timeout(5.0)


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with receiving_webhooks() as receiver:
        yield receiver


@pytest.fixture
async def world(tmp_path: Path, receiver: WebhookReceiver) -> AsyncIterator[RunningWorld]:
    async with running_world(webhook_url=receiver.url, ledger=tmp_path) as world:
        yield world


@pytest.fixture
async def stores(world: RunningWorld) -> AsyncIterator[HttpWarehouses]:
    async with plain_http() as client:
        yield HttpWarehouses(client, world.url, TIMEOUT)


def to_hand_over(reference: str, tracking_number: str = "") -> ReleaseRequest:
    """Goods to be fetched in Lille; with a tracking number a parcel that has come there."""
    update = {"carrier": "", "service": "collect", "label_url": ""}
    return release_request(reference, tracking_number=tracking_number).model_copy(update=update)


async def test_a_customer_fetches_what_the_store_has_picked(
    world: RunningWorld, stores: HttpWarehouses, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, collect_hours=(5, 6)))
    assert await stores.release(to_hand_over("s1")) == Accepted()
    await world.settled()
    picked, collected = receiver.received
    assert [picked.kind, collected.kind] == ["picked", "collected"]
    assert collected.path == "/webhooks/warehouses/LIL"
    assert collected.body["reference"] == "s1"
    assert collected.body["lines"] == picked.body["lines"]
    waited = datetime.fromisoformat(collected.body["occurred_at"]) - datetime.fromisoformat(
        picked.body["occurred_at"]
    )
    assert timedelta(hours=5) <= waited <= timedelta(hours=6)


async def test_a_parcel_that_has_come_is_fetched_and_not_picked(
    world: RunningWorld, stores: HttpWarehouses, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"short_pick": 1, "warehouse_silent": 1}))
    assert await stores.release(to_hand_over("s1", "T-1")) == Accepted()
    await world.settled()
    assert [hook.kind for hook in receiver.received] == ["collected"]


async def test_some_never_come(
    world: RunningWorld, stores: HttpWarehouses, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"no_show": 1}))
    await stores.release(to_hand_over("s1"))
    await world.settled()
    assert [hook.kind for hook in receiver.received] == ["picked"]
    assert await stores.recall("LIL", "s1") == Recalled()
    assert await stores.recall("LIL", "s1") == Recalled()


async def test_what_was_fetched_is_kept_back_no_more(
    world: RunningWorld, stores: HttpWarehouses
) -> None:
    await world.behave(Behaviour(speed=FAST))
    await stores.release(to_hand_over("s1"))
    await world.settled()
    answer = await stores.recall("LIL", "s1")
    assert answer == Refused(code="already_collected", reason="the customer has fetched it")


async def test_nobody_fetches_what_the_store_did_not_find(
    world: RunningWorld, stores: HttpWarehouses, receiver: WebhookReceiver
) -> None:
    nothing = Override(location="LIL", sku="SKU-1", picks_at_most=0)
    await world.behave(Behaviour(speed=FAST, overrides=(nothing,)))
    await stores.release(to_hand_over("s1"))
    await world.settled()
    assert [hook.kind for hook in receiver.received] == ["picked"]


async def test_a_carrier_that_collects_a_parcel_is_no_customer(
    world: RunningWorld, stores: HttpWarehouses, receiver: WebhookReceiver
) -> None:
    await world.behave(Behaviour(speed=FAST, odds={"collected_event": 1}))
    await ship(world.url, "s1", deliver_by=datetime.now(UTC).date() + timedelta(days=3))
    await world.settled()
    assert [hook.kind for hook in receiver.received] == [
        "picked",
        "dispatched",
        "collected",
        "delivered",
    ]
    answer = await stores.recall("LIL", "s1")
    assert isinstance(answer, Refused)
    assert answer.code == "already_dispatched"
