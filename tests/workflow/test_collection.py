"""Orders that their customers fetch at a store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from activities.collection_end import CollectionEndActivities
from adapters.postgres.network import Network, load_network
from domain.messages.collection import ExpireCollection, RecordCollection
from domain.messages.events import WarehouseEvent, WarehouseEventKind
from tests.support.collection import NICE, PARIS
from tests.support.house import SHORT, House
from tests.support.pickups import report
from tests.support.world import until
from workflows.order import OrderWorkflow
from world.behaviour import Behaviour, Odds, Override, Subject

if TYPE_CHECKING:
    import httpx

SOON = timedelta(milliseconds=300)
NOBODY_COMES: Odds = {"no_show": 1.0}

CONTACT = {"name": "Ada Byron", "email": "ada@example.org"}


@pytest.fixture(autouse=True)
async def stores(house: House) -> None:
    async with house.engine.begin() as conn:
        await load_network(conn, Network(locations=[PARIS, NICE]))


async def collect(house: House, *lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """Place an order that is to be fetched in Paris from the store's own stock."""
    asked = {"type": "collect", "collect_at": "PAR", "ship_to": CONTACT}
    return await house.place(*lines, **(asked | changes))


async def test_an_order_is_fetched_from_the_stores_own_stock(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds=NOBODY_COMES))
    await house.stock(PAR_1=5, LIL_1=5)
    placed = await collect(house, ("SKU-1", 2))
    assert [(s["location_id"], s["carrier"]) for s in placed["shipments"]] == [("PAR", "")]
    await house.until_event(placed["order_id"], "ready_to_collect")
    assert (await fetched(house, placed["order_id"])).status_code == 202

    closed = await house.until_status(placed["order_id"], "closed")

    assert [event["kind"] for event in closed["timeline"]] == [
        "received",
        "credit_secured",
        "sourced",
        "released",
        "picked",
        "ready_to_collect",
        "collected",
        "closed",
    ]
    assert await house.told(placed["order_id"]) == ["confirmed", "ready_to_collect", "collected"]
    [shipment] = closed["shipments"]
    assert (shipment["status"], shipment["collect_at"]) == ("delivered", "PAR")
    assert shipment["collected_at"] < shipment["collect_until"]
    assert [(i["amount"], i["paid"]) for i in closed["invoices"]] == [(2000, 0)]
    [stock] = await house.sql("SELECT * FROM stock WHERE location_id = 'PAR'")
    assert (stock.on_hand, stock.reserved) == (3, 0)
    assert (await house.world.ledger(placed["order_id"]))["bookings"] == []
    await house.check()


async def keep_for(house: House, time: timedelta, **changes: Any) -> None:
    """Orders from now on are kept ready for so long."""
    changes |= {"version": uuid4().hex, "collect_timeout": time}
    await house.policy(SHORT.model_copy(update=changes))


async def ready(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order that is ready in Paris and for which nobody comes."""
    await house.world.behave(Behaviour(speed=house.speed, odds=NOBODY_COMES))
    placed = await collect(house, *lines, **changes)
    await house.until_event(placed["order_id"], "ready_to_collect")
    order: str = placed["order_id"]
    return order


async def fetched(house: House, order: str, number: int = 1, store: str = "PAR") -> httpx.Response:
    """A store reports that the customer has fetched a shipment."""
    report = {
        "event_id": uuid4().hex,
        "kind": "collected",
        "reference": f"{order}:{number}",
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    return await house.api.post(f"/webhooks/warehouses/{store}", json=report)


async def units(house: House, location: str) -> tuple[int, int]:
    """What a location has on hand of SKU-1, and what of it is reserved."""
    [row] = await house.sql(
        "SELECT on_hand, reserved FROM stock WHERE location_id = :at AND sku = 'SKU-1'", at=location
    )
    return row.on_hand, row.reserved


async def test_what_nobody_fetches_is_on_sale_again_and_its_credit_free(house: House) -> None:
    await keep_for(house, SOON)
    await house.stock(PAR_1=5)
    order = await ready(house, ("SKU-1", 2))

    ended = await house.until_status(order, "cancelled")

    assert await units(house, "PAR") == (5, 0)
    assert [s["status"] for s in ended["shipments"]] == ["expired"]
    assert [(line["shipped"], line["cancelled"]) for line in ended["lines"]] == [(0, 2)]
    assert ended["invoices"] == []
    [account] = await house.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 0)
    kinds = await house.timeline(order)
    assert kinds[-3:] == ["recalled", "collection_expired", "cancelled"]
    assert (await house.told(order))[-2:] == ["ready_to_collect", "collection_expired"]
    release = (await house.world.ledger(order))["releases"][0]
    assert release["state"] == "recalled"
    await house.check()


async def test_a_card_is_charged_when_it_is_fetched_and_given_back_when_it_is_not(
    house: House,
) -> None:
    await house.stock(PAR_1=5)
    card = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order = await ready(house, ("SKU-1", 2), **card)
    assert (await house.world.ledger(order))["captures"] == []
    assert (await fetched(house, order)).status_code == 202
    closed = await house.until_status(order, "closed")
    assert [(i["amount"], i["paid"]) for i in closed["invoices"]] == [(2000, 2000)]

    await keep_for(house, SOON)
    lost = await ready(house, ("SKU-1", 2), **card)
    await house.until_status(lost, "cancelled")
    ledger = await house.world.ledger(lost)
    assert (ledger["captures"], [a["state"] for a in ledger["authorisations"]]) == ([], ["voided"])
    await house.check()


async def until_shipment(house: House, order: str, number: int, status: str) -> dict[str, Any]:
    """Wait until a shipment has a status; gives it."""

    async def there() -> bool:
        return any(
            s["shipment_id"] == f"{order}:{number}" and s["status"] == status
            for s in (await house.order(order))["shipments"]
        )

    await until(there, f"shipment {number} of {order} is {status}")
    shipments = (await house.order(order))["shipments"]
    found: dict[str, Any] = shipments[number - 1]
    return found


async def to_store(house: House, *lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """Place an order that is to be sent to Paris from anywhere and fetched there."""
    return await collect(house, *lines, **({"type": "ship_to_store"} | changes))


async def at_store(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order that has come to Paris from Lille and for which nobody comes."""
    await house.world.behave(Behaviour(speed=house.speed, odds=NOBODY_COMES))
    await house.stock(LIL_1=5)
    order: str = (await to_store(house, *lines, **changes))["order_id"]
    await house.until_event(order, "ready_to_collect")
    return order


async def test_what_is_sent_to_a_store_is_invoiced_when_it_is_fetched_there(house: House) -> None:
    order = await at_store(house, ("SKU-1", 2))

    there = await house.order(order)
    assert there["invoices"] == []
    assert [(line["shipped"], line["cancelled"]) for line in there["lines"]] == [(2, 0)]
    assert await units(house, "LIL") == (3, 0)
    [account] = await house.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (2000, 0)
    await house.check()
    assert (await fetched(house, order)).status_code == 202

    closed = await house.until_status(order, "closed")
    assert [(i["amount"], i["paid"]) for i in closed["invoices"]] == [(2000, 0)]
    [account] = await house.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 2000)
    assert (await house.timeline(order))[-5:] == [
        "picked",
        "sent_to_store",
        "ready_to_collect",
        "collected",
        "closed",
    ]
    assert await house.told(order) == ["confirmed", "ready_to_collect", "collected"]
    ledger = await house.world.ledger(order)
    [booking] = ledger["bookings"]
    assert (booking["recipient"]["name"], booking["recipient"]["postal_code"]) == (
        "Ada Byron",
        "75002",
    )
    announced = {r["partner"]: r for r in ledger["releases"]}["PAR"]
    assert announced["tracking_number"] == booking["tracking_number"]
    await house.check()


async def test_what_the_store_has_itself_of_an_order_sent_there_takes_no_carrier(
    house: House,
) -> None:
    await house.world.behave(Behaviour(speed=house.speed, odds=NOBODY_COMES))
    await house.stock(LIL_2=5, PAR_1=5)
    placed = await to_store(house, ("SKU-1", 2), ("SKU-2", 1))
    order = placed["order_id"]
    sent = {s["location_id"]: s["carrier"] for s in placed["shipments"]}
    assert sent == {"PAR": "", "LIL": "colibri"}
    await house.until_event(order, "ready_to_collect", times=2)
    for number in (1, 2):
        assert (await fetched(house, order, number)).status_code == 202
    closed = await house.until_status(order, "closed")
    assert {s["status"] for s in closed["shipments"]} == {"delivered"}
    assert sorted(i["amount"] for i in closed["invoices"]) == [1000, 2000]
    assert (await house.told(order)).count("ready_to_collect") == 2
    await house.check()


async def test_who_has_it_already_is_not_told_that_it_is_ready(house: House) -> None:
    await house.world.behave(Behaviour(speed=house.speed, overrides=(_silent("PAR"),)))
    await house.stock(PAR_1=5)
    order = (await collect(house, ("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    assert (await fetched(house, order)).status_code == 202
    await house.until_status(order, "closed")
    assert await house.told(order) == ["confirmed", "collected"]
    await house.check()


async def test_what_a_store_does_not_do_waits_for_the_customer_to_agree_to_another(
    house: House,
) -> None:
    refuses = Override(location="PAR", odds={"warehouse_rejects": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(refuses,)))
    await house.stock(PAR_1=5, NCE_1=5, LIL_1=5)
    order = (await collect(house, ("SKU-1", 2)))["order_id"]
    held = await house.until_status(order, "on_hold")
    assert held["hold_reason"] == "no_source"
    assert "Paris rejected it" in held["hold"]["explanation"]

    assert (await move(house, order)).status_code == 200

    closed = await house.until_status(order, "closed")
    assert [(s["location_id"], s["status"]) for s in closed["shipments"]] == [
        ("PAR", "abandoned"),
        ("NCE", "delivered"),
    ]
    await house.check()


async def test_a_parcel_for_a_store_goes_to_another_one_that_the_customer_agrees_to(
    house: House,
) -> None:
    await house.world.behave(Behaviour(speed=house.speed, overrides=(_silent("LIL"),)))
    await house.stock(LIL_1=5)
    order = (await to_store(house, ("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    await house.world.behave(Behaviour(speed=house.speed))

    assert (await move(house, order)).status_code == 200

    closed = await house.until_status(order, "closed")
    assert [(s["collect_at"], s["status"]) for s in closed["shipments"]] == [
        ("PAR", "abandoned"),
        ("NCE", "delivered"),
    ]
    bookings = (await house.world.ledger(order))["bookings"]
    assert {b["state"]: b["recipient"]["postal_code"] for b in bookings} == {
        "voided": "75002",
        "booked": "06000",
    }
    await house.check()


async def test_an_order_that_is_rejected_takes_back_what_is_ready(house: House) -> None:
    await keep_for(house, timedelta(hours=1), backorder_timeout=SOON)
    await house.stock(PAR_1=2)
    order = await ready(house, ("SKU-1", 3))
    await house.until_status(order, "on_hold")
    rejection = {"rejected_by": "Marie", "note": "the customer has changed his mind"}
    answer = await house.api.post(f"/orders/{order}/hold/reject", json=rejection)
    assert answer.status_code == 200
    ended = await house.until_status(order, "cancelled")
    assert [s["status"] for s in ended["shipments"]] == ["abandoned"]
    assert await units(house, "PAR") == (2, 0)
    assert (await house.world.ledger(order))["releases"][0]["state"] == "recalled"
    await house.check()


async def test_what_came_for_somebody_who_never_came_is_the_stores_and_serves_who_waits(
    house: House,
) -> None:
    await keep_for(house, SOON)
    order = await at_store(house, ("SKU-1", 5))
    waiting = (await collect(house, ("SKU-1", 1)))["order_id"]

    ended = await house.until_status(order, "cancelled")

    assert [s["status"] for s in ended["shipments"]] == ["expired"]
    assert [(line["shipped"], line["cancelled"]) for line in ended["lines"]] == [(0, 5)]
    await house.until_event(waiting, "earmarked")
    await house.until_event(waiting, "ready_to_collect")
    assert await units(house, "LIL") == (0, 0)
    [moved] = await house.sql("SELECT * FROM stock_ledger WHERE reason = 'uncollected'")
    assert (moved.location_id, moved.delta) == ("PAR", 5)
    await house.check()


async def test_a_short_pick_waits_at_the_store_for_more_and_never_comes_from_another(
    house: House,
) -> None:
    short = Override(location="PAR", sku="SKU-1", picks_at_most=2)
    await house.world.behave(Behaviour(speed=house.speed, overrides=(short,)))
    await house.stock(PAR_1=3, NCE_1=9, LIL_1=9)
    order = (await collect(house, ("SKU-1", 3)))["order_id"]
    await until_shipment(house, order, 1, "delivered")

    backordered = await house.until_status(order, "backordered")
    assert [line["backordered"] for line in backordered["lines"]] == [1]
    await house.world.behave(Behaviour(speed=house.speed))
    await house.stock(LIL_1=1)
    await house.stock(PAR_1=1)

    closed = await house.until_status(order, "closed")
    assert [s["location_id"] for s in closed["shipments"]] == ["PAR", "PAR"]
    assert (await units(house, "NCE"), await units(house, "LIL")) == ((9, 0), (10, 0))
    kept = [event["text"] for event in closed["timeline"] if event["kind"] == "earmarked"]
    assert len(kept) == 1
    assert "at Paris" in kept[0]
    await house.check()


async def move(house: House, order: str, store: str = "NCE") -> httpx.Response:
    body = {"location_id": store, "agreed_by": "Marie", "note": "she is in Nice this week"}
    return await house.api.post(f"/orders/{order}/collect-at", json=body)


async def test_what_is_not_ready_moves_to_the_store_that_the_customer_agrees_to(
    house: House,
) -> None:
    await house.world.behave(
        Behaviour(
            speed=house.speed,
            odds=NOBODY_COMES,
            overrides=(Override(location="PAR", sku="SKU-1", picks_at_most=2),),
        )
    )
    await house.stock(PAR_1=3, NCE_1=9)
    order = (await collect(house, ("SKU-1", 3)))["order_id"]
    await house.until_event(order, "ready_to_collect")
    await house.until_status(order, "backordered")

    answer = await move(house, order)

    assert answer.status_code == 200, answer.text
    await house.until_event(order, "ready_to_collect", times=2)
    shipments = (await house.order(order))["shipments"]
    assert [(s["collect_at"], s["lines"][0]["quantity"]) for s in shipments] == [
        ("PAR", 2),
        ("NCE", 1),
    ]
    assert (await house.order(order))["collect_at"] == "NCE"
    for number, store in ((1, "PAR"), (2, "NCE")):
        assert (await fetched(house, order, number, store)).status_code == 202
    closed = await house.until_status(order, "closed")
    said = next(e["text"] for e in closed["timeline"] if e["kind"] == "collect_elsewhere")
    assert said == (
        "What is not ready at Paris is to be fetched at Nice, agreed by Marie: she is in Nice this "
        "week."
    )
    await house.check()


async def test_a_store_that_has_not_picked_yet_gives_its_order_up_for_another(
    house: House,
) -> None:
    await house.world.behave(
        Behaviour(speed=house.speed, overrides=(_silent("PAR"),), odds=NOBODY_COMES)
    )
    await house.stock(PAR_1=3, NCE_1=3)
    order = (await collect(house, ("SKU-1", 3)))["order_id"]
    await house.until_event(order, "released")

    assert (await move(house, order)).status_code == 200

    await house.until_event(order, "ready_to_collect")
    shipments = (await house.order(order))["shipments"]
    assert [(s["location_id"], s["status"]) for s in shipments] == [
        ("PAR", "abandoned"),
        ("NCE", "picked"),
    ]
    assert (await units(house, "PAR"), await units(house, "NCE")) == ((3, 0), (3, 3))
    assert (await move(house, order)).status_code == 200, "the same again"
    await house.check()


def _silent(location: str) -> Override:
    return Override(location=location, odds={"warehouse_silent": 1})


async def test_what_is_ready_moves_nowhere(house: House) -> None:
    await house.stock(PAR_1=3)
    order = await ready(house, ("SKU-1", 3))
    answer = await move(house, order)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:ariane:problem:not-collectable-elsewhere"
    assert answer.json()["detail"] == (
        f"Order {order} has nothing that is not ready, on its way or fetched."
    )
    assert (await fetched(house, order)).status_code == 202
    await house.until_status(order, "closed")
    assert (await move(house, order)).status_code == 409
    sent = (await house.place(("SKU-2", 1)))["order_id"]
    assert (await move(house, sent)).status_code == 409


async def test_the_customer_is_reminded_once_before_it_is_not_kept_any_longer(
    house: House,
) -> None:
    await keep_for(house, 3 * SOON, collect_reminder=2 * SOON)
    await house.stock(PAR_1=3)
    order = await ready(house, ("SKU-1", 3))
    await house.until_status(order, "cancelled")
    assert (await house.told(order))[-3:] == [
        "ready_to_collect",
        "collect_reminder",
        "collection_expired",
    ]


async def test_staff_see_for_whom_it_waits_and_until_when(house: House) -> None:
    await house.stock(PAR_1=3)
    order = await ready(house, ("SKU-1", 3))
    [shipment] = (await house.order(order))["shipments"]
    until_when = datetime.fromisoformat(shipment["collect_until"])

    async def told() -> bool:
        description = await house.handle(order).describe()
        details = await description.static_details() or ""
        assert "**Fetched at**: Paris" in details
        shown = await house.handle(order).query("__temporal_workflow_metadata")
        return (
            "the customer to fetch it at Paris (Paris, shipment 1), until "
            f"{until_when:%Y-%m-%d %H:%M} UTC" in str(shown)
        )

    await until(told, "the details say it")


def late_report_of_a_collection(reference: str) -> int:
    """A seed by which the store reports at once what it has picked, and late what was fetched."""
    subject = Subject("", "collect", "PAR")

    def is_late(seed: int, kind: str) -> bool:
        behaviour = Behaviour(seed=seed, odds={"late_webhook": 0.5})
        return behaviour.happens("late_webhook", f"{reference}:{kind}", subject)

    return next(s for s in range(1000) if is_late(s, "collected") and not is_late(s, "picked"))


async def test_a_customer_who_came_at_the_last_moment_has_it_though_we_hear_of_it_late(
    house: House,
) -> None:
    await keep_for(house, timedelta(seconds=1))
    await house.stock(PAR_1=5)
    seed = late_report_of_a_collection("web:LATE:1")
    await house.world.behave(
        Behaviour(
            seed=seed,
            speed=20_000,
            odds={"late_webhook": 0.5},
            pick_hours=(0.5, 0.5),
            collect_hours=(0.1, 0.1),
        )
    )
    order = (await collect(house, ("SKU-1", 2), reference="LATE"))["order_id"]

    closed = await house.until_status(order, "closed")

    kinds = await house.timeline(order)
    assert kinds.index("recall_refused") < kinds.index("collected")
    assert "collection_expired" not in kinds
    assert [i["amount"] for i in closed["invoices"]] == [2000]
    assert await units(house, "PAR") == (3, 0)
    await house.check()


async def test_a_store_that_cannot_be_asked_is_heard_all_the_same(house: House) -> None:
    await keep_for(house, SOON, release_timeout=timedelta(seconds=2))
    await house.stock(PAR_1=5)
    order = await ready(house, ("SKU-1", 2))
    away = Override(location="PAR", odds={"warehouse_unavailable": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(away,)))
    [shipment] = (await house.order(order))["shipments"]

    async def is_past() -> bool:
        return datetime.now(UTC) > datetime.fromisoformat(shipment["collect_until"])

    await until(is_past, "it is not kept any longer")
    assert (await fetched(house, order)).status_code == 202

    closed = await house.until_status(order, "closed")
    assert [i["amount"] for i in closed["invoices"]] == [2000]
    await house.check()


async def test_of_an_expiry_and_a_collection_at_the_same_moment_one_wins_and_both_know(
    house: House,
) -> None:
    await keep_for(house, SOON)
    await house.stock(PAR_1=20)
    orders = [await ready(house, ("SKU-1", 1)) for _ in range(6)]
    answers = []
    for order in orders:
        [shipment] = (await house.order(order))["shipments"]
        left = datetime.fromisoformat(shipment["collect_until"]) - datetime.now(UTC)
        await asyncio.sleep(max(0.0, left.total_seconds()))
        answers.append((await fetched(house, order)).status_code)

    for order, answer in zip(orders, answers, strict=True):

        async def has_ended(order: str = order) -> bool:
            return (await house.order(order))["closed_at"] is not None

        await until(has_ended, f"{order} has ended")
        ended = await house.order(order)
        came = ended["status"] == "closed"
        assert [i["amount"] for i in ended["invoices"]] == ([1000] if came else [])
        assert ("collection_expired" in await house.told(order)) is not came
        # Whoever came too late is told so, by the store that kept it back or by us.
        assert answer in ((202,) if came else (202, 409))
        recalled = (await house.world.ledger(order))["releases"][0]["state"] == "recalled"
        assert came or recalled
    on_hand, reserved = await units(house, "PAR")
    invoiced = await house.sql("SELECT count(*) FROM invoices")
    assert (on_hand, reserved) == (20 - invoiced[0][0], 0)
    await house.check()


async def test_an_expiry_that_a_lost_task_had_written_stands(house: House) -> None:
    await house.stock(PAR_1=5)
    order = await ready(house, ("SKU-1", 2))
    lost = ExpireCollection(shipment_id=f"{order}:1", reason="nobody came", at=datetime.now(UTC))
    await CollectionEndActivities(house.engine).expire_collection(lost)

    too_late = await fetched(house, order)
    assert too_late.status_code == 409
    assert too_late.json()["type"] == "urn:ariane:problem:collection-expired"
    await house.handle(order).signal(
        OrderWorkflow.warehouse_event,
        WarehouseEvent(
            event_id=uuid4().hex,
            shipment_id=f"{order}:1",
            kind=WarehouseEventKind.COLLECTED,
            occurred_at=datetime.now(UTC),
        ),
    )

    ended = await house.until_status(order, "cancelled")
    assert ended["invoices"] == []
    assert await units(house, "PAR") == (5, 0)
    await house.check()


async def test_a_collection_that_a_lost_task_had_written_stands(house: House) -> None:
    await keep_for(house, 4 * SOON)
    await house.stock(PAR_1=5)
    card = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
    order = await ready(house, ("SKU-1", 2), **card)
    now = datetime.now(UTC)
    lost = RecordCollection(shipment_id=f"{order}:1", occurred_at=now, at=now)
    await CollectionEndActivities(house.engine).record_collection(lost)

    closed = await house.until_status(order, "closed")

    assert [(i["amount"], i["paid"]) for i in closed["invoices"]] == [(2000, 2000)]
    assert "collection_expired" not in await house.timeline(order)
    await house.check()


async def test_an_order_that_continues_as_new_still_waits_for_its_customer(house: House) -> None:
    await house.policy(
        SHORT.model_copy(update={"version": "short-runs", "continue_as_new_after_events": 50})
    )
    await house.stock(LIL_1=5, PAR_2=5)
    await house.world.behave(
        Behaviour(speed=house.speed, odds=NOBODY_COMES | {"duplicate_webhook": 1})
    )
    order = (await to_store(house, ("SKU-1", 1), ("SKU-2", 1)))["order_id"]
    run_id = (await house.handle(order).describe()).run_id
    await house.until_event(order, "ready_to_collect", times=2)
    for _ in range(20):
        await house.tell_stock_arrived(order)
    await house.until_new_run(order, run_id)
    for number, shipment in enumerate((await house.order(order))["shipments"], start=1):
        assert (await fetched(house, order, number)).status_code == 202, shipment
    await house.until_status(order, "closed")
    await house.check()


async def test_somebody_who_terminates_the_workflow_has_cancelled_what_is_ready(
    house: House,
) -> None:
    await house.stock(PAR_2=5)
    await house.stock(LIL_1=5)
    await house.world.behave(Behaviour(speed=house.speed, odds=NOBODY_COMES))
    order = (await to_store(house, ("SKU-1", 2), ("SKU-2", 2)))["order_id"]
    await house.until_event(order, "ready_to_collect", times=2)
    await house.handle(order).terminate("somebody clicked")
    while not (await house.reconcile(everything=True)).restarted:
        pass

    ended = await house.until_status(order, "cancelled")

    assert sorted(s["status"] for s in ended["shipments"]) == ["abandoned", "expired"]
    assert await units(house, "PAR") == (2, 0)
    assert ended["invoices"] == []
    await house.check()


async def test_what_its_origin_could_not_stop_is_not_offered_to_who_has_cancelled_it(
    house: House,
) -> None:
    at_once = Behaviour(
        speed=100, pick_hours=(0, 0), dispatch_hours=(0, 0), odds={"late_webhook": 1}
    )
    await house.world.behave(at_once)
    await house.stock(LIL_1=5)
    order = (await to_store(house, ("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    cancelled = await house.api.post(f"/orders/{order}/cancel", json={"by": "Ann", "reason": "no"})
    assert cancelled.status_code < 300, cancelled.text
    await house.until_event(order, "recall_refused")

    await report(house, "warehouses/LIL", f"{order}:1", "dispatched")
    await house.until_event(order, "sent_to_store")
    await report(house, "carriers/colibri", f"{order}:1:1", "delivered")

    ended = await house.until_status(order, "cancelled")
    assert [s["status"] for s in ended["shipments"]] == ["expired"]
    assert "ready_to_collect" not in await house.timeline(order)
    assert await units(house, "PAR") == (2, 0)
    await house.check()
