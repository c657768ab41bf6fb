"""What locations, carriers and people tell an order's workflow."""

from datetime import datetime
from enum import StrEnum

from domain.values import Stored


class WarehouseEventKind(StrEnum):
    """`collected`: the customer has fetched it at the store."""

    PICKED = "picked"
    REJECTED = "rejected"
    DISPATCHED = "dispatched"
    COLLECTED = "collected"


class CarrierEventKind(StrEnum):
    """What a carrier reports of a parcel; `exception` is whatever keeps it from its way."""

    COLLECTED = "collected"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    EXCEPTION = "exception"


class WarehouseEvent(Stored):
    """A location reports on a shipment. `quantities` maps line ids to the units really picked; a
    line that is missing there was picked in full when there are no quantities at all, else not."""

    event_id: str
    shipment_id: str
    kind: WarehouseEventKind
    occurred_at: datetime
    quantities: dict[str, int] | None = None
    reason: str | None = None


class CarrierEvent(Stored):
    """A carrier reports on a parcel."""

    event_id: str
    shipment_id: str
    kind: CarrierEventKind
    occurred_at: datetime
    reason: str | None = None


class HoldRelease(Stored):
    """A person decides that a held order goes on. `released_by` names who, `note` says why;
    `written_first` as in `amending.AmendOrder`."""

    released_by: str
    note: str
    written_first: bool = False


class StockArrived(Stored):
    """There may be stock for what the order waits for."""

    event_id: str


class HoldRejection(Stored):
    """A person decides that a held order ends. `rejected_by` names who, `note` says why;
    `written_first` as in `amending.AmendOrder`."""

    rejected_by: str
    note: str
    written_first: bool = False


class FundsArrived(Stored):
    """The order's value is claimed on its customer's account since: it need not wait any longer."""

    event_id: str


class EndedInBooks(Stored):
    """The books have known for a while that the order, or the return, has ended, and its workflow
    goes on."""

    event_id: str


class YieldShipment(Stored):
    """A shipment is to give its stock to a more urgent order, unless it cannot be stopped any more.
    `skus` are what the other order wants of it."""

    event_id: str
    shipment_id: str
    skus: tuple[str, ...]
    reason: str


class StockTaken(Stored):
    """A count found less than was reserved: units of a shipment were taken back in the books.
    `nothing_left` says that it has none any more. `reason` is for people."""

    event_id: str
    shipment_id: str
    nothing_left: bool
    reason: str


class LocationClosed(Stored):
    """The location of a shipment is closed: it is to be sent from elsewhere, unless it is picked.
    `reason` is for people."""

    event_id: str
    shipment_id: str
    reason: str


class PlannedAnew(Stored):
    """What these shipments held is exchanged in the books for what serves all orders better: they
    do not happen, and the order is sourced again."""

    event_id: str
    shipments: tuple[str, ...]


class CollectElsewhere(Stored):
    """A customer agrees to fetch at another store what is not ready yet. `agreed_by` names whom the
    customer has told so, `note` why; `written_first` as in `amending.AmendOrder`."""

    location_id: str
    location_name: str
    agreed_by: str
    note: str
    written_first: bool = False
