"""What is answered to who stops an order: what is cancelled or on hold, and what goes on."""

from typing import Any

from adapters.postgres.stopping import GoingOn, Stopped
from api.answers import Answer, HoldAnswer, OrderStanding, Units
from api.rendering import links_of
from domain.messages.orders import HoldReason, OrderStatus, ShipmentStatus
from domain.stopping import WhyOn, why_it_goes_on


class CancelledLine(Answer):
    """Units of a line: those that are cancelled, of those that were ordered."""

    line_id: str
    sku: str
    ordered: int
    cancelled: int


class ShipmentGoingOn(Answer):
    """A shipment that was not stopped: `why` to look at, `reason` to read."""

    shipment_id: str
    location_id: str
    location_name: str
    status: ShipmentStatus
    why: WhyOn
    reason: str
    lines: list[Units]


class OrderCancelled(OrderStanding):
    """What of an order is cancelled, and what could not be. `by` and `reason` are of the first who
    cancelled it, null where it was not ended by a cancellation."""

    by: str | None
    reason: str | None
    lines: list[CancelledLine]
    going_on: list[ShipmentGoingOn]


class OrderHeld(OrderStanding):
    """An order on hold, and what of it goes on all the same."""

    hold: HoldAnswer | None
    going_on: list[ShipmentGoingOn]


def cancelled_in_part(order_id: str, stopped: Stopped, by: str, reason: str) -> OrderCancelled:
    """The answer to somebody who cancelled units of lines: nothing else stops."""
    return OrderCancelled(
        **_standing(order_id, stopped),
        by=by,
        reason=reason,
        lines=[CancelledLine.model_validate(line) for line in stopped.lines],
        going_on=[],
    )


def cancelled(order_id: str, stopped: Stopped, language: str) -> OrderCancelled:
    """The answer to somebody who cancelled the whole order, its reasons in that language."""
    return OrderCancelled(
        **_standing(order_id, stopped),
        by=stopped.cancelled_by,
        reason=stopped.cancelled_for,
        lines=[CancelledLine.model_validate(line) for line in stopped.lines],
        going_on=_going_on(stopped, language),
    )


def held(order_id: str, stopped: Stopped, language: str) -> OrderHeld:
    """The answer to somebody who put the order on hold, its reasons in that language."""
    hold = None
    if stopped.status is OrderStatus.ON_HOLD and stopped.hold_reason is HoldReason.SUPPORT:
        hold = HoldAnswer(
            reason=stopped.hold_reason,
            explanation=stopped.held_for or "",
            by=stopped.held_by,
            since=stopped.held_since,
            until=stopped.held_until,
        )
    return OrderHeld(
        **_standing(order_id, stopped), hold=hold, going_on=_going_on(stopped, language)
    )


def _standing(order_id: str, stopped: Stopped) -> dict[str, Any]:
    links = links_of(order_id, stopped.status, is_fetched=stopped.type.is_fetched)
    return {"order_id": order_id, "status": stopped.status, "links": links}


def _going_on(stopped: Stopped, language: str) -> list[ShipmentGoingOn]:
    skus = {line.line_id: line.sku for line in stopped.lines}
    return [_shipment(shipment, skus, language) for shipment in stopped.going_on]


def _shipment(shipment: GoingOn, skus: dict[str, str], language: str) -> ShipmentGoingOn:
    course = shipment.course
    return ShipmentGoingOn(
        **course.model_dump(include={"shipment_id", "location_id", "location_name", "status"}),
        why=course.why,
        reason=why_it_goes_on(course, language),
        lines=[
            Units(line_id=line, sku=skus[line], quantity=units)
            for line, units in shipment.units.items()
        ],
    )
