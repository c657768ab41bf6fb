"""Rules about goods and parcels: that locations, carriers and our books tell the same; and that
customers are told once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from cli.chaos.checker.findings import Findings, Row, Rule
from cli.chaos.checker.log import Asked
from cli.chaos.told import Kind

Position = tuple[str, str]


def _bookings(findings: Findings) -> Sequence[Row]:
    ours = {
        (row["carrier"], row["reference"])
        for row in findings.books.bookings
        if row["state"] == "booked"
    }
    theirs = {
        (row["partner"], row["reference"])
        for row in findings.world.bookings
        if row["state"] == "booked"
    }
    rows: list[Row] = [
        {"booking": booking, "here": booking in ours, "there": booking in theirs}
        for booking in sorted(ours ^ theirs)
    ]
    live = Counter(str(reference).rpartition(":")[0] for _, reference in theirs)
    shipments = {row["id"] for row in findings.books.shipments}
    rows += [
        {"shipment": shipment, "live_bookings": times}
        for shipment, times in live.items()
        if times > 1 and shipment in shipments
    ]
    return rows


def _dispatched(findings: Findings) -> Sequence[Row]:
    ours: Counter[tuple[str, str, str]] = Counter()
    for row in findings.books.consumed:
        ours[row["shipment_id"], row["line_id"], row["sku"]] += row["consumed"]
    theirs = Counter(findings.world.dispatched)
    return [
        {
            "shipment": line[0],
            "line": line[1],
            "sku": line[2],
            "ours": ours[line],
            "theirs": theirs[line],
        }
        for line in sorted(ours.keys() | theirs.keys())
        if ours[line] != theirs[line]
    ]


def _on_hand(findings: Findings) -> Sequence[Row]:
    found = {(row["sku"], row["location_id"]): row["on_hand"] for row in findings.books.stock}
    least, most = _bounds(findings)
    return [
        {
            "sku": position[0],
            "location": position[1],
            "on_hand": found.get(position, 0),
            "at_least": least[position],
            "at_most": most[position],
        }
        for position in sorted(found.keys() | least.keys() | most.keys())
        if not least[position] <= found.get(position, 0) <= most[position]
    ]


def _bounds(findings: Findings) -> tuple[Counter[Position], Counter[Position]]:
    """How much there has to be, and may be: apart only where nobody knows what was done."""
    places = {row["reference"]: row["partner"] for row in findings.world.releases}
    least: Counter[Position] = Counter(findings.opening)
    for (shipment, _, sku), units in findings.world.dispatched.items():
        least[sku, places[shipment]] -= units
    most = least.copy()
    for asked in findings.log.asked:
        for position, units in _came_in(findings, asked):
            if not asked.is_refused:
                most[position] += units
            if asked.is_done:
                least[position] += units
    return least, most


def _came_in(findings: Findings, asked: Asked) -> Iterator[tuple[Position, int]]:
    if asked.kind is Kind.RECEIVE_STOCK:
        lines: Any = asked.body["lines"]
        for line in lines:
            yield (line["sku"], asked.subject), line["quantity"]
    if asked.kind is Kind.RECEIVE_RETURN:
        units: Any = asked.body.get("units", ())
        for unit in units:
            if unit["disposition"] == "restock":
                location, skus = _return(findings, asked.subject)
                yield (skus[unit["line_id"]], location), unit["quantity"]


def _return(findings: Findings, return_id: str) -> tuple[str, dict[str, str]]:
    """Where a return goes, and the SKUs of its lines, as its client was told."""
    for asked in findings.log.of(Kind.RETURN):
        for told in asked.done:
            if told.answer["return_id"] == return_id:
                lines = {line["line_id"]: line["sku"] for line in told.answer["lines"]}
                return told.answer["return_to"], lines
    raise LookupError(f"{return_id} was reported on, and never told opened")


def _notices(findings: Findings) -> Sequence[Row]:
    ours = Counter(
        (row["order_id"], row["occasion"], row["template"], row["channel"])
        for row in findings.books.notices
    )
    rows: list[Row] = [
        {"notice": notice, "times": times} for notice, times in ours.items() if times > 1
    ]
    sent = Counter(_reference(row) for row in findings.books.notices if row["sent"])
    known = {_reference(row) for row in findings.books.notices}
    theirs = Counter(str(row["reference"]) for row in findings.world.notifications)
    rows += [
        {"notice": reference, "ours": sent[reference], "theirs": theirs[reference]}
        for reference in sorted(sent.keys() | theirs.keys())
        if (sent[reference] and theirs[reference] != 1) or reference not in known
    ]
    rows += [
        {"notice": _reference(row), "ours": "neither sent nor given up"}
        for row in findings.books.notices
        if not row["sent"] and not row["given_up"]
    ]
    return rows


def _reference(notice: Row) -> str:
    return f"notice-{notice['order_id']}-{notice['occasion']}-{notice['template']}"


RULES = (
    Rule(
        "booked-there",
        "A shipment has one live booking at most, and what is booked here is booked at the "
        "carrier, and the reverse.",
        _bookings,
    ),
    Rule(
        "dispatched-there",
        "What left a location by its own account is what our shipments took, line by line.",
        _dispatched,
    ),
    Rule(
        "on-hand",
        "On hand is what there was, and what was told received or put back on sale, less what the "
        "locations dispatched; where nobody knows whether something came in, it may be either.",
        _on_hand,
    ),
    Rule(
        "notice-once",
        "A customer is told of an occasion once, by each template, and what we say was sent the "
        "notifier has; all is sent.",
        _notices,
    ),
)
