"""How orders, shipments and bookings are named.

An order's id is `{channel}:{reference}`, a shipment's `{order id}:{number}`, a booking's reference
`{shipment id}:{attempt}`; a return's id is `{order id}:R{number}`. Channels and references contain
no colon, so that each name can be taken apart again.
"""

import re
from typing import Annotated

from pydantic import StringConstraints

ChannelCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
OrderId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
]

_ORDER_FIRST = re.compile(r"[a-z0-9][a-z0-9-]{0,31}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?=[:/]|$)")

_LONGEST_REFERENCE = 64
WORKFLOW_PREFIX = "order/"


def order_id(channel: str, reference: str) -> str:
    return f"{channel}:{reference}"


def exchange_reference(reference: str, return_number: int, attempt: int) -> str:
    """Of the order in exchange for what came back with a return; the first `attempt` that is free
    counts. Of a long reference the end gives way."""
    suffix = f"-X{return_number}" if attempt == 1 else f"-X{return_number}-{attempt}"
    return reference[: _LONGEST_REFERENCE - len(suffix)] + suffix


def workflow_id(order: str) -> str:
    """The id of an order's workflow: `order/{channel}/{reference}`."""
    channel, reference = order.split(":", 1)
    return f"{WORKFLOW_PREFIX}{channel}/{reference}"


def order_of_workflow(workflow: str) -> str:
    """The order that a workflow of that id is the thread of."""
    channel, reference = workflow.removeprefix(WORKFLOW_PREFIX).split("/", 1)
    return order_id(channel, reference)


def shipment_id(order: str, number: int) -> str:
    return f"{order}:{number}"


def shipment_number(shipment: str) -> int:
    return int(shipment.rsplit(":", 1)[1])


def order_of_shipment(shipment: str) -> str:
    return shipment.rsplit(":", 1)[0]


def order_of_reference(reference: str) -> str | None:
    """The order that one of our references is about, whatever stands behind its id; None where it
    begins with no order's id."""
    found = _ORDER_FIRST.match(reference)
    return found.group(0) if found else None


FIRST_BOOKING = 1


def booking_reference(shipment: str, attempt: int) -> str:
    """The name of an attempt to book a shipment, counted from `FIRST_BOOKING`."""
    return f"{shipment}:{attempt}"


RETURN_PREFIX = "return/"


def return_id(order: str, number: int) -> str:
    return f"{order}:R{number}"


def order_of_return(return_: str) -> str:
    return return_.rsplit(":R", 1)[0]


def return_workflow_id(return_: str) -> str:
    """The id of a return's workflow: `return/{order}/{number}`."""
    order, number = return_.rsplit(":R", 1)
    return f"{RETURN_PREFIX}{order}/{number}"


def return_of_workflow(workflow: str) -> str:
    """The return that a workflow of that id is the thread of."""
    order, number = workflow.removeprefix(RETURN_PREFIX).rsplit("/", 1)
    return return_id(order, int(number))
