"""Amending an order: other quantities, other lines, another address, another date."""

import hashlib
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Response
from pydantic import Field, Strict

from adapters.postgres.amendable import Address, Present
from adapters.postgres.reading import read_order
from api.answers import Money, OrderPlaced
from api.changed_lines import AskedLine
from api.changes import AskedPlace, Change, change
from api.fields import Body, Day, Flag, LineId, Name, OrderIdInPath, Quantity, UnitPrice
from api.problems import FieldError, invalid, not_found
from api.rendering import placed_from_books
from api.schemas import MAX_LINES, ShipTo
from api.services import Services, Shared
from domain.messages.orders import OrderType

router = APIRouter(prefix="/orders", tags=["orders"])

_log = structlog.stdlib.get_logger(__name__)
_PENDING = "Taken; a location or the payment provider has not answered yet"
_MOST_VERSIONS = 10**6


class AmendedLine(Body):
    """A line as it is to be: one that the order has, by its id, or a new one under a new id."""

    line_id: LineId
    sku: Name
    quantity: Quantity
    unit_price: UnitPrice | None = Field(
        default=None,
        description="In minor units. By default the price that the line has, or the agreed one.",
    )


class AmendOrderBody(Body):
    """What an order is to become. What is left out stays as it is."""

    version: Annotated[int, Strict(), Field(ge=1, le=_MOST_VERSIONS)] = Field(
        description="The order's version that this is about, from GET /orders/{id}."
    )
    lines: list[AmendedLine] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_LINES,
        description="All lines that the order is to have: those that are not named are removed.",
    )
    ship_to: ShipTo | None = Field(default=None, description="Whole, if it is to change.")
    requested_date: Day | None = Field(
        default=None, description="When the buyer wants it; null for as soon as possible."
    )
    backorder: Flag = Field(
        default=False,
        description="Whether added units may wait for stock; else stock has to cover them.",
    )


class OrderAmended(OrderPlaced):
    """An order as it stands after an amendment, of its new version. With `pending` the amendment
    is taken, and the order still as it was."""

    version: int
    total: Money
    currency: str
    pending: bool = False


@router.patch("/{order_id}", responses={202: {"model": OrderAmended, "description": _PENDING}})
async def amend_order(
    order_id: OrderIdInPath, body: AmendOrderBody, response: Response, services: Shared
) -> OrderAmended:
    """Amend an order that has not ended: more or less of its lines, other lines, another address or
    requested date for what is not picked yet.

    Prices, credit and stock are looked at before anything changes. 409 when the order has changed
    since the version that is named, and when the amendment cannot be met: the order is then as it
    was, and the answer says why and what is still possible. Safe to repeat: the same body on the
    same version gets the answer of the first time.
    """
    structlog.contextvars.bind_contextvars(order_id=order_id)
    is_applied = await change(services, order_id, await _wanted(services, order_id, body))
    order = await read_order(services.engine, order_id)
    assert order is not None
    _log.info("order amended", version=order.version, applied=is_applied)
    if not is_applied:
        response.status_code = HTTPStatus.ACCEPTED
    return OrderAmended(
        **{name: getattr(placed_from_books(order), name) for name in OrderPlaced.model_fields},
        version=order.version,
        total=order.total,
        currency=order.currency,
        pending=not is_applied,
    )


async def _wanted(services: Services, order_id: str, body: AmendOrderBody) -> Change:
    faults = list(_contradictions(body))
    if body.ship_to is not None:
        order = await read_order(services.engine, order_id)
        if order is None:
            raise not_found(f"There is no order {order_id!r}.")
        faults += _address_faults(order.type, body.ship_to)
    if faults:
        raise invalid(faults)
    lines = body.lines
    asked = None if lines is None else [AskedLine(**line.model_dump()) for line in lines]

    def named(_: Present) -> list[AskedLine]:
        assert asked is not None
        return asked

    return Change(
        base_version=body.version,
        body_hash=_hash(body),
        lines=None if asked is None else named,
        place=None if body.ship_to is None else _place(body.ship_to),
        redates="requested_date" in body.model_fields_set,
        requested_date=body.requested_date,
        backorder=body.backorder,
    )


def _contradictions(body: AmendOrderBody) -> Iterator[FieldError]:
    redates = "requested_date" in body.model_fields_set
    if body.lines is None and body.ship_to is None and not redates:
        message = "required, or ship_to, or requested_date"
        yield FieldError(field="lines", message=message)


def _address_faults(kind: OrderType, to: ShipTo) -> Iterator[FieldError]:
    """An address for what is sent, somebody to write to for what is fetched."""
    if not kind.is_fetched:
        for name in ("street", "city", "postal_code", "country"):
            if getattr(to, name) is None:
                yield FieldError(field=f"ship_to.{name}", message="required")
    elif to.email is None and to.phone is None:
        message = "required, or a phone: the customer is told when to fetch it"
        yield FieldError(field="ship_to.email", message=message)


def _place(to: ShipTo) -> AskedPlace:
    address = Address(
        name=to.name,
        street=to.street or "",
        city=to.city or "",
        email=to.email,
        phone=to.phone,
    )
    return AskedPlace(address, to.country, to.postal_code)


def _hash(body: AmendOrderBody) -> str:
    """The same for two bodies that mean the same, whatever the order of their lines."""
    meant = body.model_dump(mode="json", exclude_unset=True)
    meant.setdefault("backorder", False)
    if body.lines is not None:
        meant["lines"] = sorted(
            [
                line.line_id,
                line.sku,
                line.quantity,
                -1 if line.unit_price is None else line.unit_price,
            ]
            for line in body.lines
        )
    return hashlib.sha256(json.dumps(meant, sort_keys=True).encode()).hexdigest()
