"""What an order's workflow asks about payments up front beyond authorising and capturing, and what
is given back of them. Amounts are minor units of the order's currency."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from domain.messages.steps import PaymentRefused
from domain.values import Stored


class RenewPayment(Stored):
    """Authorise anew what is still needed of an authorisation that expires, then void that one.
    `reference` names it."""

    order_id: str
    generation: int
    reference: str
    at: datetime


class GiveBackSpare(Stored):
    """Give back what is authorised beyond what the order comes to now, and all that was asked for
    under the numbers `in_vain`, whether the provider has heard of it or not."""

    order_id: str
    generation: int
    at: datetime
    in_vain: tuple[int, ...] = ()


class SpareGivenBack(Stored):
    """`authorised` are the references of what is still authorised for the order."""

    authorised: tuple[str, ...] = ()


class RefundPayment(Stored):
    """Ask the provider to give back what row `refund_id` of the books says. `generation` counts the
    attempts that are made on purpose, after a refusal; `by` is who wanted this one."""

    order_id: str
    refund_id: str
    at: datetime
    generation: int = 1
    by: str | None = None


class PaymentRefunded(Stored):
    kind: Literal["refunded"] = "refunded"
    amount: int
    currency: str


RefundResult = Annotated[PaymentRefunded | PaymentRefused, Field(discriminator="kind")]


class Authorisation(Stored):
    """A payment that is blocked until `expires_at`, and to be authorised anew before.

    `attempt` is the number under which that was tried, to be tried again at `retry_at` where the
    provider did not answer. Once it was `refused`, for a reason in words, a person decides.
    """

    reference: str
    authorised_at: datetime
    expires_at: datetime
    attempt: int | None = None
    retry_at: datetime | None = None
    refused: str | None = None

    def renew_at(self, margin: timedelta) -> datetime | None:
        """When it is to be renewed: `margin` before it expires, or halfway there where that is
        later; None while a person decides."""
        if self.refused is not None:
            return None
        halfway = self.authorised_at + (self.expires_at - self.authorised_at) / 2
        return self.retry_at or max(self.expires_at - margin, halfway)
