"""Rules about what was cancelled, and what came back."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from cli.chaos.checker.findings import Findings, Row, Rule
from cli.chaos.checker.lines import expectations
from cli.chaos.checker.log import Asked
from cli.chaos.told import Kind

_UNDER_WAY_THERE = ("accepted", "picked")
_OVER = ("delivered", "abandoned", "expired")


def _cancelled(findings: Findings) -> set[str]:
    """Orders of which all was told cancelled."""
    told = set()
    for order, changes in findings.log.changes.items():
        placed = findings.log.placings.get(order)
        done = [asked for asked in changes if asked.is_done]
        if placed is not None and any(e.is_stopped for e in expectations(placed, done)):
            told.add(order)
    return told


def _still_there(findings: Findings) -> Sequence[Row]:
    cancelled = _cancelled(findings) & findings.books.by_id.keys()
    return [
        {"order": order, "left": left}
        for order in sorted(cancelled)
        for left in _left(findings, order)
    ]


def _left(findings: Findings, order: str) -> Iterator[str]:
    """What there still is of an order, in words."""
    books = findings.books
    if order not in books.final:
        yield f"it is {books.by_id[order]['status']}"
    for held in books.held:
        if held["order_id"] == order:
            yield f"{held['units']} {held['sku']} reserved at {held['location_id']}"
    for line in books.lines:
        if line["order_id"] == order and line["backordered"]:
            yield f"{line['backordered']} {line['sku']} waited for"
    shipments = {s["id"]: s["status"] for s in books.shipments if s["order_id"] == order}
    for shipment, status in shipments.items():
        if status not in _OVER:
            yield f"shipment {shipment} is {status}"
    yield from _booked(findings, {s for s, status in shipments.items() if status != "delivered"})
    yield from _with_locations(findings, shipments.keys())


def _booked(findings: Findings, shipments: Collection[str]) -> Iterator[str]:
    """Bookings that stand for shipments which never went."""
    for booking in findings.books.bookings:
        if booking["shipment_id"] in shipments and booking["state"] == "booked":
            yield f"booking {booking['reference']} stands here"
    for booking in findings.world.bookings:
        shipment = str(booking["reference"]).rpartition(":")[0]
        if shipment in shipments and booking["state"] == "booked":
            yield f"booking {booking['reference']} stands at {booking['partner']}"


def _with_locations(findings: Findings, shipments: Collection[str]) -> Iterator[str]:
    """What locations still have to dispatch. One that found nothing at all has nothing to."""
    empty = {
        hook["reference"]
        for hook in findings.world.webhooks
        if hook["kind"] == "picked" and not any(line["quantity"] for line in hook["lines"])
    }
    for release in findings.world.releases:
        is_left = release["state"] in _UNDER_WAY_THERE and release["reference"] not in empty
        if release["reference"] in shipments and is_left:
            yield f"{release['partner']} has release {release['reference']}, {release['state']}"


def _returns_told(findings: Findings) -> Sequence[Row]:
    announced: dict[str, Counter[str]] = defaultdict(Counter)
    for row in findings.books.return_units:
        announced[row["return_id"]][row["line_id"]] += row["announced"]
    rows: list[Row] = []
    for asked in findings.log.of(Kind.RETURN):
        for told in asked.done:
            return_id = told.answer["return_id"]
            wanted = _units(asked.body["lines"])
            if announced[return_id] != wanted:
                found = dict(announced[return_id])
                rows.append({"return": return_id, "found": found, "expected": dict(wanted)})
    return rows


def _returns_asked(findings: Findings) -> Sequence[Row]:
    told = {told.answer["return_id"] for a in findings.log.of(Kind.RETURN) for told in a.done}
    may_be = {asked.subject for asked in findings.log.of(Kind.RETURN) if asked.is_open}
    return [
        {"return": row["id"], "origin": row["origin"]}
        for row in findings.books.returns
        if row["origin"] in ("customer", "store")
        and row["id"] not in told
        and row["order_id"] not in may_be
    ]


def _reports_told(findings: Findings) -> Sequence[Row]:
    came: dict[tuple[str, str], Counter[object]] = defaultdict(Counter)
    for row in findings.books.receipts:
        came[row["return_id"], row["event_id"]][row["line_id"]] += row["units"]
    for row in findings.books.inspections:
        state = (row["line_id"], row["grade"], row["disposition"])
        came[row["return_id"], row["event_id"]][state] += row["units"]
    rows: list[Row] = []
    for asked in findings.log.of(Kind.RECEIVE_RETURN):
        event = (asked.subject, str(asked.body["event_id"]))
        found, wanted = came.pop(event, Counter()), _reported(asked)
        if not (found == wanted or (not found and not asked.is_done)) or (
            found and asked.is_refused
        ):
            rows.append({"event": event, "found": dict(found), "expected": dict(wanted)})
    rows += [{"event": event, "found": dict(units)} for event, units in came.items()]
    return rows


def _reported(asked: Asked) -> Counter[object]:
    units: Any = asked.body.get("units")
    if units is None:
        lines: Any = asked.body["lines"]
        return Counter({line["line_id"]: line["quantity"] for line in lines})
    return Counter({(u["line_id"], u["grade"], u["disposition"]): u["quantity"] for u in units})


def _units(lines: Any) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in lines:
        units[line["line_id"]] += line["quantity"]
    return units


def _waiting_returns(findings: Findings) -> Sequence[Row]:
    unseen: Counter[str] = Counter()
    for row in findings.books.return_units:
        unseen[row["return_id"]] += row["received"]
    for row in findings.books.inspections:
        unseen[row["return_id"]] -= row["units"]
    return [
        {"return": row["id"], "status": row["status"], "to_be_looked_at": unseen[row["id"]]}
        for row in findings.books.returns
        if row["status"] in ("requested", "authorised")
        or (row["status"] == "received" and not unseen[row["id"]])
    ]


RULES = (
    Rule(
        "cancel-told",
        "Of an order that was told cancelled nothing is reserved, waited for, booked or with a "
        "location any more, neither here nor there; what nobody could stop has arrived.",
        _still_there,
    ),
    Rule(
        "return-told",
        "A return that was told opened is there, with the units that were announced.",
        _returns_told,
    ),
    Rule("return-asked", "No return is there that nobody asked for.", _returns_asked),
    Rule(
        "return-reports",
        "What was told received or inspected is in the books once, unit by unit; what was refused "
        "is not.",
        _reports_told,
    ),
    Rule(
        "return-at-rest",
        "Every return is closed, expired, cancelled, waits for a person about a refund, or for a "
        "location to look at what it has.",
        _waiting_returns,
    ),
)
