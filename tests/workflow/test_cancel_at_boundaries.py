"""An order is cancelled before and after each of its steps: nothing of it stays anywhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.postgres.network import Network, load_network
from domain.identity import workflow_id
from tests.support.collection import NICE, PARIS
from tests.support.gates import Boundary, GatedHouse, gated
from tests.support.house import SHORT, order_body
from world.behaviour import Behaviour, Override

if TYPE_CHECKING:
    from domain.messages.policy import OrderPolicy
    from tests.support.house import House

CARD = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}
BY_THREE = {
    "payments": [
        {"tender": "card", "amount": 1500, "token": "tok_visa"},
        {"tender": "voucher", "amount": 500, "token": "voucher-100000-gift"},
        {"tender": "account"},
    ]
}
# Where two dozen orders go on at once nobody counts as out of reach for being slow.
CALM = SHORT.model_copy(update={"version": "calm", "release_timeout": timedelta(hours=1)})
SOON = timedelta(milliseconds=200)
STRAIGHT = (
    "allocate",
    "book_carrier",
    "release_to_location",
    "record_pick",
    "record_dispatch",
    "record_delivery",
)


@dataclass(frozen=True)
class Course:
    """What orders go through, and the steps before and after which one of them is cancelled: a step
    that comes again is followed by how often it came. With `becomes` it is to be an order of so
    many units as soon as it is placed."""

    steps: tuple[str | tuple[str, int], ...]
    order: dict[str, Any] = field(default_factory=dict)
    units: int = 3
    becomes: int | None = None

    @property
    def boundaries(self) -> list[Boundary]:
        named = [step if isinstance(step, tuple) else (step, 1) for step in self.steps]
        return [Boundary(step, when, nth) for step, nth in named for when in ("before", "after")]


@dataclass(frozen=True)
class Setting:
    """A world and a policy, and the courses that orders take in it."""

    courses: tuple[Course, ...]
    stock: dict[str, int] = field(default_factory=lambda: {"LIL_1": 200, "LYO_1": 200})
    behaviour: dict[str, Any] = field(default_factory=dict)
    policy: OrderPolicy = CALM


FETCHED = {"type": "collect", "collect_at": "PAR"}
SENT_TO_STORE = {"type": "ship_to_store", "collect_at": "PAR"}
ON_ACCOUNT = Course(("secure_credit", *STRAIGHT))
SETTINGS = {
    "as planned": Setting(
        (
            Course(
                (
                    "authorise_payment",
                    ("authorise_payment", 2),
                    "secure_credit",
                    *STRAIGHT,
                    "capture_payment",
                ),
                order=BY_THREE,
            ),
            Course(
                ("authorise_payment", "record_outcome"),
                order=CARD | {"payment_token": "tok_declined"},
            ),
            Course(("allocate",), units=500),
        )
    ),
    "amended": Setting(
        (
            Course(
                (
                    "examine_amendment",
                    "cover_amendment",
                    ("authorise_payment", 2),
                    "apply_amendment",
                    ("allocate", 2),
                ),
                order=CARD,
                becomes=5,
            ),
            Course(
                (("examine_amendment", 2), "apply_amendment", ("allocate", 2), "give_back_spare"),
                order=CARD,
                becomes=1,
            ),
            Course(("examine_amendment", "refuse_amendment"), order=CARD, becomes=900),
        ),
        behaviour={"odds": {"warehouse_silent": 1}},
    ),
    "refused by the carrier": Setting(
        (Course(("book_carrier", ("allocate", 2), ("book_carrier", 2))),),
        behaviour={"overrides": (Override(carrier="colibri", odds={"carrier_refuses": 1}),)},
    ),
    "rejected by the location": Setting(
        (
            Course(
                (("allocate", 2), "void_booking", ("book_carrier", 2), ("release_to_location", 2))
            ),
        ),
        behaviour={"overrides": (Override(location="LIL", odds={"warehouse_rejects": 1}),)},
    ),
    "picked short": Setting(
        (Course(("record_pick", ("allocate", 2), ("book_carrier", 2), ("record_dispatch", 2))),),
        behaviour={"overrides": (Override(location="LIL", sku="SKU-1", picks_at_most=1),)},
    ),
    "not confirmed in time": Setting(
        (
            Course(
                (
                    "recall_from_location",
                    ("allocate", 2),
                    "void_booking",
                    ("release_to_location", 2),
                )
            ),
        ),
        behaviour={"overrides": (Override(location="LIL", odds={"warehouse_silent": 1}),)},
        policy=CALM.model_copy(update={"version": "hasty", "pick_timeout": SOON}),
    ),
    "fetched at the store": Setting(
        (Course(("release_to_location", "record_pick", "record_collection"), order=FETCHED),),
        stock={"PAR_1": 200},
    ),
    "sent to the store": Setting(
        (
            Course(
                ("record_pick", "send_to_store", "announce_to_store", "record_collection"),
                order=SENT_TO_STORE,
            ),
        ),
    ),
    "never fetched": Setting(
        (Course(("record_ready", "recall_from_store", "expire_collection"), order=SENT_TO_STORE),),
        behaviour={"odds": {"no_show": 1}},
        policy=CALM.model_copy(update={"version": "hasty", "collect_timeout": SOON}),
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
async def test_cancelled_at_any_moment_nothing_of_it_stays(house: House, name: str) -> None:
    setting = SETTINGS[name]
    async with house.engine.begin() as conn:
        await load_network(conn, Network(locations=[PARIS, NICE]))
    await house.world.behave(Behaviour(speed=house.speed, **setting.behaviour))
    await house.policy(setting.policy)
    await house.stock(**setting.stock)
    async with gated(house) as running:
        wrong = await asyncio.gather(
            *(_cancelled_at(house, running, c, b) for c in setting.courses for b in c.boundaries)
        )
    assert [found for found in wrong if found is not None] == []
    await house.check()


async def test_put_on_hold_at_any_moment_it_goes_on_when_it_is_released(house: House) -> None:
    await house.policy(CALM)
    await house.stock(LIL_1=200)
    async with gated(house) as running:
        wrong = await asyncio.gather(
            *(_held_at(house, running, ON_ACCOUNT, b) for b in ON_ACCOUNT.boundaries)
        )
    assert [found for found in wrong if found is not None] == []
    await house.check()


async def _held_at(
    house: House, running: GatedHouse, course: Course, boundary: Boundary
) -> str | None:
    """Put an order on hold that stands at a boundary, and release it; gives what is wrong then."""
    body = order_body(("SKU-1", course.units), **course.order)
    order = f"web:{body['reference']}"
    gate = running.gates.set(order, boundary)
    placing = asyncio.create_task(running.api.post("/orders", json=body))
    await asyncio.wait_for(gate.reached.wait(), 20)
    holding = asyncio.create_task(
        running.api.post(f"/orders/{order}/hold", json={"by": "Ann", "reason": "wait"})
    )
    await asyncio.wait_for(running.gates.asked[order].wait(), 20)
    gate.opened.set()
    answer = await holding
    await placing
    if answer.status_code == 200:
        release = {"released_by": "Ben", "note": "go on"}
        released = await running.api.post(f"/orders/{order}/hold/release", json=release)
        if released.status_code != 200:
            return f"{boundary}: {answer.text}, then {released.text}"
    elif answer.status_code != 409:
        return f"{boundary}: {answer.text}"
    try:
        closed = await house.until_status(order, "closed")
    except AssertionError as error:
        return f"{boundary}: {answer.text}, {error}"
    shipped = sum(line["shipped"] for line in closed["lines"])
    return None if shipped == course.units else f"{boundary}: {shipped} unit(s) shipped"


async def _cancelled_at(
    house: House, running: GatedHouse, course: Course, boundary: Boundary
) -> str | None:
    """Cancel an order that stands at a boundary; gives what is wrong afterwards."""
    body = order_body(("SKU-1", course.units), **course.order)
    order = f"web:{body['reference']}"
    gate = running.gates.set(order, boundary)
    placing = asyncio.create_task(running.api.post("/orders", json=body))
    changing = None
    if course.becomes is not None:
        await placing
        wanted = {"line_id": "1", "sku": "SKU-1", "quantity": course.becomes}
        changing = asyncio.create_task(
            running.api.patch(f"/orders/{order}", json={"version": 1, "lines": [wanted]})
        )
    try:
        await asyncio.wait_for(gate.reached.wait(), 20)
    except TimeoutError:
        return f"{boundary}: never there, but at {running.gates.steps.get(order)}"
    running.gates.asked[order].clear()
    asking = asyncio.create_task(
        running.api.post(f"/orders/{order}/cancel", json={"by": "Ann", "reason": "no"})
    )
    await asyncio.wait_for(running.gates.asked[order].wait(), 20)
    gate.opened.set()
    answer = await asking
    await placing
    if changing is not None and (await changing).status_code not in (200, 202, 409):
        return f"{boundary}: {changing.result().text}"
    handle = house.client.get_workflow_handle(workflow_id(order))
    try:
        await asyncio.wait_for(handle.result(), 20)
    except TimeoutError:
        story = "\n".join(e["text"] for e in (await house.order(order))["timeline"])
        return f"{boundary}: does not end, {answer.text}\n{story}"
    wrong = await _left_over(house, order, answer.json())
    return None if not wrong else f"{boundary}: {wrong}"


async def _left_over(house: House, order: str, said: dict[str, Any]) -> list[str]:
    """What is not as the answer says, or still held somewhere."""
    seen = await house.order(order)
    shipped = {line["line_id"]: line["shipped"] for line in seen["lines"]}
    ledger = await house.world.ledger(order)
    left = {s["tracking_number"] for s in seen["shipments"] if s["dispatched_at"]}
    wrong = [
        f"booked: {b['reference']}"
        for b in ledger["bookings"]
        if b["state"] == "booked" and b["tracking_number"] not in left
    ]
    wrong += [
        f"authorised: {a['reference']}"
        for a in ledger["authorisations"]
        if a["state"] == "authorised" and not any(shipped.values())
    ]
    held = await house.sql(
        "SELECT open_amount FROM credit_claims WHERE order_id = :id AND open_amount <> 0", id=order
    )
    if held:
        wrong.append(f"claims {held[0].open_amount}")
    if seen["status"] != ("closed" if any(shipped.values()) else "cancelled"):
        wrong.append(f"is {seen['status']} with {shipped} shipped")
    ends = [e["kind"] for e in seen["timeline"]]
    if sum(ends.count(kind) for kind in ("closed", "cancelled", "remainder_cancelled")) != 1:
        wrong.append(f"ends: {ends}")
    if "lines" in said and not said["going_on"] and any(shipped.values()):
        wrong.append(f"nothing was said to go on: {said}")
    return wrong
