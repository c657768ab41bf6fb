"""What the books and Temporal say differently is found, and put right, with a line about it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, TimeSkipper

from activities.reconciling import ReconcileActivities
from adapters.postgres import intake
from domain.identity import workflow_id
from domain.messages.events import WarehouseEvent, WarehouseEventKind, YieldShipment
from domain.messages.orders import OrderFacts, Tender
from domain.messages.repairs import (
    Finding,
    FindStrays,
    Reconcile,
    ReconcileReport,
    Stray,
    Strays,
)
from domain.messages.state import OrderStart
from tests.support.gates import Boundary, gated
from tests.support.house import SHORT, House, order_body
from tests.support.world import until
from workflows.order import OrderWorkflow
from workflows.reconcile import ReconcileWorkflow
from world.behaviour import Behaviour

ENDS = ("closed", "cancelled", "remainder_cancelled")


@pytest.fixture
async def elsewhere(house: House) -> Client:
    """Temporal's own namespace, in which there are none of our workflows."""
    return Client(
        house.client.service_client,
        namespace="temporal-system",
        data_converter=house.client.data_converter,
    )


async def _quiet(house: House) -> None:
    """Locations take shipments, and say nothing more about them."""
    await house.world.behave(Behaviour(speed=house.speed, odds={"warehouse_silent": 1}))


async def _terminate(house: House, order_id: str) -> None:
    await house.handle(order_id).terminate("somebody clicked")


async def _until_listed_as_terminated(house: House, *orders: str) -> None:
    async def there() -> bool:
        ids = ", ".join(f"'{workflow_id(order)}'" for order in orders)
        query = f"WorkflowId IN ({ids}) AND ExecutionStatus = 'Terminated'"
        return (await house.client.count_workflows(query)).count == len(orders)

    await until(there, f"{orders} are listed as terminated")


async def _until_found(house: House, *strays: Stray) -> None:
    """Lists of workflows lag behind: the reconciler looks until it finds exactly these."""
    found: list[Stray] = []

    async def there() -> bool:
        found.extend((await house.reconcile()).restarted)
        return len(found) >= len(strays)

    await until(there, f"{strays} are found")
    assert found == list(strays)


async def _leave_lying(house: House, units: int) -> None:
    """Units of SKU-1 that are there and were offered to nobody."""
    await house.sql(
        "INSERT INTO stock (sku, location_id, on_hand) VALUES ('SKU-1', 'LIL', :units)", units=units
    )
    await house.sql(
        "INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)"
        " VALUES ('SKU-1', 'LIL', :units, 'received', 'D-1', now())",
        units=units,
    )


async def _report(house: House, path: str, **report: Any) -> None:
    body = {"event_id": uuid4().hex, "occurred_at": "2026-11-20T10:00:00+01:00"} | report
    assert (await house.api.post(path, json=body)).status_code == 202


async def test_a_terminated_order_gives_back_stock_credit_booking_and_release(
    house: House,
) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 5))
    await house.until_event(placed["order_id"], "released")
    await _terminate(house, placed["order_id"])

    await _until_found(house, Stray(order_id=placed["order_id"], finding=Finding.TERMINATED))

    cancelled = await house.until_status(placed["order_id"], "cancelled")
    assert [s["status"] for s in cancelled["shipments"]] == ["abandoned"]
    await house.until_event(placed["order_id"], "booking_voided")
    story = await house.timeline(placed["order_id"])
    repair = story[story.index("repaired") :]
    assert repair[:3] == ["repaired", "recalled", "abandoned"]
    assert sorted(repair[3:]) == ["booking_voided", "cancelled"]
    ledger = await house.world.ledger(placed["order_id"])
    assert [b["state"] for b in ledger["bookings"]] == ["voided"]
    assert [r["state"] for r in ledger["releases"]] == ["recalled"]
    assert (await house.sql("SELECT sum(reserved) FROM stock"))[0][0] == 0
    assert (await house.sql("SELECT sum(open_amount) FROM accounts"))[0][0] == 0
    told = [event["text"] for event in cancelled["timeline"] if event["kind"] == "cancelled"]
    assert told == ["Cancelled: its workflow was terminated."]
    await house.check()
    assert (await house.reconcile(everything=True)).restarted == ()


async def test_a_terminated_order_by_card_gives_back_the_payment(house: House) -> None:
    placed = await house.place(
        ("SKU-1", 2), customer_id="ZOE", tender="card", payment_token="tok_visa"
    )
    assert placed["status"] == "backordered"
    await _terminate(house, placed["order_id"])

    await _until_found(house, Stray(order_id=placed["order_id"], finding=Finding.TERMINATED))

    await house.until_status(placed["order_id"], "cancelled")

    async def voided() -> bool:
        ledger = await house.world.ledger(placed["order_id"])
        return [a["state"] for a in ledger["authorisations"]] == ["voided"]

    await until(voided, "the payment is void")
    await house.check()


async def test_what_has_left_is_followed_to_its_delivery(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=2)
    placed = await house.place(("SKU-1", 5))
    order_id = placed["order_id"]
    await house.until_event(order_id, "released")
    await _report(house, "/webhooks/warehouses/LIL", kind="dispatched", reference=f"{order_id}:1")
    await house.until_event(order_id, "dispatched")
    await _terminate(house, order_id)

    await _until_found(house, Stray(order_id=order_id, finding=Finding.TERMINATED))

    await _report(
        house, "/webhooks/carriers/colibri", kind="delivered", reference=f"{order_id}:1:1"
    )
    closed = await house.until_status(order_id, "closed")
    assert (closed["lines"][0]["shipped"], closed["lines"][0]["cancelled"]) == (2, 3)
    [account] = await house.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 2000)
    await house.check()


async def _leaves_unheard(house: House) -> str:
    """An order that has left its location, which reports it a day later."""
    at_once = Behaviour(
        speed=100, pick_hours=(0, 0), dispatch_hours=(0, 0), odds={"late_webhook": 1}
    )
    await house.world.behave(at_once)
    await house.stock(LIL_1=2)
    order: str = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    return order


async def test_what_has_left_by_its_location_s_word_alone_is_invoiced(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"report_grace": timedelta(milliseconds=100)}))
    order = await _leaves_unheard(house)
    await _terminate(house, order)

    await _until_found(house, Stray(order_id=order, finding=Finding.TERMINATED))

    await house.until_event(order, "dispatched")
    assert (await house.timeline(order))[-4:] == [
        "repaired",
        "recall_refused",
        "picked",
        "dispatched",
    ]
    await _report(house, "/webhooks/carriers/colibri", kind="delivered", reference=f"{order}:1:1")
    closed = await house.until_status(order, "closed")
    assert (closed["lines"][0]["shipped"], closed["lines"][0]["cancelled"]) == (2, 0)
    [account] = await house.sql("SELECT * FROM accounts WHERE customer_id = 'ACME'")
    assert (account.open_amount, account.unpaid_amount) == (0, 2000)
    await house.check()


async def test_what_was_cancelled_too_late_is_expected_back_though_its_workflow_is_gone(
    house: House,
) -> None:
    await house.policy(SHORT.model_copy(update={"report_grace": timedelta(hours=1)}))
    order = await _leaves_unheard(house)
    cancelled = await house.api.post(f"/orders/{order}/cancel", json={"by": "Ann", "reason": "no"})
    assert cancelled.status_code < 300, cancelled.text
    await house.until_event(order, "recall_refused")
    await _terminate(house, order)

    await _until_found(house, Stray(order_id=order, finding=Finding.TERMINATED))
    await _report(house, "/webhooks/warehouses/LIL", kind="dispatched", reference=f"{order}:1")

    await house.until_event(order, "return_opened")
    [opened] = await house.sql("SELECT origin FROM returns WHERE order_id = :id", id=order)
    assert opened.origin == "cancelled_too_late"
    await house.check()


async def _terminated_unheard(house: House, *, garbage: bool) -> str:
    """An order whose workflow was told that it has left and arrived, and terminated before it could
    act on that; `garbage` came to it as a report as well."""
    await _quiet(house)
    await house.stock(LIL_1=2)
    body = order_body(("SKU-1", 2))
    order = f"web:{body['reference']}"
    async with gated(house) as running:
        gate = running.gates.set(order, Boundary("release_to_location", "after"))
        assert (await running.api.post("/orders", json=body)).status_code == 201
        await gate.reached.wait()
        if garbage:
            await house.handle(order).signal("warehouse_event", {"event_id": 17})
            await house.handle(order).signal("warehouse_event", b"17")
            short = WarehouseEvent(
                event_id="by-hand",
                shipment_id=f"{order}:1",
                kind=WarehouseEventKind.PICKED,
                occurred_at=datetime.now(UTC),
                quantities={"1": 1},
            )
            await house.handle(order).signal("warehouse_event", args=[short, "too much"])
            await house.handle(order).signal("carrier_event")
        dispatched = {"kind": "dispatched", "reference": f"{order}:1"}
        await _report(house, "/webhooks/warehouses/LIL", **dispatched)
        delivered = {"kind": "delivered", "reference": f"{order}:1:1"}
        await _report(house, "/webhooks/carriers/colibri", **delivered)
        await _terminate(house, order)
        gate.opened.set()
    return order


async def _counts_as_reported(house: House, order: str) -> None:
    await house.reconcile(everything=True)

    closed = await house.until_status(order, "closed")
    assert (closed["lines"][0]["shipped"], closed["lines"][0]["cancelled"]) == (2, 0)
    story = await house.timeline(order)
    assert story[story.index("repaired") :] == [
        "repaired",
        "picked",
        "dispatched",
        "delivered",
        "closed",
    ]
    await house.check()


@pytest.mark.parametrize("garbage", [False, True], ids=["reports", "garbage_before_reports"])
async def test_what_was_reported_and_not_acted_on_is_not_lost(house: House, garbage: bool) -> None:
    order = await _terminated_unheard(house, garbage=garbage)
    await _counts_as_reported(house, order)


async def test_what_was_reported_is_not_lost_with_the_run_that_it_was_handed_on_to(
    house: House,
) -> None:
    order = await _terminated_unheard(house, garbage=False)
    await house.client.start_workflow(
        "Order", "all of it", id=workflow_id(order), task_queue=f"nobody-{uuid4().hex}"
    )
    await _terminate(house, order)
    await _counts_as_reported(house, order)


@pytest.mark.parametrize("free", [0, 9], ids=["nothing_free", "stock_for_it"])
async def test_an_order_that_cannot_be_taken_up_keeps_no_other_waiting(
    house: House, free: int
) -> None:
    stuck: str = (await house.place(("SKU-1", 2)))["order_id"]
    other: str = (await house.place(("SKU-1", 2)))["order_id"]
    await _terminate(house, stuck)
    await _terminate(house, other)
    await _until_listed_as_terminated(house, stuck, other)
    if free:
        await _leave_lying(house, free)
    await house.sql(
        "ALTER TABLE order_events ADD CONSTRAINT unwritable"
        f" CHECK (order_id <> '{stuck}') NOT VALID"
    )

    looking = await house.client.start_workflow(
        ReconcileWorkflow.run,
        Reconcile(everything=True, grace=timedelta(0)),
        id=f"reconcile-{uuid4().hex}",
        task_queue=house.queue,
    )
    await TimeSkipper(house.client).fast_forward(looking, timedelta(minutes=5))

    with pytest.raises(WorkflowFailureError) as failed:
        await looking.result()
    said = str(failed.value.cause)
    assert stuck in said
    assert other not in said
    assert ("free stock for those that wait" in said) is bool(free)
    await house.until_status(other, "cancelled")

    await house.sql("ALTER TABLE order_events DROP CONSTRAINT unwritable")
    await house.reconcile(everything=True)
    await house.until_status(stuck, "cancelled")
    await house.check()


async def test_what_is_too_much_for_one_run_is_left_to_the_next(house: House) -> None:
    orders = sorted([(await house.place(("SKU-1", 1)))["order_id"] for _ in range(3)])
    for order in orders:
        await _terminate(house, order)
    await _until_listed_as_terminated(house, *orders)
    look = Reconcile(everything=True, grace=timedelta(0), at_most=2)

    first = await _run(house, look)
    assert [stray.order_id for stray in first.restarted] == orders[:2]
    assert first.more == 1
    second = await _run(house, look)
    assert [stray.order_id for stray in second.restarted] == orders[2:]
    assert second.more == 0
    for order in orders:
        await house.until_status(order, "cancelled")


async def _run(house: House, look: Reconcile) -> ReconcileReport:
    name = f"reconcile-{uuid4().hex}"
    return await house.client.execute_workflow(
        ReconcileWorkflow.run, look, id=name, task_queue=house.queue
    )


async def test_an_order_that_comes_to_its_end_while_it_is_looked_at_is_left_alone(
    house: House, elsewhere: Client
) -> None:
    order: str = (await house.place(("SKU-1", 1)))["order_id"]

    class EndsMeanwhile(ReconcileActivities):
        async def _finding(self, looked_at: str) -> Finding | None:
            found = await super()._finding(looked_at)
            await house.api.post(f"/orders/{order}/cancel", json={"by": "Ann", "reason": "no"})
            await house.until_status(order, "cancelled")
            return found

    look = FindStrays(request=Reconcile(everything=True, grace=timedelta(0)), at=datetime.now(UTC))
    looking = ReconcileActivities(house.engine, elsewhere).find_strays
    found = await ActivityEnvironment().run(looking, look)
    assert found == Strays(orders=(Stray(order_id=order, finding=Finding.LOST),))

    looking = EndsMeanwhile(house.engine, elsewhere).find_strays
    assert await ActivityEnvironment().run(looking, look) == Strays()


async def test_orders_and_workflows_that_do_not_belong_together_are_left_alone(
    house: House, elsewhere: Client
) -> None:
    for _ in range(11):
        await house.place(("SKU-1", 1))
    look = FindStrays(request=Reconcile(everything=True, grace=timedelta(0)), at=datetime.now(UTC))
    there = ReconcileActivities(house.engine, elsewhere)

    with pytest.raises(ApplicationError, match="11 of 11 open orders have no workflow") as refused:
        await ActivityEnvironment().run(there.find_strays, look)
    assert refused.value.non_retryable

    meant = look.request.model_copy(update={"lost_too": True})
    look = look.model_copy(update={"request": meant})
    found = await ActivityEnvironment().run(there.find_strays, look)
    assert {stray.finding for stray in found.orders} == {Finding.LOST}
    assert len(found.orders) == 11


async def test_a_report_that_is_under_way_says_more_than_that_it_has_left(house: House) -> None:
    order = await _leaves_unheard(house)
    await house.handle(order).signal(
        OrderWorkflow.yield_shipment,
        YieldShipment(event_id="y-1", shipment_id=f"{order}:1", skus=("SKU-1",), reason="urgent"),
    )
    await house.until_event(order, "recall_refused")

    await _report(
        house,
        "/webhooks/warehouses/LIL",
        kind="dispatched",
        reference=f"{order}:1",
        lines=[{"line_id": "1", "sku": "SKU-1", "quantity": 1}],
    )

    await house.until_event(order, "short_picked")
    await house.until_event(order, "dispatched")
    [line] = (await house.order(order))["lines"]
    assert line["shipped"] == 1
    await house.check()


async def test_what_is_followed_and_never_heard_of_again_is_late(house: House) -> None:
    await house.policy(SHORT.model_copy(update={"delivery_grace": timedelta(0)}))
    await _quiet(house)
    await house.stock(LIL_1=2)
    order = (await house.place(("SKU-1", 2)))["order_id"]
    await house.until_event(order, "released")
    await _report(house, "/webhooks/warehouses/LIL", kind="dispatched", reference=f"{order}:1")
    await house.until_event(order, "dispatched")
    await house.sql("UPDATE shipments SET promise = now() WHERE order_id = :id", id=order)
    await _terminate(house, order)

    await _until_found(house, Stray(order_id=order, finding=Finding.TERMINATED))

    await house.until_event(order, "delivery_overdue")


async def test_an_order_that_never_got_a_workflow_is_processed(house: House) -> None:
    await house.stock(LIL_1=5)
    order = intake.NewOrder(
        channel="web",
        reference=f"R-{uuid4().hex[:12]}",
        customer_id="ACME",
        body_hash="hash",
        tender=Tender.ACCOUNT,
        currency="EUR",
        language=None,
        country="FR",
        postal_code="75001",
        requested_date=None,
        ship_complete=False,
        critical=False,
        contact=intake.Contact("Ada", "1 rue de Rivoli", "Paris", "ada@example.org", None, None),
        lines=[intake.NewLine("1", "SKU-1", 2, 1000)],
    )
    async with house.engine.begin() as conn:
        facts = order.facts(datetime.now(UTC), "en")
        assert await intake.insert(conn, order, facts, SHORT.version)

    report = await house.reconcile()

    assert report.restarted == (Stray(order_id=order.id, finding=Finding.NEVER_STARTED),)
    await house.until_status(order.id, "closed")
    assert (await house.timeline(order.id))[1] == "repaired"
    await house.check()


async def test_a_workflow_of_an_order_that_is_not_in_the_books_is_terminated(
    house: House,
) -> None:
    stranger = OrderFacts(
        order_id=f"web:S-{uuid4().hex[:12]}",
        channel="web",
        reference="S",
        customer_id="ACME",
        tender=Tender.ACCOUNT,
        currency="EUR",
        total=1000,
        line_count=1,
        country="FR",
        postal_code="75001",
        language="en",
        ordered_at=datetime.now(UTC),
    )
    handle = await house.client.start_workflow(
        OrderWorkflow.run,
        OrderStart(order=stranger, policy=SHORT),
        id=workflow_id(stranger.order_id),
        task_queue=house.queue,
    )

    async def found() -> bool:
        return handle.id in (await house.reconcile(everything=True)).orphans

    await until(found, "the orphan is found")
    description = await handle.describe()
    assert description.status is not None
    assert description.status.name == "TERMINATED"


async def test_what_an_ended_order_still_holds_is_given_back(house: House) -> None:
    await house.stock(LIL_1=5)
    placed = await house.place(("SKU-1", 2))
    await house.until_status(placed["order_id"], "closed")
    await house.handle(placed["order_id"]).result()
    await house.sql("UPDATE credit_claims SET open_amount = 700")
    await house.sql("UPDATE accounts SET open_amount = 700 WHERE customer_id = 'ACME'")
    await house.sql(
        "INSERT INTO earmarks (order_id, sku, location_id, units) VALUES (:id, 'SKU-1', 'LIL', 1)",
        id=placed["order_id"],
    )
    await house.sql("UPDATE stock SET reserved = 1 WHERE sku = 'SKU-1' AND location_id = 'LIL'")

    report = await house.reconcile()

    assert report.restarted == (Stray(order_id=placed["order_id"], finding=Finding.LEFTOVERS),)
    await house.handle(placed["order_id"]).result()
    assert (await house.order(placed["order_id"]))["status"] == "closed"
    story = await house.timeline(placed["order_id"])
    assert [kind for kind in story if kind in ENDS] == ["closed"]
    assert "remainder_cancelled" not in await house.told(placed["order_id"])
    await house.check()


async def test_stock_that_nobody_gave_on_is_given_to_those_that_wait(house: House) -> None:
    placed = await house.place(("SKU-1", 2))
    await house.until_told(placed["order_id"], "all_backordered")
    await _leave_lying(house, 2)

    assert (await house.reconcile()).served == 1

    await house.until_status(placed["order_id"], "closed")
    await house.check()


async def test_orders_that_are_looked_after_are_left_alone(house: House) -> None:
    await _quiet(house)
    await house.stock(LIL_1=5)
    waiting = await house.place(("SKU-2", 1))
    under_way = await house.place(("SKU-1", 1))
    await house.until_event(under_way["order_id"], "released")

    report = await house.reconcile(everything=True)

    assert (report.restarted, report.orphans, report.served) == ((), (), 0)
    for order in (waiting, under_way):
        assert "repaired" not in await house.timeline(order["order_id"])
