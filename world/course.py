"""What becomes of an accepted release: its events in business time, and how they are reported.

Business time starts at the real time of acceptance and runs in whole hours and days, whatever the
speed; dividing it by the speed gives the real time at which the world acts.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from world.behaviour import Behaviour, Chance, Subject
from world.ledger import Json, Record
from world.outbox import Report, Sender
from world.words import said

_COLLECT = "collect"
_REJECTIONS = (
    "the goods on the shelf are damaged",
    "no staff for this shift",
    "the goods cannot be found",
)


@dataclass(frozen=True)
class Event:
    """Something that happens at a partner, in business time."""

    sender: Sender
    partner: str
    kind: str
    reference: str
    at: datetime
    detail: Json


def release_events(behaviour: Behaviour, release: Record, booking: Record | None) -> list[Event]:
    """All that follows from an accepted release; `booking` is its parcel's, None if unknown."""
    subject = release_subject(release)
    accepted = datetime.fromtimestamp(release.at, UTC)
    dice = behaviour.dice("pick_and_dispatch", release.reference)
    picked_at = accepted + timedelta(hours=dice.uniform(*behaviour.pick_hours))
    dispatched_at = picked_at + timedelta(hours=dice.uniform(*behaviour.dispatch_hours))

    def event(kind: str, at: datetime, lines: list[Json], reason: str | None) -> Event:
        return _event(release, kind, at, lines, reason)

    if is_handed_over(release) and release.request["tracking_number"]:
        # It has come as a parcel: there is nothing to pick.
        return _fetched(behaviour, release, accepted, release.request["lines"])
    if behaviour.happens("warehouse_silent", release.reference, subject):
        return []
    if behaviour.happens("warehouse_rejects", release.reference, subject):
        reason = dice.choice(_REJECTIONS)
        recipient = release.request["recipient"]
        reason = said(behaviour, release.reference, subject, reason, recipient)
        return [event("rejected", picked_at, [], reason)]
    lines = _picked_lines(behaviour, release, subject)
    parcel = [line for line in lines if line["quantity"]]
    short = sum(line["quantity"] for line in lines) < sum(
        line["quantity"] for line in release.request["lines"]
    )
    events = [event("picked", picked_at, lines, "not all found on the shelf" if short else None)]
    if is_handed_over(release):
        events += _fetched(behaviour, release, picked_at, parcel)
    elif parcel:
        events.append(event("dispatched", dispatched_at, parcel, None))
        events += parcel_events(behaviour, release, booking, dispatched_at)
    return events


def parcel_events(
    behaviour: Behaviour, release: Record, booking: Record | None, leaves: datetime
) -> list[Event]:
    """All that follows for the parcel of a release that leaves at a moment; nothing where its
    `booking` is unknown or void."""
    if booking is None or booking.state != "booked":
        return []
    return _parcel_events(behaviour, booking, release_subject(release), leaves)


def _event(
    release: Record, kind: str, at: datetime, lines: list[Json], reason: str | None = None
) -> Event:
    detail = {"lines": lines, "reason": reason}
    return Event("warehouse", release.partner, kind, release.reference, at, detail)


def _fetched(
    behaviour: Behaviour, release: Record, ready_at: datetime, lines: list[Json]
) -> list[Event]:
    """The customer comes for what there is, sooner or later or never."""
    if not lines or behaviour.happens("no_show", release.reference, release_subject(release)):
        return []
    dice = behaviour.dice("coming", release.reference)
    comes_at = ready_at + timedelta(hours=dice.uniform(*behaviour.collect_hours))
    return [_event(release, "collected", comes_at, lines)]


def is_handed_over(release: Record) -> bool:
    """Whether the location gives it to its customer, and to no carrier."""
    return bool(release.request.get("service") == _COLLECT)


def release_subject(release: Record) -> Subject:
    """Whom the odds of a release are about."""
    return Subject(release.request["carrier"], release.request["service"], release.partner)


def _picked_lines(behaviour: Behaviour, release: Record, subject: Subject) -> list[Json]:
    lines: list[Json] = [dict(line) for line in release.request["lines"]]
    if behaviour.happens("short_pick", release.reference, subject):
        dice = behaviour.dice("shortage", release.reference)
        short = dice.choice(lines)
        short["quantity"] = dice.randrange(short["quantity"])
        if dice.random() < 0.1:
            for line in lines:
                line["quantity"] = 0
    left: dict[str, int] = {}
    for line in lines:
        limit = behaviour.pick_limit(release.partner, line["sku"])
        if limit is not None:
            found = min(line["quantity"], left.get(line["sku"], limit))
            left[line["sku"]] = left.get(line["sku"], limit) - found
            line["quantity"] = found
    return lines


def _parcel_events(
    behaviour: Behaviour, booking: Record, subject: Subject, dispatched_at: datetime
) -> list[Event]:
    dice = behaviour.dice("delivery", booking.reference)
    late = behaviour.happens("late_delivery", booking.reference, subject)
    deliver_by = date.fromisoformat(booking.request["deliver_by"])
    delivered_at = _delivery(dice, dispatched_at, deliver_by, late=late)
    way = delivered_at - dispatched_at
    events: list[Event] = []

    def add(kind: str, at: datetime, reason: str | None = None) -> None:
        detail = {"tracking_number": booking.answer["tracking_number"], "reason": reason}
        events.append(Event("carrier", booking.partner, kind, booking.reference, at, detail))

    if behaviour.happens("collected_event", booking.reference, subject):
        add("collected", dispatched_at + way * dice.uniform(0.02, 0.1))
    if behaviour.happens("in_transit_event", booking.reference, subject):
        add("in_transit", dispatched_at + way * dice.uniform(0.2, 0.6))
    if behaviour.happens("exception_event", booking.reference, subject):
        nobody = "nobody was there to receive the parcel"
        recipient = booking.request["recipient"]
        reason = said(behaviour, booking.reference, subject, nobody, recipient)
        add("exception", delivered_at, reason)
        delivered_at = _slot(dice, _working_day(delivered_at.date() + timedelta(days=1)))
    add("delivered", delivered_at)
    return events


def _delivery(dice: Random, dispatched_at: datetime, deliver_by: date, *, late: bool) -> datetime:
    """On the day agreed or the working day before; later if `late`, or dispatched too late."""
    day = deliver_by
    before = deliver_by - timedelta(days=1)
    if dice.random() < 0.2 and before > dispatched_at.date() and _working_day(before) == before:
        day = before
    if late:
        day = _working_day(deliver_by + timedelta(days=dice.randint(1, 4)))
    delivered_at = _slot(dice, day)
    if delivered_at > dispatched_at:
        return delivered_at
    same_day = dispatched_at + timedelta(hours=dice.uniform(2, 4))
    if same_day.date() == day:
        return same_day
    return _slot(dice, _working_day(dispatched_at.date() + timedelta(days=1)))


def _slot(dice: Random, day: date) -> datetime:
    # These hours of UTC are working time in Europe, and the same calendar day from UTC-8 to UTC+11.
    return datetime.combine(day, time(8), UTC) + timedelta(hours=dice.uniform(0, 4.5))


def _working_day(day: date) -> date:
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def reports(behaviour: Behaviour, release: Record, events: list[Event]) -> list[Report]:
    """The webhooks for these events in the order in which they are sent, faults included."""
    subject = release_subject(release)

    def happens(chance: Chance, report: Report) -> bool:
        return behaviour.happens(chance, f"{report.reference}:{report.kind}", subject)

    ordered = [_report(behaviour, release, event) for event in events]
    for report in ordered:
        if happens("late_webhook", report):
            dice = behaviour.dice("lateness", f"{report.reference}:{report.kind}")
            report.due_at += dice.uniform(6, 24) * 3600 / behaviour.speed
    index = 0
    while index < len(ordered) - 1:
        if happens("reordered_webhook", ordered[index]):
            ordered[index : index + 2] = reversed(ordered[index : index + 2])
            index += 1
        index += 1
    for report in [report for report in ordered if happens("duplicate_webhook", report)]:
        dice = behaviour.dice("repetition", f"{report.reference}:{report.kind}")
        ordered.insert(dice.randint(ordered.index(report) + 1, len(ordered)), report)
    return ordered


def _report(behaviour: Behaviour, release: Record, event: Event) -> Report:
    identity = f"{release.partner}/{release.reference}/{event.sender}/{event.kind}"
    event_id = str(uuid5(NAMESPACE_URL, identity))
    happens_at = release.at + (event.at.timestamp() - release.at) / behaviour.speed
    body = {
        "event_id": event_id,
        "kind": event.kind,
        "reference": event.reference,
        "occurred_at": event.at.isoformat(),
        **event.detail,
    }
    return Report(
        event_id=event_id,
        sender=event.sender,
        path=f"/webhooks/{event.sender}s/{quote(event.partner, safe='')}",
        kind=event.kind,
        reference=event.reference,
        body=json.dumps(body),
        happens_at=happens_at,
        due_at=happens_at,
    )
