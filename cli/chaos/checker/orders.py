"""Rules about orders: that each is there once, as it was told, and comes to rest."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from cli.chaos.checker.findings import Findings, Row, Rule
from cli.chaos.checker.lines import Expected, expectations
from cli.chaos.checker.log import Asked
from cli.chaos.clients.edges import MUST_BE_REFUSED
from cli.chaos.told import Kind
from domain.identity import RETURN_PREFIX, WORKFLOW_PREFIX, return_workflow_id, workflow_id

_OWN_FAULT = 500
_HAPPENS_AGAIN = (Kind.HOLD, Kind.RELEASE)
_STORY = {Kind.HOLD: "held_by", Kind.RELEASE: "hold_released"}
_ENDS = ("closed", "cancelled", "remainder_cancelled")


def _told_are_there(findings: Findings) -> Sequence[Row]:
    known = Counter(str(order["id"]) for order in findings.books.orders)
    return [
        {"order": asked.subject, "key": asked.key, "found": known[asked.subject]}
        for asked in findings.log.of(Kind.PLACE)
        if (asked.is_done or asked.is_taken) and known[asked.subject] != 1
    ]


def _nobody_asked(findings: Findings) -> Sequence[Row]:
    exchanges = {row["exchange_order_id"] for row in findings.books.returns}
    asked = findings.log.placings.keys() | exchanges
    return [{"order": order} for order in findings.books.by_id if order not in asked]


def _refused_are_not(findings: Findings) -> Sequence[Row]:
    return [
        {"order": asked.subject, "key": asked.key, "refused": asked.refusals[0].answer}
        for asked in findings.log.of(Kind.PLACE)
        if asked.refusals and asked.subject in findings.books.by_id
    ]


def _edges_hold(findings: Findings) -> Sequence[Row]:
    return [
        {"order": asked.subject, "key": asked.key}
        for asked in findings.log.of(Kind.PLACE)
        if MUST_BE_REFUSED in asked.key and asked.is_done
    ]


def _faults(findings: Findings) -> Sequence[Row]:
    return [
        {"key": told.key, "asked_at": told.asked_at, "answer": told.answer}
        for asked in findings.log.asked
        for told in asked.answers
        if told.status == _OWN_FAULT
    ]


def _disagreements(findings: Findings) -> Sequence[Row]:
    return [
        {"key": asked.key, "why": why}
        for asked in findings.log.asked
        if asked.kind not in _HAPPENS_AGAIN
        for why in _contradictions(asked)
    ]


def _contradictions(asked: Asked) -> Iterator[str]:
    done = asked.done
    if not done:
        return
    first = min(told.answered_at for told in done)
    # What was refused was not done: asked for again, it may be possible. The other way round not.
    for told in asked.refusals:
        if told.asked_at > first or asked.kind is Kind.PLACE:
            yield f"refused with {told.status} at {told.answered_at:.1f}, done at {first:.1f}"
    for name in ("order_id", "return_id", "positions"):
        answers = {repr(told.answer.get(name)) for told in done}
        if len(answers) > 1:
            yield f"{name} differs: {', '.join(sorted(answers))}"


def _other_lines(findings: Findings) -> Sequence[Row]:
    found: dict[str, dict[str, tuple[str, int, int]]] = defaultdict(dict)
    for line in findings.books.lines:
        if line["ordered"]:
            units = (line["sku"], line["ordered"], line["cancelled"])
            found[line["order_id"]][line["line_id"]] = units
    rows: list[Row] = []
    for order, placed in findings.log.placings.items():
        if order in findings.books.by_id and not placed.is_refused:
            expected = _expected(findings, order)
            if not any(_is_met(e, found[order]) for e in expected):
                shown = [_shown(e) for e in expected]
                rows.append({"order": order, "found": found[order], "expected": shown})
    return rows


def _is_met(expected: Expected, found: dict[str, tuple[str, int, int]]) -> bool:
    wanted = {line_id: line for line_id, line in expected.lines.items() if line.ordered}
    if wanted.keys() != found.keys():
        return False
    for line_id, line in wanted.items():
        sku, ordered, cancelled = found[line_id]
        if (sku, ordered) != (line.sku, line.ordered):
            return False
        most = ordered if expected.is_stopped else line.cancelled
        if not line.cancelled <= cancelled <= most:
            return False
    return True


def _expected(findings: Findings, order: str) -> Sequence[Expected]:
    """How it may stand. Who terminates an order's workflow has cancelled it."""
    placed = findings.log.placings[order]
    expected = expectations(placed, findings.log.changes.get(order, ()))
    if workflow_id(order) in findings.books.terminated:
        return [Expected(e.lines, e.version, is_stopped=True, place=e.place) for e in expected]
    return expected


def _shown(expected: Expected) -> object:
    lines = {name: (x.sku, x.ordered, x.cancelled) for name, x in expected.lines.items()}
    return {"lines": lines, "is_stopped": expected.is_stopped}


def _other_versions(findings: Findings) -> Sequence[Row]:
    rows: list[Row] = []
    for order, row in findings.books.by_id.items():
        if order in findings.log.placings:
            found = (row["version"], row["country"], row["postal_code"])
            expected = [(e.version, *(e.place or ("", ""))) for e in _expected(findings, order)]
            if found not in expected:
                rows.append({"order": order, "found": found, "expected": expected})
    return rows


def _told_once(findings: Findings) -> Sequence[Row]:
    times: dict[str, Counter[str]] = defaultdict(Counter)
    for event in findings.books.events:
        if event["kind"] == "received" or event["kind"] in _ENDS:
            kind = "placed" if event["kind"] == "received" else "ended"
            times[event["order_id"]][kind] += event["times"]
    return [
        {"order": order, "placed": times[order]["placed"], "ended": times[order]["ended"]}
        for order in findings.books.by_id
        if (times[order]["placed"], times[order]["ended"])
        != (1, int(order in findings.books.final))
    ]


def _not_held(findings: Findings) -> Sequence[Row]:
    happened = {(event["order_id"], event["kind"]) for event in findings.books.events}
    return [
        {"order": asked.subject, "told": asked.kind, "asked_at": asked.asked_at}
        for asked in findings.log.of(Kind.HOLD, Kind.RELEASE)
        if asked.is_done and (asked.subject, _STORY[asked.kind]) not in happened
    ]


def _moving(findings: Findings) -> Sequence[Row]:
    books = findings.books
    rows: list[Row] = [
        {"order": order, "status": row["status"], "hold_reason": row["hold_reason"]}
        for order, row in books.by_id.items()
        if order not in books.final and not _says_for_what(row)
    ]
    rows += [
        {"order": s["order_id"], "shipment": s["id"], "status": s["status"]}
        for s in books.shipments
        if s["order_id"] in books.final and s["status"] not in ("delivered", "abandoned", "expired")
    ]
    return rows


def _says_for_what(order: Row) -> bool:
    """Whether it waits for stock, or for a person and why."""
    return order["status"] == "backordered" or bool(order["hold_reason"])


def _stuck_workflows(findings: Findings) -> Sequence[Row]:
    books = findings.books
    running = Counter(run.id for run in books.executions if run.status == "RUNNING")
    rows: list[Row] = [
        {"workflow": run.id, "status": run.status, "attempt": run.attempt}
        for run in books.executions
        if run.id.startswith((WORKFLOW_PREFIX, RETURN_PREFIX))
        and (run.status in ("FAILED", "TIMED_OUT", "CANCELED") or run.attempt > 1)
    ]
    due = {workflow_id(order): order not in books.final for order in books.by_id}
    ended = ("closed", "expired", "cancelled")
    due |= {return_workflow_id(row["id"]): row["status"] not in ended for row in books.returns}
    rows += [
        {"workflow": name, "running": running[name], "is_open": is_open}
        for name, is_open in due.items()
        if running[name] != int(is_open)
    ]
    return rows


RULES = (
    Rule(
        "order-told", "Every order that was told placed or taken is there, once.", _told_are_there
    ),
    Rule("order-asked", "No order is there that nobody asked for.", _nobody_asked),
    Rule("order-refused", "An order that was refused is not there.", _refused_are_not),
    Rule("edge-refused", "What no order may be is refused.", _edges_hold),
    Rule("no-fault", "No request meets a fault of ours (status 500).", _faults),
    Rule(
        "answers-agree",
        "What was told done is told done again, with the same ids; what was refused may be done "
        "when it is asked for once more, an order excepted.",
        _disagreements,
    ),
    Rule(
        "order-lines",
        "An order has the lines that were placed, with the amendments and cancellations that were "
        "told done and none that were refused; more is cancelled of it only where all of it was, "
        "or its workflow was terminated.",
        _other_lines,
    ),
    Rule(
        "order-version",
        "An order is of the version and goes to the address that its changes told done make.",
        _other_versions,
    ),
    Rule(
        "timeline-once",
        "A timeline has one placing, and of an order that has ended one end.",
        _told_once,
    ),
    Rule(
        "hold-told",
        "An order that was told held was put on hold, and one that was told released let go on.",
        _not_held,
    ),
    Rule(
        "order-at-rest",
        "Every order is closed, cancelled, or waits and says for what: stock, or a person. A "
        "location that is silent is passed over when the policy's time is up.",
        _moving,
    ),
    Rule(
        "workflow-at-rest",
        "No workflow of an order or a return has failed or timed out, no task of one is tried in "
        "vain, and each that is open has one that runs, the others none. What runs on a schedule "
        "may fail: its next run does what this one could not.",
        _stuck_workflows,
    ),
)
