"""The money of a return: what a person decides where the provider does not give it back, and what
is ordered for it in exchange.

`steps` says what requests and results are.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.messages.state import OrderStart
from domain.values import Stored


class RetryRefund(Stored):
    """`by` wants a refund that was refused to be tried again."""

    refund_id: str
    by: str


class SettleRefund(Stored):
    """`by` gives a refund that was refused back in another way: as credit on the customer's
    `account`, or `outside` of Ariane; `note` says how. `written_first` as in
    `returns.ReturnReport`."""

    refund_id: str
    how: Literal["account", "outside"]
    by: str
    note: str
    written_first: bool = False


class RecordSettlement(Stored):
    """Write down how a refund was settled."""

    return_id: str
    settle: SettleRefund
    at: datetime


class RefundSettled(Stored):
    kind: Literal["settled"] = "settled"


class SettlementRefused(Stored):
    """Nothing is written down: `reason` says why."""

    kind: Literal["refused"] = "refused"
    reason: str


SettlementResult = Annotated[RefundSettled | SettlementRefused, Field(discriminator="kind")]


class PlaceExchange(Stored):
    """Write the order for what the customer wants instead."""

    return_id: str
    at: datetime


class ExchangePlaced(Stored):
    """`start` is how the workflow of the new order begins; None where nothing is exchanged: nothing
    that came back was credited, or what is wanted has no price any more. `refunds` are to be made
    at the providers, of what the new order does not need."""

    start: OrderStart | None = None
    refunds: tuple[str, ...] = ()
