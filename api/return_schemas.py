"""What is sent about returns."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from fastapi import Path
from pydantic import Field, model_validator

from api.fields import (
    Body,
    ChannelCode,
    EventId,
    LineId,
    LongText,
    Name,
    OurReference,
    Quantity,
    UnitPrice,
    Words,
)
from api.problems import FieldError
from domain.messages.returns import Resolution
from domain.returns import Disposition

MAX_LINES = 1000
Person = Annotated[Words, Field(max_length=100)]
Grade = Annotated[Words, Field(max_length=64, examples=["as new"])]
SentEventId = Annotated[
    EventId, Field(description="The sender's own; a repeat under it gets the same answer.")
]
ReturnIdInPath = Annotated[
    Words, Path(max_length=120, examples=["web:10042:R1"], description="The return's id.")
]
ParkedIdInPath = Annotated[int, Path(ge=1, le=2**62, description="What is parked.")]


class _State(Body):
    """In which state units came back, and what becomes of them: both or none is said."""

    grade: Grade | None = None
    disposition: Disposition | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.grade is None) != (self.disposition is None):
            raise ValueError("grade and disposition are given together or not at all")
        return self


class ReturnLine(_State):
    """Units of a line that are to come back, and why; with a grade and a disposition where they are
    brought to a store and inspected there at once."""

    line_id: LineId
    quantity: Quantity
    reason: LongText


class ExchangedLine(Body):
    """Units that the customer wants instead."""

    sku: Name
    quantity: Quantity
    unit_price: UnitPrice | None = Field(
        default=None,
        description="With tax, in minor units; where none is agreed with the customer. What was "
        "sent back of the same SKU is exchanged at what it had cost.",
    )


class OpenReturn(Body):
    """What a customer sends back. `reference` or an Idempotency-Key names the request."""

    reference: Name | None = Field(
        default=None, description="The sender's own name for this return; a retry is then safe."
    )
    lines: list[ReturnLine] = Field(min_length=1, max_length=MAX_LINES)
    channel: ChannelCode | None = Field(
        default=None, description="Where it is asked for; by default the order's own channel."
    )
    shipment_id: OurReference | None = Field(
        default=None, description="The shipment they came with; by default the oldest first."
    )
    resolution: Resolution = Resolution.REFUND
    exchange_lines: list[ExchangedLine] = Field(default=[], max_length=MAX_LINES)
    return_to: Name | None = Field(
        default=None, description="A location; by default where the units came from."
    )
    brought_to: Name | None = Field(
        default=None, description="The location where the customer has just handed them in."
    )
    by: Person

    def contradictions(self) -> Iterator[FieldError]:
        """What its fields say against each other."""
        if self.resolution is Resolution.EXCHANGE and not self.exchange_lines:
            yield FieldError(field="exchange_lines", message="required for an exchange")
        if self.resolution is not Resolution.EXCHANGE and self.exchange_lines:
            yield FieldError(field="exchange_lines", message="only go with resolution exchange")
        if self.brought_to is not None and self.return_to is not None:
            yield FieldError(field="return_to", message="does not go with brought_to")
        for position, line in enumerate(self.lines):
            if self.brought_to is None and line.grade is not None:
                field = f"lines[{position}].grade"
                yield FieldError(field=field, message="only goes with brought_to")


class ReceivedLine(_State):
    """Units that came, by line or by SKU; inspected at once where their state is said."""

    line_id: LineId | None = None
    sku: Name | None = None
    quantity: Quantity

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if self.line_id is None and self.sku is None:
            raise ValueError("line_id or sku is required")
        return self


class ReceiveReturn(Body):
    """What came of a return at a location. It may be less than announced, more, or something else
    of the order."""

    event_id: SentEventId
    location: Name
    lines: list[ReceivedLine] = Field(min_length=1, max_length=MAX_LINES)
    by: Person


class InspectedLine(Body):
    """Units of a line in one state."""

    line_id: LineId
    quantity: Quantity
    grade: Grade
    disposition: Disposition


class InspectReturn(Body):
    """What was found; `location` is where the units are, by default where the return goes to."""

    event_id: SentEventId
    location: Name | None = None
    units: list[InspectedLine] = Field(min_length=1, max_length=MAX_LINES)
    by: Person


class CancelReturnBody(Body):
    """Nothing will be sent back."""

    by: Person
    note: LongText


class ArrivedLine(Body):
    """Units of one SKU that came."""

    sku: Name
    quantity: Quantity


class ReportUnannounced(Body):
    """Goods that came back and nobody had announced. What is known of where they come from finds
    their return or their order."""

    event_id: SentEventId
    location: Name
    tracking_number: Annotated[Words, Field(max_length=100)] | None = None
    order_id: OurReference | None = None
    order_reference: OurReference | None = Field(
        default=None, description="As on the delivery note: the channel's own order number."
    )
    lines: list[ArrivedLine] = Field(min_length=1, max_length=MAX_LINES)
    by: Person


class MatchParked(Body):
    """A person says of which order the goods are."""

    order_id: OurReference
    by: Person
    note: LongText


class ScrapParked(Body):
    """A person says that nobody will ask for them."""

    by: Person
    note: LongText


ParkedState = Literal["parked", "matched", "scrapped"]
