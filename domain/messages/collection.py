"""Requests and results of the steps of orders that the customer fetches at a store."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.values import Stored


class RecordReady(Stored):
    """The customer can fetch a shipment at its store, where it is kept `until` a moment."""

    shipment_id: str
    ready_at: datetime
    until: datetime
    at: datetime


class RemindCollector(Stored):
    """Tell the customer once more that a shipment is ready, and `until` when."""

    shipment_id: str
    until: datetime
    at: datetime


class RecordCollection(Stored):
    """The customer has fetched a shipment: consume what is still in stock, invoice it and move the
    exposure from open to unpaid."""

    shipment_id: str
    occurred_at: datetime
    at: datetime


class ExpireCollection(Stored):
    """Nobody fetched a shipment: its units are for sale again at the store, its lines cancelled,
    and the credit that it took given back. `reason` is for people."""

    shipment_id: str
    reason: str
    at: datetime


class MoveCollection(Stored):
    """From now on the order is fetched at another store, as its customer has agreed."""

    order_id: str
    generation: int
    location_id: str
    location_name: str
    agreed_by: str
    note: str
    at: datetime


class Fetched(Stored):
    """The customer has it; `amount` in minor units of the order's currency, `prepaid` the part of
    it that is to be captured."""

    kind: Literal["fetched"] = "fetched"
    invoice_id: str
    amount: int
    prepaid: int = 0


class Expired(Stored):
    """Nobody fetched it: its units are the store's again."""

    kind: Literal["expired"] = "expired"


CollectionResult = Annotated[Fetched | Expired, Field(discriminator="kind")]
"""How a collection ended: the first end counts, whichever step asks."""
