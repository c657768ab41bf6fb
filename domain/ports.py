"""The systems of others, as the activities see them.

Each gateway is asked under *our* reference, which makes every call safe to repeat: a partner that
has already seen the reference answers what it answered the first time. A business refusal is a
value; an exception means that the partner could not be asked, or that its answer was lost:

    GatewayError
    ├── GatewayUnavailable   the call did not take effect, or may be repeated without harm
    ├── OutcomeUnknown       the reply was lost: look the reference up before anything else
    └── GatewayProtocolError the partner answered something that we do not understand
"""

from datetime import date, datetime
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict


class GatewayError(Exception):
    """A system of others could not be used."""


class GatewayUnavailable(GatewayError):
    """No effect was made, or repeating the call is harmless: connection refused, 429, 5xx."""


class OutcomeUnknown(GatewayError):
    """The request may have taken effect and its reply was lost: time-out, reset after sending."""


class GatewayProtocolError(GatewayError):
    """The partner's answer has a status or a body that its interface does not foresee."""


class _Value(BaseModel):
    # What does not fit is named by its field: the value itself may be personal data.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Refused(_Value):
    """A partner's business 'no'. `code` is stable and short, `reason` is in words for a person."""

    code: str
    reason: str


class Place(_Value):
    """Where a parcel is collected."""

    location_id: str
    country: str
    postal_code: str


class Recipient(_Value):
    """Where a parcel goes. Personal data: never in a workflow's history, never in a log."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    email: str | None = None
    phone: str | None = None


class BookingRequest(_Value):
    """One parcel service for one shipment. `reference` is ours and unique for each booking. What a
    customer sends back is collected at his address, `collect_from`."""

    reference: str
    carrier: str
    service: str
    origin: Place
    recipient: Recipient
    weight_grams: int
    deliver_by: date
    collect_from: Recipient | None = None


class Booked(_Value):
    """A carrier's acceptance. `label_url` is where the location prints the label from."""

    booking_id: str
    tracking_number: str
    label_url: str


class CarrierGateway(Protocol):
    """Parcel carriers: each call names the carrier it is meant for."""

    async def book(self, request: BookingRequest) -> Booked | Refused:
        """Book a service. Raises OutcomeUnknown when the reply was lost: then call `find`."""

    async def find(self, carrier: str, reference: str) -> Booked | Refused | None:
        """What the carrier knows of our reference, voided bookings excluded; None if nothing."""

    async def void(self, carrier: str, reference: str) -> None:
        """Cancel the booking under our reference; a booking that never happened is no error."""


class ReleaseLine(_Value):
    line_id: str
    sku: str
    quantity: int


class ReleaseRequest(_Value):
    """The order to a location to pick, pack and dispatch. `reference` is our shipment's id."""

    reference: str
    location_id: str
    lines: tuple[ReleaseLine, ...]
    carrier: str
    service: str
    tracking_number: str
    label_url: str
    recipient: Recipient
    pick_by: datetime
    critical: bool


class RelabelRequest(_Value):
    """Another label for a shipment that a location has. `reference` is our shipment's id."""

    reference: str
    location_id: str
    carrier: str
    service: str
    tracking_number: str
    label_url: str


class Accepted(_Value):
    """The location has the release and will report on it by webhook."""


class Recalled(_Value):
    """The location has stopped the work, or never had it."""


class WarehouseGateway(Protocol):
    """Locations that fulfil: warehouses, stores, suppliers, 3PLs."""

    async def release(self, request: ReleaseRequest) -> Accepted | Refused:
        """Hand a shipment over for picking; the same reference again gives the same answer."""

    async def recall(self, location_id: str, reference: str) -> Recalled | Refused:
        """Stop a shipment; refused with code `already_dispatched` when it has left."""

    async def relabel(self, request: RelabelRequest) -> Accepted | Refused:
        """Send a shipment by another service than it was released for. Refused with code
        `already_dispatched` when it has left; then, as after any refusal, its label is the one it
        had. The same request again is harmless."""


class AuthorisationRequest(_Value):
    """`amount` in minor units of `currency`; `token` stands for the payer's means of payment."""

    reference: str
    amount: int
    currency: str
    token: str


class Authorised(_Value):
    """An amount is blocked, until `expires_at` where the provider names a moment."""

    authorisation_id: str
    expires_at: AwareDatetime | None = None


class Captured(_Value):
    capture_id: str


class Refunded(_Value):
    refund_id: str


class PaymentGateway(Protocol):
    """A payment service provider, of cards and of vouchers: a token says which it stands for."""

    async def authorise(self, request: AuthorisationRequest) -> Authorised | Refused:
        """Block an amount. Raises OutcomeUnknown when the reply was lost: then call `find`."""

    async def find(self, reference: str) -> Authorised | Refused | None:
        """What the provider knows of our reference; None if nothing."""

    async def capture(
        self, authorisation_reference: str, reference: str, amount: int
    ) -> Captured | Refused:
        """Take part of an authorised amount; `reference` makes the capture itself repeatable.
        Raises OutcomeUnknown when the reply was lost: then call `find_capture`."""

    async def find_capture(self, reference: str) -> Captured | Refused | None:
        """What the provider knows of a capture of ours; None if nothing."""

    async def void(self, reference: str, keep: int = 0) -> None:
        """Give back what is authorised beyond `keep` and not captured, whatever was given back
        before; 'never happened' is no error."""

    async def refund(
        self, capture_reference: str, reference: str, amount: int
    ) -> Refunded | Refused:
        """Give back part of what was captured; `reference` makes the refund itself repeatable.
        Raises OutcomeUnknown when the reply was lost: then call `find_refund`."""

    async def find_refund(self, reference: str) -> Refunded | Refused | None:
        """What the provider knows of a refund of ours; None if nothing."""


class Message(_Value):
    """A rendered notice. `reference` makes the sending repeatable; `address` is personal data."""

    reference: str
    channel: str
    address: str
    language: str
    subject: str
    body: str


class Notifier(Protocol):
    """Whatever carries words to customers: e-mail, SMS."""

    async def send(self, message: Message) -> None:
        """Hand over one message; the same reference is sent at most once."""
