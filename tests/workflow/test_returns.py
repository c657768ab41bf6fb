"""Returns, from what a customer asks for to what he gets back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from activities.returns import ReturnActivities
from domain.identity import return_workflow_id
from domain.messages.returns import EndReturn, ReturnStatus
from tests.support.house import SHORT
from tests.support.returning import GOOD, ask, came, delivered, opened, say, seen, told, until_ended
from tests.support.world import until
from workflows.attributes import STATUS
from world.behaviour import Behaviour, Override

if TYPE_CHECKING:
    from tests.support.house import House


async def test_what_a_customer_sends_back_is_labelled_taken_in_inspected_and_refunded(
    house: House,
) -> None:
    order = await delivered(house, customer_id="ZOE", tender="card", payment_token="tok_visa")

    asked = await opened(house, order)
    return_id = asked["return_id"]
    lines = [{"line_id": "1", "quantity": 2}]
    taken = await told(house, return_id, "received", location="LIL", lines=lines)
    await told(house, return_id, "inspected", units=[lines[0] | GOOD])
    ended = await until_ended(house, return_id, "closed")

    assert return_id == f"{order}:R1"
    assert (asked["status"], asked["label"]["carrier"]) == ("authorised", "colibri")
    assert taken["status"] == "received"
    assert [note["gross"] for note in ended["credit_notes"]] == [2000]
    assert [(r["amount"], r["state"]) for r in ended["refunds"]] == [(2000, "refunded")]
    [refund] = (await house.world.ledger(order))["refunds"]
    assert refund["amount"] == 2000
    [label] = [
        b for b in (await house.world.ledger(return_id))["bookings"] if b["state"] == "booked"
    ]
    assert label["collect_from"]["street"] == "1 rue de Rivoli"
    assert label["recipient"]["name"] == "Lille"
    story = (await house.order(order))["timeline"]
    assert [e["kind"] for e in story if e["kind"].startswith("return_")] == [
        "return_opened",
        "return_labelled",
        "return_received",
        "return_inspected",
        "return_credited",
        "return_closed",
    ]
    assert (await house.told(order))[-3:] == ["return_label", "return_received", "return_refunded"]
    await house.check()


async def test_repeated_calls_get_the_same_answer_and_refund_once(house: House) -> None:
    order = await delivered(house)
    first = await opened(house, order)
    again = await ask(house, order)
    assert (again.status_code, again.json()) == (200, first)
    await asyncio.gather(*(came(house, first["return_id"]) for _ in range(4)))
    ended = await until_ended(house, first["return_id"], "closed")
    assert await came(house, first["return_id"]) == ended
    assert [note["gross"] for note in ended["credit_notes"]] == [2000]
    another = await ask(house, order, 1)
    assert another.status_code == 422
    assert another.json()["errors"][0]["field"] == "reference"
    await house.check()


async def test_what_is_handed_in_at_a_store_is_taken_in_and_refunded_by_one_call(
    house: House,
) -> None:
    order = await delivered(house)
    lines = [{"line_id": "1", "quantity": 1, "reason": "too small"} | GOOD]
    asked = await opened(house, order, channel="edi", brought_to="LYO", lines=lines)
    ended = await until_ended(house, asked["return_id"], "closed")
    assert (ended["origin"], ended["channel"], ended["label"]) == ("store", "edi", None)
    assert [note["gross"] for note in ended["credit_notes"]] == [1000]
    stock = await house.api.get("/locations/LYO/stock")
    assert stock.json()["stock"][0]["on_hand"] == 1
    await house.check()


async def test_what_never_comes_expires_and_its_label_is_void(house: House) -> None:
    soon = SHORT.model_copy(update={"return_timeout": timedelta(milliseconds=400)})
    await house.policy(soon)
    order = await delivered(house)
    asked = await opened(house, order)
    ended = await until_ended(house, asked["return_id"], "expired")
    assert ended["label"] is None
    [label] = (await house.world.ledger(asked["return_id"]))["bookings"]
    assert label["state"] == "voided"
    assert (await house.told(order))[-1] == "return_expired"
    late = await say(
        house,
        asked["return_id"],
        "received",
        location="LIL",
        lines=[{"line_id": "1", "quantity": 1}],
    )
    assert (late.status_code, late.json()["type"]) == (409, "urn:ariane:problem:return-ended")
    await house.check()


async def test_a_return_of_which_nothing_came_can_be_cancelled(house: House) -> None:
    order = await delivered(house)
    asked = await opened(house, order)
    body = {"by": "Ada", "note": "she keeps it"}
    ended = await house.api.post(f"/returns/{asked['return_id']}/cancel", json=body)
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
    [label] = (await house.world.ledger(asked["return_id"]))["bookings"]
    assert label["state"] == "voided"
    again = await house.api.post(f"/returns/{asked['return_id']}/cancel", json=body)
    assert again.status_code == 409
    await opened(house, order, 3, reference="RMA-2")
    await house.check()


async def test_an_even_exchange_costs_nothing_and_its_order_goes_its_own_way(
    house: House,
) -> None:
    order = await delivered(house)
    before = (await house.api.get("/customers/ACME/credit")).json()["exposure"]
    asked = await opened(
        house,
        order,
        resolution="exchange",
        exchange_lines=[{"sku": "SKU-1", "quantity": 2}],
    )
    await came(house, asked["return_id"])
    ended = await until_ended(house, asked["return_id"], "closed")
    new = ended["exchange_order_id"]
    assert new == f"{order}-X1"
    fresh = await house.until_status(new, "closed")
    assert fresh["total"] == 2000
    assert (await house.api.get("/customers/ACME/credit")).json()["exposure"] == before
    assert "exchange_placed" in await house.timeline(order)
    assert "exchange_for" in await house.timeline(new)
    await house.check()


async def test_a_service_that_refuses_the_way_back_is_followed_by_the_next_one(
    house: House,
) -> None:
    order = await delivered(house)
    refuses = Override(carrier="colibri", odds={"carrier_refuses": 1})
    await house.world.behave(Behaviour(speed=house.speed, overrides=(refuses,)))
    asked = await opened(house, order)
    assert asked["label"]["carrier"] == "falcon"
    every = Behaviour(speed=house.speed, odds={"carrier_refuses": 1})
    await house.world.behave(every)
    other = await opened(house, order, 1, reference="RMA-2")
    assert (other["status"], other["label"]) == ("authorised", None)
    assert (await house.told(order))[-1] == "return_without_label"


async def test_what_comes_unannounced_is_matched_or_parked_for_a_person(house: House) -> None:
    order = await delivered(house, ("SKU-1", 3), ("SKU-2", 1))
    asked = await opened(house, order, 1)
    reported = {
        "event_id": "U-1",
        "location": "LIL",
        "tracking_number": asked["label"]["tracking_number"],
        "lines": [
            {"sku": "SKU-1", "quantity": 2},
            {"sku": "SKU-2", "quantity": 1},
            {"sku": "SKU-3", "quantity": 4},
        ],
        "by": "Marie",
    }
    answers = [await house.api.post("/returns/unannounced", json=reported) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    found = answers[0].json()
    assert [(m["return_id"], m["units"]) for m in found["matched"]] == [
        (f"{order}:R1", [{"sku": "SKU-1", "quantity": 1}]),
        (f"{order}:R2", [{"sku": "SKU-1", "quantity": 1}, {"sku": "SKU-2", "quantity": 1}]),
    ]
    [parked] = found["parked"]
    assert (parked["sku"], parked["quantity"]) == ("SKU-3", 4)
    assert (await house.api.get("/returns/parked")).json()["parked"] == [parked]

    wrong = {"order_id": order, "by": "Marie", "note": "it was in the parcel"}
    refused = await house.api.post(parked["links"]["match"], json=wrong)
    assert refused.status_code == 409
    scrap = {"by": "Marie", "note": "nobody asks for it"}
    scrapped = await house.api.post(parked["links"]["scrap"], json=scrap)
    assert scrapped.json()["state"] == "scrapped"
    assert (await house.api.get("/returns/parked")).json()["parked"] == []
    await house.check()


async def test_a_person_says_of_which_order_parked_goods_are(house: House) -> None:
    order = await delivered(house)
    reported = {
        "event_id": "U-1",
        "location": "LIL",
        "lines": [{"sku": "SKU-1", "quantity": 2}],
        "by": "Marie",
    }
    [parked] = (await house.api.post("/returns/unannounced", json=reported)).json()["parked"]
    assert parked["why"] == "no order is known of it"
    body = {"order_id": order, "by": "Marie", "note": "she called"}
    for _ in range(2):
        settled = await house.api.post(parked["links"]["match"], json=body)
        assert settled.json()["return_id"] == f"{order}:R1", settled.text
    [line] = (await seen(house, f"{order}:R1"))["lines"]
    assert (line["announced"], line["received"]) == (2, 2)
    await house.check()


async def test_a_return_that_lost_its_workflow_goes_on(house: House) -> None:
    order = await delivered(house)
    asked = await opened(house, order)
    handle = house.client.get_workflow_handle(return_workflow_id(asked["return_id"]))
    await handle.terminate("somebody clicked")
    lines = [{"line_id": "1", "quantity": 2}]
    early = await say(house, asked["return_id"], "received", location="LIL", lines=lines)
    assert early.status_code == 503, early.text

    async def taken_up() -> bool:
        return asked["return_id"] in (await house.reconcile(everything=True)).returns

    await until(taken_up, "the return is taken up")
    await came(house, asked["return_id"])
    ended = await until_ended(house, asked["return_id"], "closed")
    assert [note["gross"] for note in ended["credit_notes"]] == [2000]


async def test_a_return_that_runs_on_after_its_end_is_told_so(house: House) -> None:
    order = await delivered(house)
    asked = await opened(house, order)
    lost = EndReturn(
        return_id=asked["return_id"], status=ReturnStatus.CANCELLED, at=datetime.now(UTC)
    )
    await ReturnActivities(house.engine, house.client).end_return(lost)

    async def was_told() -> bool:
        report = await house.reconcile(everything=True)
        return report.ended_returns == (asked["return_id"],)

    await until(was_told, "it is told")
    handle = house.client.get_workflow_handle(return_workflow_id(asked["return_id"]))
    assert (await handle.result())["status"] == "cancelled"
    assert (await house.timeline(order)).count("return_cancelled") == 1
    ledger = await house.world.ledger(order)
    assert [b["state"] for b in ledger["bookings"] if ":R1" in b["reference"]] == ["voided"]


async def test_what_may_not_come_back_is_refused_and_named(house: House) -> None:
    order = await delivered(house)
    too_many = await ask(house, order, 4)
    assert too_many.status_code == 409
    assert too_many.json()["errors"] == [
        {"field": "lines[0].quantity", "message": "only 3 unit(s) of it may come back"}
    ]
    unnamed = await house.api.post(
        f"/orders/{order}/returns",
        json={"lines": [{"line_id": "1", "quantity": 1, "reason": "x"}], "by": "Ada"},
    )
    assert (unnamed.status_code, unnamed.json()["errors"][0]["field"]) == (422, "reference")
    nowhere = await ask(house, order, return_to="nowhere")
    assert (nowhere.status_code, nowhere.json()["errors"][0]["field"]) == (422, "return_to")
    assert (await ask(house, "web:none")).status_code == 404
    wanted = [{"sku": "SKU-2", "quantity": 1}]
    unpriced = await ask(house, order, resolution="exchange", exchange_lines=wanted)
    assert (unpriced.status_code, unpriced.json()["errors"][0]["field"]) == (422, "exchange_lines")
    assert (await house.api.get(f"/orders/{order}/returns")).json()["returns"] == []


async def test_an_exchange_of_what_several_tenders_paid_is_paid_by_what_each_got_back(
    house: House,
) -> None:
    payments = [
        {"tender": "card", "amount": 1500, "token": "tok_visa"},
        {"tender": "voucher", "amount": 500, "token": "voucher-500-gift"},
        {"tender": "account"},
    ]
    order = await delivered(house, payments=payments)
    before = (await house.api.get("/customers/ACME/credit")).json()["exposure"]
    wanted = [{"sku": "SKU-1", "quantity": 3}]
    asked = await opened(house, order, 3, resolution="exchange", exchange_lines=wanted)
    await came(house, asked["return_id"], 3)
    ended = await until_ended(house, asked["return_id"], "closed")
    assert sorted((r["tender"], r["amount"], r["state"]) for r in ended["refunds"]) == [
        ("card", 1500, "held"),
        ("voucher", 500, "held"),
    ]
    new = ended["exchange_order_id"]
    await house.until_status(new, "closed")
    assert (await house.api.get("/customers/ACME/credit")).json()["exposure"] == before
    captured = await house.sql(
        "SELECT t.tender, sum(p.captured)::int AS amount FROM payments p "
        "JOIN order_tenders t ON t.order_id = p.order_id AND t.position = p.position "
        "WHERE p.order_id = :new GROUP BY 1 ORDER BY 1",
        new=new,
    )
    assert [(row.tender, row.amount) for row in captured] == [("exchange", 2000)]
    await house.check()


async def test_what_is_wanted_beyond_what_came_back_is_charged_at_its_own_price(
    house: House,
) -> None:
    order = await delivered(house)
    wanted = [
        {"sku": "SKU-1", "quantity": 2},
        {"sku": "SKU-2", "quantity": 1, "unit_price": 450},
    ]
    asked = await opened(house, order, resolution="exchange", exchange_lines=wanted)
    await came(house, asked["return_id"])
    ended = await until_ended(house, asked["return_id"], "closed")
    assert (await house.order(ended["exchange_order_id"]))["total"] == 2450


BY_CARD = {"customer_id": "ZOE", "tender": "card", "payment_token": "tok_visa"}


async def exchanged(
    house: House, order: str, units: int, *wanted: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    """Units of line 1 are exchanged; gives the return, closed."""
    asked = await opened(
        house, order, units, resolution="exchange", exchange_lines=list(wanted), **changes
    )
    await came(house, asked["return_id"], units)
    return await until_ended(house, asked["return_id"], "closed")


async def moved(house: House, order: str) -> dict[str, int]:
    """What the provider has authorised, captured and given back for an order, in minor units."""
    ledger = await house.world.ledger(order)
    kinds = ("authorisations", "captures", "refunds")
    done = {kind: [r for r in ledger[kind] if r.get("state") != "refused"] for kind in kinds}
    return {kind: sum(row["amount"] for row in rows) for kind, rows in done.items() if rows}


async def test_an_even_exchange_moves_no_money_on_the_card(house: House) -> None:
    order = await delivered(house, **BY_CARD)
    before = await moved(house, order)
    ended = await exchanged(house, order, 2, {"sku": "SKU-1", "quantity": 2})
    fresh = await house.until_status(ended["exchange_order_id"], "closed")
    assert (await moved(house, order), await moved(house, fresh["order_id"])) == (before, {})
    paid = {p["tender"]: (p["charged"], p["captured"]) for p in fresh["payments"]}
    assert paid == {"card": (0, 0), "exchange": (2000, 2000)}
    assert [(r["amount"], r["state"]) for r in ended["refunds"]] == [(2000, "held")]
    await house.check()


async def test_an_exchange_for_less_refunds_the_difference_and_one_for_more_charges_it(
    house: House,
) -> None:
    order = await delivered(house, **BY_CARD)
    less = await exchanged(house, order, 2, {"sku": "SKU-1", "quantity": 1})
    assert sorted((r["amount"], r["state"]) for r in less["refunds"]) == [
        (1000, "held"),
        (1000, "refunded"),
    ]
    more = {"sku": "SKU-2", "quantity": 1, "unit_price": 450}
    even = {"sku": "SKU-1", "quantity": 1}
    dearer = await exchanged(house, order, 1, even, more, reference="RMA-2")
    fresh = await house.until_status(dearer["exchange_order_id"], "closed")
    assert await moved(house, fresh["order_id"]) == {"authorisations": 450, "captures": 450}
    assert (await moved(house, order))["refunds"] == 1000
    await house.check()


async def test_what_an_exchange_paid_goes_back_to_the_card_when_its_order_comes_back(
    house: House,
) -> None:
    order = await delivered(house, **BY_CARD)
    first = await exchanged(house, order, 2, {"sku": "SKU-1", "quantity": 2})
    second = first["exchange_order_id"]
    await house.until_status(second, "closed")
    back = (await opened(house, second, 1, reference="RMA-2"))["return_id"]
    await came(house, back, 1)
    ended = await until_ended(house, back, "closed")
    assert [(r["tender"], r["amount"], r["state"]) for r in ended["refunds"]] == [
        ("card", 1000, "refunded")
    ]
    assert (await moved(house, order))["refunds"] == 1000
    third = await exchanged(house, second, 1, {"sku": "SKU-1", "quantity": 1}, reference="RMA-3")
    await house.until_status(third["exchange_order_id"], "closed")
    assert (await moved(house, order))["refunds"] == 1000
    await house.check()


async def test_what_an_exchange_keeps_goes_back_to_the_card_when_its_order_is_cancelled(
    house: House,
) -> None:
    order = await delivered(house, ("SKU-1", 5), **BY_CARD)
    asked = await opened(
        house, order, resolution="exchange", exchange_lines=[{"sku": "SKU-1", "quantity": 2}]
    )
    lines = [{"line_id": "1", "quantity": 2, "grade": "broken", "disposition": "scrap"}]
    await told(house, asked["return_id"], "received", location="LIL", lines=lines)
    new = (await until_ended(house, asked["return_id"], "closed"))["exchange_order_id"]
    await house.until_status(new, "backordered")
    assert "refunds" not in await moved(house, order)
    cancelled = await house.api.post(f"/orders/{new}/cancel", json={"by": "Ada", "reason": "no"})
    assert cancelled.status_code == 200, cancelled.text
    await house.until_status(new, "cancelled")
    assert (await moved(house, order))["refunds"] == 2000
    await house.check()


async def refused_refund(house: House) -> tuple[str, dict[str, Any]]:
    """A return of 20.00 whose refund the provider refuses."""
    order = await delivered(house, **BY_CARD)
    refuses = {"speed": house.speed, "odds": {"refund_refuses": 1}}
    await house.world.behave(Behaviour.model_validate(refuses))
    asked = await opened(house, order)
    await came(house, asked["return_id"])
    refused = await until_ended(house, asked["return_id"], "refund_refused")
    assert [r["state"] for r in refused["refunds"]] == ["refused"]
    return order, refused


async def test_a_return_whose_refund_is_refused_stays_open_until_it_is_tried_again(
    house: House,
) -> None:
    order, refused = await refused_refund(house)
    path = f"/returns/{refused['return_id']}/refunds/{refused['refunds'][0]['refund_id']}"
    again = await house.api.post(f"{path}/retry", json={"by": "Marie"})
    assert (again.status_code, again.json()["status"]) == (200, "refund_refused")
    handle = house.client.get_workflow_handle(return_workflow_id(refused["return_id"]))
    attributes = (await handle.describe()).typed_search_attributes
    assert attributes[STATUS] == "refund_refused"

    await house.world.behave(Behaviour(speed=house.speed))
    done = await house.api.post(f"{path}/retry", json={"by": "Marie"})
    assert done.status_code == 200
    ended = await until_ended(house, refused["return_id"], "closed")
    assert [r["state"] for r in ended["refunds"]] == ["refunded"]
    assert (await moved(house, order))["refunds"] == 2000
    assert (await house.api.post(f"{path}/retry", json={"by": "Marie"})).status_code == 200
    await house.check()


async def test_a_refund_that_is_refused_may_be_settled_in_another_way(house: House) -> None:
    order, refused = await refused_refund(house)
    path = f"/returns/{refused['return_id']}/refunds/{refused['refunds'][0]['refund_id']}/settle"
    said = {"by": "Marie", "note": "a bank transfer"}
    on_account = await house.api.post(path, json=said | {"how": "account"})
    assert on_account.status_code == 409
    for _ in range(2):
        outside = await house.api.post(path, json=said | {"how": "outside"})
        assert outside.status_code == 200, outside.text
    ended = await until_ended(house, refused["return_id"], "closed")
    assert [r["state"] for r in ended["refunds"]] == ["settled"]
    assert "refund_settled" in await house.timeline(order)
    await house.check()


async def test_an_exchange_leaves_the_channel_s_own_references_alone(house: House) -> None:
    order = await delivered(house)
    reference = order.removeprefix("web:")
    own = (await house.place(("SKU-2", 1), reference=f"{reference}-X1"))["order_id"]
    before = await house.order(own)
    asked = await opened(
        house, order, resolution="exchange", exchange_lines=[{"sku": "SKU-1", "quantity": 2}]
    )
    await came(house, asked["return_id"])

    ended = await until_ended(house, asked["return_id"], "closed")

    assert ended["exchange_order_id"] == f"{order}-X1-2"
    await house.until_status(f"{order}-X1-2", "closed")
    after = await house.order(own)
    assert (len(after["lines"]), after["total"]) == (1, before["total"])
    assert "exchange_for" not in await house.timeline(own)
    await house.check()


async def test_goods_for_a_return_that_is_ending_are_parked_again(house: House) -> None:
    soon = SHORT.model_copy(update={"return_timeout": timedelta(milliseconds=600)})
    await house.policy(soon)
    order = await delivered(house)
    reported = {
        "event_id": "U-1",
        "location": "LIL",
        "lines": [{"sku": "SKU-1", "quantity": 1}],
        "by": "Marie",
    }
    [parked] = (await house.api.post("/returns/unannounced", json=reported)).json()["parked"]
    asked = await opened(house, order)
    away = Behaviour(speed=house.speed, odds={"carrier_unavailable": 1})
    await house.world.behave(away)
    await _until_ending(house, asked["return_id"])

    body = {"order_id": order, "by": "Marie", "note": "she called"}
    answers = [await house.api.post(parked["links"]["match"], json=body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [409, 409], answers[0].text
    assert answers[0].json() == answers[1].json()
    [again] = (await house.api.get("/returns/parked")).json()["parked"]
    assert f"is parked under {again['parked_id']} now" in answers[0].json()["detail"]
    assert (again["sku"], again["quantity"]) == ("SKU-1", 1)
    await house.world.behave(Behaviour(speed=house.speed))
    await until_ended(house, asked["return_id"], "expired")
    settled = await house.api.post(again["links"]["match"], json=body)
    assert settled.json()["return_id"] == f"{order}:R2", settled.text
    await house.check()


async def _until_ending(house: House, return_id: str) -> None:
    """Its carrier is asked to void its label."""

    async def there() -> bool:
        history = await house.client.get_workflow_handle(
            return_workflow_id(return_id)
        ).fetch_history()
        asked = [
            event.activity_task_scheduled_event_attributes.activity_type.name
            for event in history.events
        ]
        return any("void" in name for name in asked)

    await until(there, f"the label of {return_id} is to be voided")


async def test_who_buys_at_prices_without_tax_may_have_other_goods_in_exchange(
    house: House,
) -> None:
    terms = {"version": 1, "valid_from": "2026-01-01"}
    prices = [{"sku": "SKU-1", "unit_price": 1000}, {"sku": "SKU-2", "unit_price": 600}]
    for path, body in (
        ("/price-lists/trade", {"currency": "EUR", "tax": "added", "prices": prices}),
        ("/agreements/acme", {"customer_id": "ACME", "lists": ["trade"]}),
    ):
        answer = await house.api.put(path, json=terms | body)
        assert answer.status_code == 201, answer.text
    order = await delivered(house, ("SKU-1", 2))
    wanted = [{"sku": "SKU-2", "quantity": 2}]
    asked = await opened(house, order, resolution="exchange", exchange_lines=wanted)
    await came(house, asked["return_id"])

    ended = await until_ended(house, asked["return_id"], "closed")

    fresh = await house.order(ended["exchange_order_id"])
    assert [(line["sku"], line["unit_price"]) for line in fresh["lines"]] == [("SKU-2", 600)]
    await house.check()
