"""The notifier's adapter against the world."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from adapters.notifiers import HttpNotifier
from domain.ports import GatewayProtocolError, GatewayUnavailable, Message
from tests.support.http import plain_http
from tests.support.world import RunningWorld, running_world
from world.behaviour import Behaviour

TIMEOUT = httpx.Timeout(5.0)
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RunningWorld]:
    async with running_world(webhook_url=NOBODY_LISTENS, ledger=tmp_path) as world:
        yield world


@pytest.fixture
async def notifier(world: RunningWorld) -> AsyncIterator[HttpNotifier]:
    async with plain_http() as client:
        yield HttpNotifier(client, world.url, TIMEOUT)


def _message(body: str = "Votre commande est en route.") -> Message:
    return Message(
        reference="web:7:dispatched",
        channel="email",
        address="zoe@example.org",
        language="fr",
        subject="Votre commande",
        body=body,
    )


async def test_a_message_is_sent_once_however_often_it_is_handed_over(
    notifier: HttpNotifier, world: RunningWorld
) -> None:
    await notifier.send(_message())
    await notifier.send(_message())

    [sent] = (await world.ledger())["notifications"]
    assert sent["state"] == "sent"
    assert sent["body"] == "Votre commande est en route."


async def test_another_message_under_the_same_reference_is_an_error_and_not_sent(
    notifier: HttpNotifier, world: RunningWorld
) -> None:
    await notifier.send(_message())

    with pytest.raises(GatewayProtocolError):
        await notifier.send(_message(body="Votre commande est en retard."))

    assert len((await world.ledger())["notifications"]) == 1


async def test_an_unavailable_notifier_has_sent_nothing(
    notifier: HttpNotifier, world: RunningWorld
) -> None:
    await world.behave(Behaviour(odds={"notifier_unavailable": 1}))

    with pytest.raises(GatewayUnavailable):
        await notifier.send(_message())

    assert (await world.ledger())["notifications"] == []


async def test_nothing_personal_is_logged(
    notifier: HttpNotifier, world: RunningWorld, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await notifier.send(_message())
        await world.behave(Behaviour(odds={"notifier_unavailable": 1}))
        with pytest.raises(GatewayUnavailable):
            await notifier.send(_message())

    assert caplog.records
    assert "zoe" not in caplog.text
    assert "commande" not in caplog.text
