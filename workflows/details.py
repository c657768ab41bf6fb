"""What support staff read in the Temporal UI, in Markdown."""

from datetime import datetime

from domain.messages.orders import OrderStatus, ShipmentStatus
from domain.messages.shipments import ShipmentState
from domain.messages.state import OrderState
from domain.wording import moment, money

_LANGUAGE = "en"
_SHOWN_LINES = 12
_WAITS_FOR = {
    ShipmentStatus.PLANNED: "the carrier's booking",
    ShipmentStatus.BOOKED: "the release to the location",
    ShipmentStatus.RELEASED: "the location to pick it",
    ShipmentStatus.PICKED: "the location to dispatch it",
    ShipmentStatus.DISPATCHED: "the carrier to deliver it",
}
_STATUS = {
    OrderStatus.PLACING: "being placed",
    OrderStatus.ON_HOLD: "on hold",
    OrderStatus.BACKORDERED: "backordered in part or whole",
    OrderStatus.IN_FULFILMENT: "in fulfilment",
    OrderStatus.SHIPPED: "shipped in part or whole",
    OrderStatus.CLOSED: "closed",
    OrderStatus.CANCELLED: "cancelled",
}


def details(state: OrderState, currency: str) -> str:
    """Status, what the order comes to since it was amended, what it waits for and until when, where
    each line ships from and why, and what else there was to choose from."""
    parts = [
        f"**{_STATUS[state.status].capitalize()}**, promised for {_when(state.promise)}",
        *_amended(state, currency),
        "",
        "### Waits for",
        *[f"- {wait}" for wait in _waits(state)],
    ]
    # Python sorts stably: those given up come last, the others stay in their sequence.
    for shipment in sorted(state.shipments.values(), key=lambda s: s.status.is_abandoned):
        parts += ["", f"### {_name(shipment)}: {shipment.status.value}", *_shipment(shipment)]
    if state.backordered:
        units = sum(state.backordered.values())
        parts += ["", f"### Backordered: {units} unit(s)", f"- {_lines(state.backordered)}"]
    if state.explanation:
        parts += ["", "### Why from there", *[f"- {sentence}" for sentence in state.explanation]]
    if state.exclusions:
        reasons = dict.fromkeys(exclusion.reason for exclusion in state.exclusions)
        parts += ["", "### Not tried again", *[f"- {reason}" for reason in reasons]]
    return "\n".join(parts)


def _amended(state: OrderState, currency: str) -> list[str]:
    if state.version == 1:
        return []
    total = "" if state.total is None else f", which comes to {money(state.total, currency)}"
    return ["", f"Amended: this is version {state.version}{total}"]


def _waits(state: OrderState) -> list[str]:
    waits = []
    if state.hold is not None:
        until = _when(state.hold.until)
        then = "then what has not left is cancelled"
        held = f"{state.hold.by} keeps it on hold: " if state.hold.by is not None else ""
        waits.append(f"a person, until {until}, {then}: {held}{state.hold.explanation}")
    if state.stopping is not None:
        who = "it ends" if state.cancellation is None else f"{state.cancellation.by} cancels it"
        waits.append(f"what can be stopped to be taken back, for {who}: {state.stopping}")
    if state.amending is not None:
        waits.append(f"what has to be stopped for its amendment {state.amending.number}")
    if state.backordered and state.backordered_until is not None:
        coming = sum(expected.units for expected in state.expected)
        date = f" ({coming} unit(s) expected by {_when(state.expected_by)})" if coming else ""
        waits.append(f"stock{date}, until {_when(state.backordered_until)}")
    for shipment in state.shipments.values():
        if shipment.status in _WAITS_FOR:
            waits.append(_wait(shipment))
        elif not shipment.is_over:
            waits.append(f"what {_name(shipment)} had set going to be taken back")
    return waits or ["nothing"]


def _wait(shipment: ShipmentState) -> str:
    """Whom a shipment waits for, and until when."""
    whom, until, store = _WAITS_FOR[shipment.status], shipment.due, shipment.plan.collect_name
    if shipment.ready_at is not None:
        whom, until = f"the customer to fetch it at {store}", shipment.collect_until
    elif store is not None and shipment.status is ShipmentStatus.DISPATCHED:
        whom = f"the carrier to bring it to {store}"
    due = "" if until is None else f", until {_when(until)}"
    return f"{whom} ({_name(shipment)}){due}"


def _shipment(shipment: ShipmentState) -> list[str]:
    plan = shipment.plan
    units = sum(plan.lines.values())
    tracking = f", tracking {shipment.tracking_number}" if shipment.tracking_number else ""
    said = [
        f"{units} unit(s): {_lines(plan.lines)}",
        f"by {plan.service_name}{tracking}, promised for {_when(plan.promise)}",
        f"from here because: {plan.why}",
    ]
    if shipment.note:
        said.append(f"**{shipment.note}**")
    return [f"- {sentence}" for sentence in said]


def _lines(lines: dict[str, int]) -> str:
    """Units by line, the lines in their natural order, the first ones only when there are many."""
    ordered = sorted(lines, key=lambda line: (len(line), line))
    words = ", ".join(f"{lines[line]} of line {line}" for line in ordered[:_SHOWN_LINES])
    return words if len(ordered) <= _SHOWN_LINES else f"{words} and {len(ordered)} lines in all"


def _name(shipment: ShipmentState) -> str:
    return f"{shipment.plan.location_name}, shipment {shipment.id.rsplit(':', 1)[1]}"


def _when(at: datetime | None) -> str:
    return moment(at, _LANGUAGE)
