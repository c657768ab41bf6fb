"""What the API answers about supplies."""

from api.answers import Answer, Instant, Links
from api.stock_answers import MovedPositionAnswer


class SupplyLineAnswer(Answer):
    """Of `units`, some are received and `to_come` are not; `claimed` of these are promised."""

    sku: str
    units: int
    received: int
    to_come: int
    claimed: int


class SupplyClaimAnswer(Answer):
    """Units that an order's line rests on; they then reach the customer by `promise`."""

    order_id: str
    line_id: str
    sku: str
    units: int
    promise: Instant


class ListedSupplyAnswer(Answer):
    """What is to come to a location; from `origin_id`, where it is a transfer. A supply is closed
    when nothing more comes of it."""

    supply_id: str
    location_id: str
    origin_id: str | None
    due: Instant
    confidence: float
    is_closed: bool
    lines: list[SupplyLineAnswer]
    links: Links


class SupplyAnswer(ListedSupplyAnswer):
    """`claims` are by SKU, then by priority, promise date and age: in this sequence they are met.
    The first ones are shown."""

    claims: list[SupplyClaimAnswer]


class SupplyPage(Answer):
    """Supplies, the first due first. `next` is the cursor of the next page, if there is one."""

    supplies: list[ListedSupplyAnswer]
    next: str | None
    links: Links


class ReceivedUnits(Answer):
    """Units of one SKU that came."""

    sku: str
    quantity: int


class SupplyReceivedAnswer(Answer):
    """What came, and how its positions stand since. Orders that got some are `served`; `unserved`
    rested on it, got nothing, and look elsewhere."""

    id: str
    supply_id: str
    location_id: str
    is_closed: bool
    received: list[ReceivedUnits]
    positions: list[MovedPositionAnswer]
    served: list[str]
    unserved: list[str]
    links: Links
