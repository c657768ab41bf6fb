"""Record one history of each path an order can take: `python -m tests.replay.record`.

Paths that are stored already are skipped: a stored history is what once happened, and stays.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.replay import HISTORIES, store
from cli.stack import PostgresServer, TemporalServer
from domain.identity import return_workflow_id, workflow_id
from domain.messages.policy import OrderPolicy
from tests.replay import (
    amending_paths,
    closing_paths,
    collection_paths,
    paying_paths,
    return_paths,
    stopping_paths,
)
from tests.support import pickups
from tests.support.house import SHORT, House, open_house
from tests.support.stack import copy_of_template, make_template
from worker.replaying import fetch_runs
from world.behaviour import Behaviour, Chance, Override

PathOfOrder = Callable[[House], Awaitable[str]]


async def _disturb(house: House, *overrides: Override) -> None:
    await house.world.behave(Behaviour(speed=house.speed, overrides=overrides, hang_seconds=3))


async def _closed(house: House, *lines: tuple[str, int], **changes: object) -> str:
    order: str = (await house.place(*lines, **changes))["order_id"]
    await house.until_status(order, "closed")
    return order


async def straight(house: House) -> str:
    await house.stock(LIL_1=5)
    return await _closed(house, ("SKU-1", 2))


async def split(house: House) -> str:
    await house.stock(LIL_1=5, LYO_2=5)
    return await _closed(house, ("SKU-1", 2), ("SKU-2", 1))


async def card(house: House) -> str:
    await house.stock(LIL_1=5)
    return await _closed(
        house, ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_visa"
    )


async def booking_refused(house: House) -> str:
    await house.stock(LIL_1=5)
    await _disturb(house, Override(carrier="colibri", odds={"carrier_refuses": 1}))
    return await _closed(house, ("SKU-1", 1))


async def booking_answer_lost(house: House) -> str:
    await house.stock(LIL_1=5)
    await _disturb(house, Override(carrier="colibri", odds={"carrier_hangs_after_booking": 1}))
    return await _closed(house, ("SKU-1", 1))


async def short_pick(house: House) -> str:
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, Override(location="LIL", sku="SKU-1", picks_at_most=1))
    return await _closed(house, ("SKU-1", 3))


async def nothing_found(house: House) -> str:
    await house.stock(LIL_1=5, LYO_1=5)
    await _disturb(house, Override(location="LIL", sku="SKU-1", picks_at_most=0))
    return await _closed(house, ("SKU-1", 3))


def _location_fault(fault: Chance, policy: OrderPolicy = SHORT) -> PathOfOrder:
    async def path(house: House) -> str:
        await house.policy(policy)
        await house.stock(LIL_1=5, LYO_1=5)
        await _disturb(house, Override(location="LIL", odds={fault: 1}))
        return await _closed(house, ("SKU-1", 3))

    return path


async def backordered_then_sent(house: House) -> str:
    await house.stock(LIL_1=2)
    order: str = (await house.place(("SKU-1", 5)))["order_id"]
    await house.until_told(order, "backordered", "dispatched", "delivered")
    await house.stock(LYO_1=5)
    await house.tell_stock_arrived(order)
    await house.until_status(order, "closed")
    return order


async def held_then_released(house: House) -> str:
    await house.stock(LIL_1=50)
    order: str = (await house.place(("SKU-1", 11), customer_id="DUPONT"))["order_id"]
    release = {"released_by": "Marie", "note": "paid this morning"}
    await house.api.post(f"/orders/{order}/hold/release", json=release)
    await house.until_status(order, "closed")
    return order


async def held_then_expired(house: House) -> str:
    soon = timedelta(milliseconds=200)
    await house.policy(SHORT.model_copy(update={"hold_timeout": soon}))
    order: str = (
        await house.place(
            ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_declined"
        )
    )["order_id"]
    await house.until_status(order, "cancelled")
    return order


async def continued_as_new(house: House) -> str:
    await house.policy(SHORT.model_copy(update={"continue_as_new_after_events": 50}))
    await house.world.behave(
        Behaviour(speed=house.speed, odds={"duplicate_webhook": 1, "in_transit_event": 1})
    )
    await house.stock(LIL_1=5, LYO_2=5)
    return await _closed(house, ("SKU-1", 1), ("SKU-2", 1))


async def _released(house: House, *lines: tuple[str, int], **changes: object) -> str:
    """An order whose location has it, and says nothing more about it."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))
    order: str = (await house.place(*lines, **changes))["order_id"]
    await house.until_event(order, "released")
    return order


async def expected_then_sent(house: House) -> str:
    supply = {
        "location_id": "LYO",
        "due": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "confidence": 1.0,
        "lines": [{"sku": "SKU-1", "units": 5}],
    }
    await house.api.put("/supplies/PO-1", json=supply)
    order: str = (await house.place(("SKU-1", 5)))["order_id"]
    await house.until_event(order, "expected")
    await house.api.post("/supplies/PO-1/receipts", json={"id": "GR-1"})
    await house.until_status(order, "closed")
    return order


async def gave_way(house: House) -> str:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 5))
    await house.place(("SKU-1", 5), critical=True)
    await house.until_told(order, "confirmed", "all_backordered")
    await house.world.behave(Behaviour(speed=house.speed))
    await house.stock(LYO_1=5)
    await house.until_status(order, "closed")
    return order


async def counted_away(house: House) -> str:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 5))
    await house.stock(LYO_1=5)
    await house.world.behave(Behaviour(speed=house.speed))
    count = {
        "taken_at": datetime.now(UTC).isoformat(),
        "kind": "partial",
        "rows": [{"sku": "SKU-1", "quantity": 0}],
    }
    await house.api.put("/locations/LIL/stock", json=count)
    await house.until_status(order, "closed")
    return order


async def held_then_funded(house: House) -> str:
    await house.stock(LIL_1=50)
    order: str = (await house.place(("SKU-1", 11), customer_id="DUPONT"))["order_id"]
    terms = {"credit_limit": 20_000, "terms_days": 45, "delivery": "partial", "by": "Marie"}
    await house.api.put("/customers/DUPONT/terms", json=terms | {"note": "a good year"})
    await house.until_status(order, "closed")
    return order


async def held_then_rejected(house: House) -> str:
    await house.stock(LIL_1=50)
    order: str = (await house.place(("SKU-1", 11), customer_id="DUPONT"))["order_id"]
    rejection = {"rejected_by": "Marie", "note": "owes too much"}
    await house.api.post(f"/orders/{order}/hold/reject", json=rejection)
    await house.until_status(order, "cancelled")
    return order


async def terminated_then_ended(house: House) -> str:
    await house.stock(LIL_1=5)
    order = await _released(house, ("SKU-1", 5))
    await house.handle(order).terminate("somebody clicked")
    while not (await house.reconcile(everything=True)).restarted:
        pass
    await house.until_status(order, "cancelled")
    await house.handle(order).result()
    return order


def _missed(
    stock: dict[str, int], *done: tuple[str, int], number: int = 1, **changes: Any
) -> PathOfOrder:
    """Lille misses the collection at noon, what is `done` about it is so many events of a kind, and
    shipment `number` is sent in the end."""
    slow = pickups.service("colibri", 500, store=(pickups.NOON,), warehouse=(pickups.FOUR,))
    fast = pickups.service("falcon", 900, store=(pickups.FOUR,))

    async def path(house: House) -> str:
        await pickups.collect(house, slow, fast)
        await house.policy(pickups.patient(**changes))
        await house.stock(**stock)
        order = await pickups.released(house)
        await pickups.skip_to_pick(house, order)
        for kind, times in done:
            await house.until_event(order, kind, times)
        await pickups.goes_on(house, order, number)
        return order

    return path


PATHS: dict[str, PathOfOrder] = {
    "straight": straight,
    "split": split,
    "card": card,
    "booking-refused": booking_refused,
    "booking-answer-lost": booking_answer_lost,
    "short-pick": short_pick,
    "nothing-found": nothing_found,
    "release-refused": _location_fault("warehouse_refuses"),
    "rejected": _location_fault("warehouse_rejects"),
    "silent": _location_fault(
        "warehouse_silent",
        SHORT.model_copy(update={"pick_timeout": timedelta(milliseconds=300)}),
    ),
    "backordered-then-sent": backordered_then_sent,
    "held-then-released": held_then_released,
    "held-then-expired": held_then_expired,
    "continued-as-new": continued_as_new,
    "expected-then-sent": expected_then_sent,
    "gave-way": gave_way,
    "counted-away": counted_away,
    "location-closed": closing_paths.location_closed,
    "location-closed-and-silent": closing_paths.location_closed_and_silent,
    "held-then-funded": held_then_funded,
    "held-then-rejected": held_then_rejected,
    "terminated-then-ended": terminated_then_ended,
    "fetched": collection_paths.fetched,
    "fetched-from-elsewhere": collection_paths.fetched_from_elsewhere,
    "fetched-at-two-stores": collection_paths.fetched_at_two_stores,
    "never-fetched": collection_paths.never_fetched,
    "never-fetched-from-elsewhere": collection_paths.never_fetched_from_elsewhere,
    "amended-up-and-down": amending_paths.amended_up_and_down,
    "amended-too-late": amending_paths.amended_too_late,
    "amended-on-hold": amending_paths.amended_on_hold,
    "amended-card": amending_paths.amended_card,
    "paid-by-three": paying_paths.paid_by_three,
    "renewed-then-sent": paying_paths.renewed_then_sent,
    "renewal-declined-then-released": paying_paths.renewal_declined_then_released,
    "capture-refused-then-released": paying_paths.capture_refused_then_released,
    "cancelled": stopping_paths.cancelled,
    "cancelled-in-part": stopping_paths.cancelled_in_part,
    "held-then-amended": stopping_paths.held_then_amended,
    "held-by-support": stopping_paths.held_by_support,
    "sent-back": return_paths.sent_back,
    "exchanged": return_paths.exchanged,
    "exchanged-for-less": return_paths.exchanged_for_less,
    "refund-refused-then-retried": return_paths.refund_refused_then_retried,
    "refund-refused-then-settled": return_paths.refund_refused_then_settled,
    "brought-to-a-store": return_paths.brought_to_a_store,
    "came-unannounced": return_paths.came_unannounced,
    "never-sent-back": return_paths.never_sent_back,
    "taken-in-by-a-lost-task": return_paths.taken_in_by_a_lost_task,
    "not-sent-back": return_paths.not_sent_back,
    "missed-then-promised-anew": _missed({"LIL_1": 5}, ("pick_missed", 1)),
    "missed-then-from-elsewhere": _missed({"LIL_1": 5, "LYO_1": 5}, ("released", 2), number=2),
    "missed-then-faster": _missed({"LIL_1": 5}, ("booking_voided", 1), max_upgrade_cost=400),
}


async def main() -> None:
    missing = {name: path for name, path in PATHS.items() if not _stored(name)}
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = PostgresServer(directory / "postgres", durable=False)
        temporal = TemporalServer(directory / "temporal", time_skipping=True)
        for server in (postgres, temporal):
            await server.start()
            stack.push_async_callback(server.stop)
        await make_template(postgres)
        for name, path in missing.items():
            (directory / name).mkdir()
            async with (
                copy_of_template(postgres) as url,
                open_house(url, temporal.address, directory / name, Behaviour()) as house,
            ):
                thread = _thread_of(await path(house))
                for number, run in enumerate(await fetch_runs(house.client, thread), start=1):
                    print(store(run, f"{name}-{number}", HISTORIES))


def _thread_of(made: str) -> str:
    """The workflow of an order, or of a return: its id has one colon more."""
    return workflow_id(made) if made.count(":") == 1 else return_workflow_id(made)


def _stored(name: str) -> bool:
    return (HISTORIES / f"{name}-1.json").exists()


if __name__ == "__main__":
    asyncio.run(main())
