"""What the API answers about returns."""

from datetime import date
from typing import Any

from api.answers import Answer, Instant, Links
from domain.messages.returns import Resolution, ReturnOrigin, ReturnStatus
from domain.returns import Disposition


class ReturnLabelAnswer(Answer):
    """The way back, booked at a carrier."""

    carrier: str
    service: str
    tracking_number: str
    label_url: str


class ReturnLineAnswer(Answer):
    """Units of one invoice line; `credited` are on credit notes."""

    line_id: str
    sku: str
    invoice_id: str
    reason: str
    announced: int
    received: int
    inspected: int
    credited: int


class InspectionAnswer(Answer):
    """In which state units came back, what became of them, and whether the policy refunds that, and
    how much of what was paid."""

    line_id: str
    sku: str
    location_id: str
    quantity: int
    grade: str
    disposition: Disposition
    refunded: bool
    refunded_percent: int
    by: str
    at: Instant


class CreditNoteOfReturn(Answer):
    """Amounts in minor units of the order's currency."""

    number: str
    issued_on: date
    net: int
    gross: int


class RefundAnswer(Answer):
    """What goes back to a payment up front, in minor units of the order's currency."""

    refund_id: str
    tender: str
    amount: int
    state: str
    reason: str | None
    refunded_at: Instant | None


class ExchangeLineAnswer(Answer):
    """Units that the customer wants instead."""

    sku: str
    quantity: int


class ReturnAnswer(Answer):
    """All about a return. Without a label the goods come back as the customer likes."""

    return_id: str
    order_id: str
    status: ReturnStatus
    origin: ReturnOrigin
    channel: str
    resolution: Resolution
    return_to: str
    opened_by: str
    opened_at: Instant
    expires_at: Instant
    closed_at: Instant | None
    currency: str
    label: ReturnLabelAnswer | None
    lines: list[ReturnLineAnswer]
    inspections: list[InspectionAnswer]
    credit_notes: list[CreditNoteOfReturn]
    refunds: list[RefundAnswer]
    exchange_lines: list[ExchangeLineAnswer]
    exchange_order_id: str | None
    links: Links


class ReturnsAnswer(Answer):
    """The returns of an order, the first one first."""

    returns: list[ReturnAnswer]
    links: Links


class ParkedAnswer(Answer):
    """Goods that came back and belong to no order that we know of; `why` says why not."""

    parked_id: int
    location_id: str
    sku: str
    quantity: int
    tracking_number: str | None
    order_reference: str | None
    why: str
    by: str
    at: Instant
    links: Links


class ParkedPage(Answer):
    """What waits for a person, the oldest first."""

    parked: list[ParkedAnswer]


class ParkedSettled(Answer):
    """What a person decided, and the return that the goods came in with, if it is one."""

    parked_id: int
    state: str
    return_id: str | None


class MatchedUnits(Answer):
    """Units of one SKU that a return has taken in."""

    sku: str
    quantity: int


class MatchedReturn(Answer):
    """Units that were taken in with a return."""

    return_id: str
    units: list[MatchedUnits]
    links: Links


class UnannouncedAnswer(Answer):
    """Where the goods went: with returns, those opened for them included, or parked."""

    event_id: str
    matched: list[MatchedReturn]
    parked: list[ParkedAnswer]


def parked_answer(parked: Any) -> ParkedAnswer:
    itself = f"/returns/parked/{parked.parked_id}"
    links = {"match": f"{itself}/match", "scrap": f"{itself}/scrap"}
    parts = {name: getattr(parked, name) for name in parked.__slots__}
    return ParkedAnswer.model_validate({**parts, "links": links})
