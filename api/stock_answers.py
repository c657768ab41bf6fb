"""What the API answers about stock."""

from typing import Any

from pydantic import Field

from api.answers import Answer, Instant, Links


class CountedPositionAnswer(Answer):
    """`counted` is what was found then; what has moved since is in `before` and `after`."""

    sku: str
    counted: int
    before: int
    after: int


class QuarantinedRowAnswer(Answer):
    """A row that did not go in, as it was sent; `position` is its place among the rows, from 1.
    In position 0 stands what a full count did not list and could not be set to 0."""

    position: int
    content: Any = Field(description="The row as it was sent, whatever JSON that is.")
    reason: str


class CountAnswer(Answer):
    """What a count did. `counted` rows went in, `superseded` SKUs had been counted later, the
    orders in `resourced` lost units and look for others, those in `served` got some."""

    id: str
    location_id: str
    kind: str
    taken_at: Instant
    counted: int
    changed: list[CountedPositionAnswer]
    superseded: list[str]
    quarantined: list[QuarantinedRowAnswer]
    resourced: list[str]
    served: list[str]
    links: Links


class MovedPositionAnswer(Answer):
    """How many units of a SKU there are since, for sale or reserved, and set aside."""

    sku: str
    on_hand: int
    set_aside: int


class MovedAnswer(Answer):
    """How the positions stand since. The orders in `resourced` lost units and look for others,
    those in `served` waited and got some."""

    id: str
    location_id: str
    positions: list[MovedPositionAnswer]
    resourced: list[str]
    served: list[str]
    links: Links


class WithheldAnswer(Answer):
    """What is withheld from now on; the orders in `served` waited and got units."""

    location_id: str
    sku: str | None = None
    channel: str | None = None
    units: int
    served: list[str]
    links: Links


class TransferAnswer(Answer):
    """A transfer on its way; `positions` is how those stand that it left."""

    id: str
    origin_id: str
    location_id: str
    due: Instant
    positions: list[MovedPositionAnswer]
    links: Links


class PositionAnswer(Answer):
    """`pools` is what is left in each channel's pool, `available` what a channel may sell now."""

    sku: str
    on_hand: int
    reserved: int
    buffer: int
    withheld: int
    set_aside: int
    counted_at: Instant | None
    pools: dict[str, int]
    available: dict[str, int] | None = None


class StockPage(Answer):
    """`buffer` is withheld of every SKU of the location, besides each one's own."""

    location_id: str
    name: str
    buffer: int
    stock: list[PositionAnswer]
    next: str | None
    links: Links


class LedgerLineAnswer(Answer):
    """What moved; `on_hand` and `set_aside` are what there was after it."""

    at: Instant
    delta: int
    aside: int
    reason: str
    source: str
    note: str | None
    by: str | None
    on_hand: int
    set_aside: int


class LedgerPage(Answer):
    """What moved the units of one SKU at one location. `next` is the cursor of the next page."""

    location_id: str
    sku: str
    lines: list[LedgerLineAnswer]
    next: str | None
    links: Links


class QuarantinedAnswer(QuarantinedRowAnswer):
    """`source` names the count."""

    source: str
    at: Instant


class QuarantinePage(Answer):
    """Rows of counts that could not be understood. `next` is the cursor of the next page."""

    location_id: str
    rows: list[QuarantinedAnswer]
    next: str | None
    links: Links
