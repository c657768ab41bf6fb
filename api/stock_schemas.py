"""What operations send about the stock of a location."""

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import Field, Strict, model_validator

from adapters.postgres.adjustments import AdjustmentReason
from api.fields import (
    MAX_QUANTITY,
    Body,
    EventId,
    LongText,
    Moment,
    Name,
    OurReference,
    Parameters,
    Quantity,
    ReportedQuantity,
    Words,
)
from domain.returns import Disposition

MAX_ROWS = 50_000
MAX_LINES = 1000
MAX_ASKED = 500

Person = Annotated[Words, Field(max_length=100)]
Difference = Annotated[int, Strict(), Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]
Probability = Annotated[float, Strict(), Field(ge=0, le=1)]
Kind = Literal["full", "partial"]
CommandId = Annotated[
    EventId, Field(description="The sender's own; a repeat under it gets the same answer.")
]
LocationInPath = Annotated[Name, Path(examples=["PAR-1"], description="The location's id.")]
SkuInPath = Annotated[Name, Path(examples=["AR-0000"], description="The product's SKU.")]


class CountHead(Body):
    """What is said of a count besides its rows."""

    id: EventId | None = Field(
        default=None,
        description="The sender's own; a repeat under it gets the same answer. By default it "
        "follows from the content.",
    )
    taken_at: Moment = Field(description="When it was counted: what moved since is added to it.")
    kind: Kind = Field(description="A full count says that there is nothing but what it lists.")
    by: Person | None = None


class CountRow(Body):
    """Units found of a SKU, those that are picked and have not left among them."""

    sku: Name
    quantity: ReportedQuantity


class CountStock(CountHead):
    """A count of a location. Each row is {"sku", "quantity"}; several rows of a SKU are added up.
    Rows that cannot be taken are quarantined, the others go in."""

    rows: list[Any] = Field(min_length=1, max_length=MAX_ROWS)


class GoodsLine(Body):
    """Units of one SKU."""

    sku: Name
    quantity: Quantity


class ReceiveGoods(Body):
    """Goods that came in. What came before the last count was taken was in that count."""

    id: CommandId
    received_at: Moment | None = Field(default=None, description="By default now.")
    lines: list[GoodsLine] = Field(min_length=1, max_length=MAX_LINES)
    by: Person | None = None
    note: LongText | None = None


class AdjustedLine(Body):
    """`delta` more on hand, `aside` more set aside; negative where it is less."""

    sku: Name
    delta: Difference = 0
    aside: Difference = 0

    @model_validator(mode="after")
    def _moves(self) -> "AdjustedLine":
        if not self.delta and not self.aside:
            raise ValueError("either delta or aside must be other than 0")
        return self


class AdjustStock(Body):
    """A person's word that there is more or less than the books say."""

    id: CommandId
    reason: AdjustmentReason
    note: LongText
    by: Person
    lines: list[AdjustedLine] = Field(min_length=1, max_length=MAX_LINES)


class ReturnedLine(Body):
    """Units of one SKU that came back, and what becomes of them."""

    sku: Name
    quantity: Quantity
    disposition: Disposition = Field(
        description="restock: for sale again. refurbish, return_to_supplier: set aside there. "
        "scrap: gone."
    )


class ReturnGoods(Body):
    """Goods that came back from customers."""

    id: CommandId
    order_id: OurReference | None = None
    lines: list[ReturnedLine] = Field(min_length=1, max_length=MAX_LINES)
    by: Person | None = None
    note: LongText | None = None


class SendTransfer(Body):
    """Units that leave a location for another one; nobody's until they are received there."""

    id: Name = Field(description="The sender's own; it names the supply that they are received as.")
    origin_id: Name = Field(alias="from", examples=["PAR-1"])
    location_id: Name = Field(alias="to", examples=["LYO-1"])
    sent_at: Moment | None = Field(default=None, description="By default now.")
    due: Moment
    confidence: Probability = Field(default=1.0, description="That they arrive when they are due.")
    lines: list[GoodsLine] = Field(min_length=1, max_length=MAX_LINES)
    by: Person | None = None
    note: LongText | None = None


class Withhold(Body):
    """How many units are withheld, or kept for a channel, from now on."""

    units: ReportedQuantity
    by: Person
    note: LongText | None = None


class StockQuery(Parameters):
    sku: list[Name] = Field(default=[], max_length=MAX_ASKED, description="Only these.")
    channel: list[Name] = Field(
        default=[], max_length=50, description="Say what each of these may sell."
    )
    limit: int = Field(default=100, ge=1, le=MAX_ASKED, description="How many at most.")
    cursor: str | None = Field(default=None, max_length=300, description="From `next`.")


class Page(Parameters):
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(default=None, max_length=300, description="From `next`.")
