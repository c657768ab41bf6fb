"""The world itself: going on after it was stopped, seeds, odds, its ledger and its settings."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl

from adapters.carriers import HttpCarriers
from domain.ports import Booked
from tests.support.http import plain_http
from tests.support.world import (
    FAST,
    RunningWorld,
    WebhookReceiver,
    booking_request,
    free_port,
    receiving_webhooks,
    running_world,
    serving,
    ship,
    until,
)
from world.app import create_app
from world.behaviour import Behaviour, Odds, Override, Subject
from world.settings import Settings, SettingsError, read_settings

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


async def test_a_restarted_world_sends_what_was_pending_and_remembers_the_rest(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    slow, fast = Behaviour(seed=7, speed=1), Behaviour(seed=7, speed=FAST)
    async with running_world(webhook_url=receiver.url, ledger=tmp_path, behaviour=slow) as world:
        booked = await ship(world.url, "s1")
        assert (await world.summary())["pending_webhooks"] == 3

    async with running_world(webhook_url=receiver.url, ledger=tmp_path) as world:
        async with plain_http(base_url=world.url) as client:
            assert (await client.get("/behaviour")).json()["seed"] == 7
            carriers = HttpCarriers(client, world.url, TIMEOUT)
            found = await carriers.find("colibri", "s1:parcel")
        assert isinstance(found, Booked)
        assert found == booked
        assert receiver.received == []
        await world.behave(fast)
        await world.settled()

    assert _kinds(receiver) == ["picked", "dispatched", "delivered"]


@asynccontextmanager
async def _process(environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m world`, killed at the end without a chance to tidy up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "world", cwd=ROOT, env={**os.environ, **environment}
    )
    url = f"http://127.0.0.1:{environment['WORLD_PORT']}/health"
    try:
        async with plain_http() as client:

            async def is_up() -> bool:
                try:
                    return (await client.get(url)).status_code == 200
                except httpx.TransportError:
                    return False

            await until(is_up, "the world is up")
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_a_killed_world_goes_on_where_it_was(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "WORLD_PORT": str(port),
        "WORLD_LEDGER": str(tmp_path / "world.sqlite"),
        "WORLD_WEBHOOK_URL": receiver.url,
        "WORLD_SEED": "1",
        "WORLD_SPEED": str(FAST / 10),
    }
    # However fast it is, nothing is delivered before it is killed.
    receiver.answers["delivered"] = [503] * 1000
    async with _process(environment):
        await asyncio.gather(*(ship(url, f"s{number}") for number in range(10)))
    receiver.answers.clear()

    async with _process(environment):

        async def all_told() -> bool:
            return all(
                receiver.accepted(f"s{number}")[-1:] == ["dispatched"]
                and "delivered" in receiver.accepted(f"s{number}:parcel")
                for number in range(10)
            )

        await until(all_told, "every shipment is delivered")


async def _behaviour_after(ledger: Path, **given: float) -> Behaviour:
    """The behaviour in force after a start of the world with these settings."""
    settings = Settings(
        port=1,
        ledger=ledger,
        webhook_url=HttpUrl("http://127.0.0.1:1"),
        **given,  # type: ignore[arg-type]
    )
    async with serving(create_app(settings)) as url, plain_http() as client:
        return Behaviour.model_validate((await client.get(f"{url}/behaviour")).json())


async def test_a_new_world_has_a_seed_and_a_speed_of_its_own(tmp_path: Path) -> None:
    assert await _behaviour_after(tmp_path / "a") == Behaviour(seed=1, speed=1000)
    assert await _behaviour_after(tmp_path / "b", speed=5) == Behaviour(seed=1, speed=5)
    assert await _behaviour_after(tmp_path / "c", seed=5) == Behaviour(seed=5, speed=1000)


async def test_a_seed_and_a_speed_that_are_given_win_over_the_behaviour_that_was_put(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    put = Behaviour(
        seed=7,
        speed=3,
        odds={"short_pick": 0.5},
        overrides=(Override(carrier="colibri", odds={"carrier_refuses": 1}),),
    )
    async with running_world(webhook_url=receiver.url, ledger=tmp_path, behaviour=put):
        pass
    ledger = tmp_path / "world.sqlite"

    assert await _behaviour_after(ledger) == put
    assert await _behaviour_after(ledger, speed=50) == put.model_copy(update={"speed": 50.0})
    changed = put.model_copy(update={"speed": 50.0, "seed": 9})
    assert await _behaviour_after(ledger, seed=9) == changed
    assert await _behaviour_after(ledger) == changed


async def test_a_speed_that_is_given_at_a_restart_speeds_up_what_is_still_to_come(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    async with running_world(
        webhook_url=receiver.url, ledger=tmp_path, behaviour=Behaviour(speed=1)
    ) as world:
        await ship(world.url, "s1")
    settings = Settings(
        port=1,
        ledger=tmp_path / "world.sqlite",
        webhook_url=HttpUrl(receiver.url),
        speed=FAST,
    )
    async with serving(create_app(settings)):
        await receiver.wait_for("s1", "picked", "dispatched")


async def test_the_same_seed_gives_the_same_world_in_any_order(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    odds: Odds = {"carrier_refuses": 0.5}
    states: list[dict[str, str]] = []
    for run, (seed, numbers) in enumerate(
        [(1, range(30)), (1, reversed(range(30))), (2, range(30))]
    ):
        async with (
            running_world(
                webhook_url=receiver.url,
                ledger=tmp_path / str(run),
                behaviour=Behaviour(seed=seed, odds=odds),
            ) as world,
            plain_http() as client,
        ):
            carriers = HttpCarriers(client, world.url, TIMEOUT)
            for number in numbers:
                await carriers.book(booking_request(f"r{number}"))
            bookings = (await world.ledger())["bookings"]
        states.append({booking["reference"]: booking["state"] for booking in bookings})

    first, same_seed, other_seed = states
    assert first == same_seed != other_seed
    assert set(first.values()) == {"booked", "refused"}


def test_chances_are_as_frequent_as_their_odds() -> None:
    behaviour = Behaviour(seed=3, odds={"carrier_refuses": 0.2})

    refused = sum(
        behaviour.happens("carrier_refuses", f"r{number}", Subject()) for number in range(5000)
    )

    assert 850 < refused < 1150


def test_the_last_override_that_fits_decides() -> None:
    behaviour = Behaviour(
        odds={"carrier_refuses": 0.1},
        overrides=(
            Override(carrier="a", odds={"carrier_refuses": 0.2}),
            Override(carrier="a", service="x", odds={"carrier_refuses": 0.3}),
            Override(carrier="a", service="x", odds={"late_delivery": 1}),
        ),
    )

    assert behaviour.probability("carrier_refuses", Subject("a", "x")) == 0.3
    assert behaviour.probability("carrier_refuses", Subject("a", "y")) == 0.2
    assert behaviour.probability("carrier_refuses", Subject("b", "x")) == 0.1
    assert behaviour.probability("late_delivery", Subject("b", "x")) == 0


async def test_the_ledger_is_filtered_by_the_beginning_of_the_reference(
    world: RunningWorld,
) -> None:
    await ship(world.url, "web:1")
    await ship(world.url, "edi:1")

    ledger = await world.ledger("web:")

    assert [booking["reference"] for booking in ledger["bookings"]] == ["web:1:parcel"]
    assert [release["reference"] for release in ledger["releases"]] == ["web:1"]
    assert {hook["reference"] for hook in ledger["webhooks"]} == {"web:1", "web:1:parcel"}
    assert (await world.summary())["bookings"] == {"booked": 2}


async def test_the_summary_counts_each_release_as_far_as_it_has_come(
    world: RunningWorld, receiver: WebhookReceiver
) -> None:
    silent = Override(location="LIL", odds={"warehouse_silent": 1})
    await world.behave(Behaviour(speed=FAST))
    await ship(world.url, "s1")
    await receiver.wait_for("s1", "picked", "dispatched")
    await world.behave(Behaviour(overrides=(silent,)))
    await ship(world.url, "s2")
    await world.behave(Behaviour(pick_hours=(0, 0), dispatch_hours=(9, 9)))
    await ship(world.url, "s3")

    reached = {"dispatched": 1, "accepted": 1, "picked": 1}
    assert (await world.summary())["releases"] == reached
    states = [release["state"] for release in (await world.ledger())["releases"]]
    assert states == ["dispatched", "accepted", "picked"]


async def test_a_malformed_request_is_told_where_it_is_wrong_and_not_what_was_sent(
    world: RunningWorld,
) -> None:
    body = booking_request("r1").model_dump(mode="json", exclude={"carrier"})
    body["recipient"]["country"] = ["Zoé Lefèvre"]
    async with plain_http(base_url=world.url) as client:
        response = await client.post("/carriers/colibri/bookings", json=body)

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_request"
    assert "body.recipient.country" in response.json()["reason"]
    assert "Lefèvre" not in response.text


@pytest.mark.parametrize(
    "behaviour",
    [
        {"speed": 0},
        {"odds": {"carrier_refuses": 1.1}},
        {"odds": {"carrier_sings": 0.5}},
        {"overrides": [{"location": "LIL", "sku": "A"}]},
        {"overrides": [{"sku": "A", "picks_at_most": 1, "odds": {"short_pick": 1}}]},
        {"colour": "blue"},
    ],
)
async def test_a_behaviour_that_makes_no_sense_is_refused(
    world: RunningWorld, behaviour: dict[str, object]
) -> None:
    async with plain_http(base_url=world.url) as client:
        response = await client.put("/behaviour", json=behaviour)
        unchanged = (await client.get("/behaviour")).json()

    assert response.status_code == 400
    assert unchanged == Behaviour().model_dump(mode="json")


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("WORLD_PORT", None, "is not set"),
        ("WORLD_LEDGER", None, "is not set"),
        ("WORLD_WEBHOOK_URL", None, "is not set"),
        ("WORLD_PORT", "many", "is wrong"),
        ("WORLD_SEED", "one", "is wrong"),
        ("WORLD_SPEED", "-1", "is wrong"),
        ("WORLD_SPEED", "inf", "is wrong"),
        ("WORLD_WEBHOOK_URL", "localhost", "is wrong"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None, problem: str
) -> None:
    monkeypatch.setenv("WORLD_PORT", "8123")
    monkeypatch.setenv("WORLD_LEDGER", "world.sqlite")
    monkeypatch.setenv("WORLD_WEBHOOK_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("WORLD_SEED", "1")
    monkeypatch.setenv("WORLD_SPEED", "3600")
    assert read_settings().speed == 3600
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError, match=f"^{variable} {problem}.*[.]$"):
        read_settings()
