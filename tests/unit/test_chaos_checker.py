"""A checker that cannot fail proves nothing: each rule is given something false, and names it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from cli.chaos.checker import RULES, judge
from cli.chaos.checker.findings import Books, Execution, Findings, Row, World
from cli.chaos.checker.log import Log
from cli.chaos.told import Kind, Told, Verdict

ORDER, CANCELLED, HELD = "web:A", "web:B", "web:C"
SHIPMENT, RETURN = f"{ORDER}:1", f"{ORDER}:R1"
TO = {"country": "FR", "postal_code": "75011"}


def told(
    kind: Kind,
    subject: str,
    body: Mapping[str, Any],
    answer: Mapping[str, Any] | None = None,
    **others: Any,
) -> Told:
    """An answer: done, unless something else is said."""
    said: dict[str, Any] = {"verdict": Verdict.OK, "status": 200, "key": f"{subject}/{kind}"}
    said |= {"asked_at": 1.0, "answered_at": 2.0, "client": 1} | others
    return Told(kind=kind, subject=subject, body=dict(body), answer=dict(answer or {}), **said)


def placing(order: str, units: int) -> Told:
    body = {"lines": [{"sku": "S", "quantity": units}], "ship_to": TO}
    return told(Kind.PLACE, order, body, {"order_id": order})


# An order that was amended from three units to four, delivered and paid by card, of which a unit
# came back; one that was cancelled; one that waits for a person.
TOLD = (
    placing(ORDER, 3),
    told(
        Kind.AMEND,
        ORDER,
        {"version": 1, "lines": [{"line_id": "1", "sku": "S", "quantity": 4}]},
        {"order_id": ORDER},
    ),
    placing(CANCELLED, 2),
    told(Kind.CANCEL, CANCELLED, {"by": "Ann", "reason": "no"}, {"order_id": CANCELLED}),
    placing(HELD, 1),
    told(Kind.HOLD, HELD, {"by": "Ben", "reason": "wait"}),
    told(Kind.RELEASE, HELD, {"released_by": "Ben", "note": "go"}),
    told(
        Kind.RETURN,
        ORDER,
        {"lines": [{"line_id": "1", "quantity": 1}]},
        {"return_id": RETURN, "return_to": "lille", "lines": [{"line_id": "1", "sku": "S"}]},
    ),
    told(
        Kind.RECEIVE_RETURN,
        RETURN,
        {"event_id": "dock", "lines": [{"line_id": "1", "quantity": 1}]},
        key=f"{RETURN}/dock",
    ),
    told(
        Kind.RECEIVE_RETURN,
        RETURN,
        {
            "event_id": "bench",
            "units": [{"line_id": "1", "quantity": 1, "grade": "as new", "disposition": "restock"}],
        },
        key=f"{RETURN}/bench",
    ),
    told(
        Kind.RECEIVE_STOCK,
        "lille",
        {"id": "GR-1", "lines": [{"sku": "S", "quantity": 5}]},
        {"positions": [{"sku": "S", "on_hand": 15}]},
    ),
)


def order_row(order: str, status: str, **others: Any) -> Row:
    return {"id": order, "status": status, "hold_reason": None, "version": 1, **TO, **others}


def line_row(order: str, ordered: int, **others: Any) -> Row:
    units = {"ordered": ordered, "cancelled": 0, "backordered": 0}
    return {"order_id": order, "line_id": "1", "sku": "S", **units, **others}


BOOKS = Books(
    orders=(
        order_row(ORDER, "closed", version=2),
        order_row(CANCELLED, "cancelled"),
        order_row(HELD, "on_hold", hold_reason="credit_limit"),
    ),
    lines=(line_row(ORDER, 4), line_row(CANCELLED, 2, cancelled=2), line_row(HELD, 1)),
    shipments=(
        {"id": SHIPMENT, "order_id": ORDER, "location_id": "lille", "status": "delivered"},
        {
            "id": f"{CANCELLED}:1",
            "order_id": CANCELLED,
            "location_id": "lille",
            "status": "abandoned",
        },
    ),
    consumed=(
        {
            "shipment_id": SHIPMENT,
            "order_id": ORDER,
            "line_id": "1",
            "sku": "S",
            "location_id": "lille",
            "consumed": 4,
        },
    ),
    bookings=(
        {
            "reference": f"{SHIPMENT}:1",
            "carrier": "colibri",
            "state": "booked",
            "order_id": ORDER,
            "shipment_id": SHIPMENT,
        },
    ),
    payments=(
        {
            "reference": f"{ORDER}:pay:1",
            "order_id": ORDER,
            "state": "authorised",
            "authorised": 400,
            "captured": 400,
        },
    ),
    captures=(
        {
            "reference": f"{SHIPMENT}:capture",
            "payment_reference": f"{ORDER}:pay:1",
            "order_id": ORDER,
            "amount": 400,
            "state": "captured",
        },
    ),
    refunds=(
        {
            "id": f"{SHIPMENT}:capture:refund:1",
            "order_id": ORDER,
            "amount": 100,
            "state": "refunded",
            "attempts": 1,
            "capture": f"{SHIPMENT}:capture",
        },
    ),
    invoices=({"order_id": ORDER, "amount": 400, "on_account": 0},),
    returns=(
        {
            "id": RETURN,
            "order_id": ORDER,
            "status": "closed",
            "origin": "customer",
            "exchange_order_id": None,
        },
    ),
    return_units=({"return_id": RETURN, "line_id": "1", "announced": 1, "received": 1},),
    receipts=({"return_id": RETURN, "event_id": "dock", "line_id": "1", "units": 1},),
    inspections=(
        {
            "return_id": RETURN,
            "event_id": "bench",
            "line_id": "1",
            "grade": "as new",
            "disposition": "restock",
            "units": 1,
        },
    ),
    stock=({"sku": "S", "location_id": "lille", "on_hand": 12},),
    notices=(
        {
            "order_id": ORDER,
            "occasion": "o",
            "template": "t",
            "channel": "email",
            "sent": True,
            "given_up": False,
        },
    ),
    events=(
        *({"order_id": order, "kind": "received", "times": 1} for order in (ORDER, HELD)),
        {"order_id": CANCELLED, "kind": "received", "times": 1},
        {"order_id": ORDER, "kind": "closed", "times": 1},
        {"order_id": CANCELLED, "kind": "cancelled", "times": 1},
        {"order_id": HELD, "kind": "held_by", "times": 2},
        {"order_id": HELD, "kind": "hold_released", "times": 1},
    ),
    executions=(
        Execution("order/web/A", "Order", "COMPLETED"),
        Execution("order/web/A", "Order", "CONTINUED_AS_NEW"),
        Execution("order/web/B", "Order", "COMPLETED"),
        Execution("order/web/C", "Order", "RUNNING"),
        Execution("return/web:A/1", "Return", "COMPLETED"),
        Execution("reoptimise-2026", "Reoptimise", "FAILED"),
    ),
)
WORLD = World(
    bookings=({"partner": "colibri", "reference": f"{SHIPMENT}:1", "state": "booked"},),
    releases=(
        {"partner": "lille", "reference": SHIPMENT, "state": "dispatched"},
        {"partner": "lille", "reference": f"{CANCELLED}:1", "state": "recalled"},
    ),
    authorisations=(
        {
            "reference": f"{ORDER}:pay:1",
            "state": "authorised",
            "authorised": 400,
            "captured": 400,
        },
    ),
    captures=({"reference": f"{SHIPMENT}:capture", "amount": 400, "state": "captured"},),
    refunds=(
        {
            "reference": f"{SHIPMENT}:capture:refund:1",
            "capture_reference": f"{SHIPMENT}:capture",
            "amount": 100,
            "state": "refunded",
        },
    ),
    notifications=({"reference": f"notice-{ORDER}-o-t"},),
    webhooks=(
        *(
            {
                "kind": "dispatched",
                "reference": SHIPMENT,
                "state": "acknowledged",
                "lines": [{"line_id": "1", "sku": "S", "quantity": 4}],
            }
            for _ in range(2)
        ),
    ),
)
TRUE = Findings(Log(TOLD), BOOKS, WORLD, {("S", "lille"): 10})


def broken(findings: Findings) -> set[str]:
    return {verdict.name for verdict in judge(findings) if verdict.count}


def more_told(*answers: Told) -> Findings:
    return replace(TRUE, log=Log([*TOLD, *answers]))


def other_books(**rows: Any) -> Findings:
    return replace(TRUE, books=replace(BOOKS, **rows))


def other_world(**rows: Any) -> Findings:
    return replace(TRUE, world=replace(WORLD, **rows))


def without(order: str) -> tuple[Row, ...]:
    return tuple(row for row in BOOKS.orders if row["id"] != order)


def with_order(order: str, **others: Any) -> tuple[Row, ...]:
    return tuple({**row, **others} if row["id"] == order else row for row in BOOKS.orders)


def with_line(order: str, **others: Any) -> tuple[Row, ...]:
    return tuple({**row, **others} if row["order_id"] == order else row for row in BOOKS.lines)


def with_run(name: str, status: str, attempt: int = 0) -> Findings:
    others = [run for run in BOOKS.executions if run.id != name]
    return other_books(executions=(*others, Execution(name, "Order", status, attempt)))


UNKNOWN: Mapping[str, Any] = {"verdict": Verdict.UNKNOWN, "status": None}
REFUSED: Mapping[str, Any] = {"verdict": Verdict.REFUSED, "status": 409}
NEW_LINES: Mapping[str, Any] = {"lines": [{"line_id": "1", "sku": "S", "quantity": 9}]}
HELD_UNITS = ({"order_id": CANCELLED, "sku": "S", "location_id": "lille", "units": 1},)
BLOCKED = {"reference": f"{CANCELLED}:pay:1", "state": "authorised", "authorised": 9, "captured": 0}
FALSE: list[tuple[str, Callable[[], Findings]]] = [
    ("order-told", lambda: more_told(placing("web:D", 1))),
    (
        "order-told",
        lambda: more_told(
            placing("web:D", 1).model_copy(update={"verdict": Verdict.UNKNOWN, "status": 202})
        ),
    ),
    ("order-told", lambda: other_books(orders=(*BOOKS.orders, BOOKS.orders[0]))),
    ("hold-told", lambda: more_told(told(Kind.HOLD, ORDER, {}))),
    ("hold-told", lambda: more_told(told(Kind.RELEASE, ORDER, {}))),
    ("order-asked", lambda: other_books(orders=(*BOOKS.orders, order_row("web:D", "closed")))),
    ("order-refused", lambda: more_told(placing(HELD, 1).model_copy(update=REFUSED))),
    (
        "edge-refused",
        lambda: more_told(
            placing("web:D", 1).model_copy(update={"key": "web:D/must-be-refused/x"})
        ),
    ),
    ("no-fault", lambda: more_told(placing(HELD, 1).model_copy(update={"status": 500}))),
    (
        "answers-agree",
        lambda: more_told(
            told(Kind.CANCEL, CANCELLED, {}, **REFUSED, asked_at=3.0),
        ),
    ),
    ("answers-agree", lambda: more_told(placing(ORDER, 3).model_copy(update=REFUSED))),
    ("answers-agree", lambda: more_told(told(Kind.RETURN, ORDER, {}, {"return_id": "other"}))),
    ("order-lines", lambda: other_books(lines=with_line(ORDER, ordered=3))),
    ("order-lines", lambda: other_books(lines=with_line(ORDER, cancelled=1))),
    ("order-lines", lambda: other_books(lines=with_line(HELD, sku="other"))),
    ("order-lines", lambda: other_books(lines=(*BOOKS.lines, line_row(HELD, 1, line_id="2")))),
    ("order-lines", lambda: more_told(told(Kind.AMEND, HELD, NEW_LINES))),
    ("order-version", lambda: other_books(orders=with_order(ORDER, version=1))),
    ("order-version", lambda: other_books(orders=with_order(ORDER, postal_code="69001"))),
    ("timeline-once", lambda: other_books(events=BOOKS.events[1:])),
    (
        "timeline-once",
        lambda: other_books(
            events=(*BOOKS.events, {"order_id": ORDER, "kind": "cancelled", "times": 1})
        ),
    ),
    (
        "order-at-rest",
        lambda: other_books(orders=with_order(HELD, status="in_fulfilment", hold_reason=None)),
    ),
    ("order-at-rest", lambda: other_books(orders=with_order(HELD, hold_reason=None))),
    ("workflow-at-rest", lambda: with_run("order/web/C", "COMPLETED")),
    ("workflow-at-rest", lambda: with_run("order/web/A", "RUNNING")),
    ("workflow-at-rest", lambda: with_run("order/web/A", "FAILED")),
    ("workflow-at-rest", lambda: with_run("order/web/C", "RUNNING", attempt=4)),
    ("workflow-at-rest", lambda: with_run("return/web:A/1", "RUNNING")),
    ("cancel-told", lambda: other_books(held=HELD_UNITS)),
    ("cancel-told", lambda: other_books(orders=with_order(CANCELLED, status="in_fulfilment"))),
    ("cancel-told", lambda: other_books(lines=with_line(CANCELLED, backordered=1))),
    (
        "cancel-told",
        lambda: other_world(
            bookings=(
                *WORLD.bookings,
                {"partner": "colibri", "reference": f"{CANCELLED}:1:1", "state": "booked"},
            )
        ),
    ),
    (
        "cancel-told",
        lambda: other_world(
            releases=(
                WORLD.releases[0],
                {"partner": "lille", "reference": f"{CANCELLED}:1", "state": "accepted"},
            )
        ),
    ),
    ("return-told", lambda: other_books(return_units=())),
    (
        "return-asked",
        lambda: other_books(returns=(*BOOKS.returns, {**BOOKS.returns[0], "id": "web:A:R2"})),
    ),
    ("return-reports", lambda: other_books(receipts=())),
    ("return-reports", lambda: other_books(receipts=(BOOKS.receipts[0], BOOKS.receipts[0]))),
    (
        "return-reports",
        lambda: other_books(
            receipts=(*BOOKS.receipts, {**BOOKS.receipts[0], "event_id": "nobody's"})
        ),
    ),
    (
        "return-reports",
        lambda: other_books(inspections=({**BOOKS.inspections[0], "disposition": "scrap"},)),
    ),
    ("return-at-rest", lambda: other_books(returns=({**BOOKS.returns[0], "status": "received"},))),
    ("captured-there", lambda: other_world(captures=())),
    ("captured-there", lambda: other_books(captures=())),
    ("captured-there", lambda: other_books(captures=({**BOOKS.captures[0], "amount": 399},))),
    ("refunded-there", lambda: other_world(refunds=())),
    (
        "refunded-once",
        lambda: other_world(
            refunds=(*WORLD.refunds, {**WORLD.refunds[0], "reference": "once more"})
        ),
    ),
    ("invoiced-captured", lambda: other_books(invoices=())),
    (
        "invoiced-captured",
        lambda: other_world(
            captures=(*WORLD.captures, {**WORLD.captures[0], "reference": f"{HELD}:1:capture"})
        ),
    ),
    ("nothing-blocked", lambda: other_world(authorisations=(*WORLD.authorisations, BLOCKED))),
    (
        "nothing-blocked",
        lambda: other_books(payments=({**BOOKS.payments[0], "authorised": 500},)),
    ),
    (
        "authorised-there",
        lambda: other_world(
            authorisations=(*WORLD.authorisations, {**BLOCKED, "reference": f"{HELD}:pay:1"})
        ),
    ),
    ("booked-there", lambda: other_world(bookings=())),
    ("booked-there", lambda: other_books(bookings=())),
    (
        "booked-there",
        lambda: other_world(
            bookings=(*WORLD.bookings, {**WORLD.bookings[0], "reference": f"{SHIPMENT}:2"})
        ),
    ),
    ("dispatched-there", lambda: other_world(webhooks=())),
    ("dispatched-there", lambda: other_books(consumed=({**BOOKS.consumed[0], "consumed": 3},))),
    ("on-hand", lambda: other_books(stock=({**BOOKS.stock[0], "on_hand": 11},))),
    ("on-hand", lambda: other_books(stock=({**BOOKS.stock[0], "on_hand": 13},))),
    ("notice-once", lambda: other_books(notices=(*BOOKS.notices, *BOOKS.notices))),
    ("notice-once", lambda: other_world(notifications=())),
    ("notice-once", lambda: other_world(notifications=(*WORLD.notifications, {"reference": "x"}))),
    ("notice-once", lambda: other_books(notices=({**BOOKS.notices[0], "sent": False},))),
]


def test_what_is_true_breaks_no_rule() -> None:
    assert broken(TRUE) == set()


@pytest.mark.parametrize(
    ("name", "falsified"), FALSE, ids=[f"{name}-{n}" for n, (name, _) in enumerate(FALSE)]
)
def test_what_is_false_is_named(name: str, falsified: Callable[[], Findings]) -> None:
    assert name in broken(falsified())


def test_every_rule_is_shown_to_fail() -> None:
    assert {name for name, _ in FALSE} == {rule.name for rule in RULES}


def test_what_nobody_knows_may_be_either() -> None:
    amendment = told(Kind.AMEND, HELD, NEW_LINES, **UNKNOWN)
    assert broken(more_told(amendment)) == set()
    done = more_told(amendment)
    books = replace(BOOKS, lines=with_line(HELD, ordered=9), orders=with_order(HELD, version=2))
    assert broken(replace(done, books=books)) == set()

    receipt = told(Kind.RECEIVE_STOCK, "lille", TOLD[-1].body, key="GR-2", **UNKNOWN)
    for on_hand, rules in ((12, set()), (17, set()), (18, {"on-hand"})):
        books = replace(BOOKS, stock=({**BOOKS.stock[0], "on_hand": on_hand},))
        assert broken(replace(more_told(receipt), books=books)) == rules

    placed = placing("web:D", 1).model_copy(update=UNKNOWN)
    assert broken(more_told(placed)) == set()


def test_a_refusal_beside_an_answer_that_never_came_settles_nothing() -> None:
    lost = told(Kind.AMEND, HELD, NEW_LINES, verdict=Verdict.UNKNOWN, status=None)
    books = replace(BOOKS, lines=with_line(HELD, ordered=9), orders=with_order(HELD, version=2))
    after = replace(more_told(lost, told(Kind.AMEND, HELD, NEW_LINES, **REFUSED)), books=books)
    assert broken(after) == set()
    refused = replace(more_told(told(Kind.AMEND, HELD, NEW_LINES, **REFUSED)), books=books)
    assert broken(refused) == {"order-lines", "order-version"}


def test_units_cancelled_by_line_are_counted_apart() -> None:
    body = {"by": "Ann", "reason": "no", "lines": [{"line_id": "1", "quantity": 1}]}
    log = Log([*TOLD, told(Kind.CANCEL, ORDER, body, asked_at=1.5, key="line")])
    books = replace(
        BOOKS,
        lines=with_line(ORDER, ordered=4, cancelled=1),
        orders=with_order(ORDER, version=3),
    )
    assert broken(Findings(log, books, WORLD, TRUE.opening)) == set()
    assert broken(replace(TRUE, log=log)) == {"order-lines", "order-version"}


def test_who_terminates_a_workflow_has_cancelled_its_order() -> None:
    runs = (*BOOKS.executions, Execution("order/web/A", "Order", "TERMINATED"))
    books = replace(BOOKS, executions=runs, lines=with_line(ORDER, cancelled=1))
    assert broken(replace(TRUE, books=books)) == set()
