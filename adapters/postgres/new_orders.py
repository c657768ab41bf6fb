"""An order as a channel sends it, and what the books say about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from adapters.postgres.collect_points import Store
from domain.amounts import LinePrice
from domain.identity import order_id
from domain.messages.orders import OrderFacts, OrderStatus, OrderTender, OrderType, Tender
from domain.messages.policy import OrderPolicy
from domain.pricing import CartLine, Priced, PriceSource
from domain.tenders import with_a_rest


@dataclass(frozen=True, slots=True)
class NewLine:
    """`unit_price` is in minor units of the order's currency: before the line is priced what the
    channel says, None where it says nothing; then, with the other terms, what the line keeps."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int | None
    discount_bps: int = 0
    vat_bps: int = 0
    vat_category: str = "Z"
    price_source: PriceSource = PriceSource.CHANNEL


@dataclass(frozen=True, slots=True)
class Contact:
    """The personal data of an order. What is not known of an address is empty; `payment_tokens`
    stand for the payer's means of payment, by the position of their tender."""

    name: str
    street: str
    city: str
    email: str | None
    phone: str | None
    payment_tokens: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as a channel sends it. `body_hash` stands for all that was sent; `language` is None
    for the customer's own, `ship_complete` for what is agreed with the customer; `idempotency_key`
    is the channel's name for this one request; without `country` and `postal_code` they are those
    of the store `collect_at`. `tax_included` is how its prices are meant, None as those agreed with
    the customer are; `agreement_version` is what it was priced by. `tenders` is what it is paid
    with, where there is more to say than `tender` does."""

    channel: str
    reference: str
    customer_id: str
    body_hash: str
    tender: Tender
    currency: str
    language: str | None
    country: str | None
    postal_code: str | None
    requested_date: date | None
    ship_complete: bool | None
    critical: bool
    contact: Contact
    lines: Sequence[NewLine]
    idempotency_key: str | None = None
    type: OrderType = OrderType.DELIVERY
    collect_at: str | None = None
    tax_included: bool | None = None
    agreement_version: str | None = None
    tenders: Sequence[OrderTender] = ()

    @property
    def id(self) -> str:
        return order_id(self.channel, self.reference)

    @property
    def total(self) -> int:
        """What it comes to with tax, in minor units. Every line must have its price."""
        return sum(self._price_of(line).of(line.quantity).gross for line in self.lines)

    @property
    def cart(self) -> tuple[CartLine, ...]:
        """What there is to price."""
        return tuple(
            CartLine(
                line_id=line.line_id,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
            )
            for line in self.lines
        )

    def at_prices(self, priced: Priced) -> "NewOrder":
        """The same order with its lines' terms, which it keeps from now on."""
        lines = [
            replace(
                line,
                unit_price=terms.unit_price,
                discount_bps=terms.discount_bps,
                vat_bps=terms.vat_bps,
                vat_category=terms.vat_category,
                price_source=terms.source,
            )
            for line, terms in zip(self.lines, priced.lines, strict=True)
        ]
        return replace(
            self,
            lines=lines,
            tax_included=priced.tax_included,
            agreement_version=priced.agreement_version,
        )

    def _price_of(self, line: NewLine) -> LinePrice:
        if line.unit_price is None:
            raise ValueError(f"line {line.line_id} of order {self.id} has no price yet")
        return LinePrice(
            unit_price=line.unit_price,
            discount_bps=line.discount_bps,
            vat_bps=line.vat_bps,
            tax_included=self.tax_included is not False,
        )

    def facts(
        self,
        ordered_at: datetime,
        language: str,
        *,
        terms_complete: bool = False,
        store: Store | None = None,
        total: int | None = None,
    ) -> OrderFacts:
        """What of it a workflow may know; `terms_complete` goes where it says nothing itself,
        `store` is where it is fetched, `total` is what it came to if it was priced before."""
        return OrderFacts(
            order_id=self.id,
            channel=self.channel,
            reference=self.reference,
            customer_id=self.customer_id,
            tender=self.tender,
            tenders=tuple(with_a_rest(self.tenders)),
            currency=self.currency,
            total=self.total if total is None else total,
            line_count=len(self.lines),
            country=self.country or (store.country if store else ""),
            postal_code=self.postal_code or (store.postal_code if store else ""),
            language=language,
            ordered_at=ordered_at,
            requested_date=self.requested_date,
            ship_complete=terms_complete if self.ship_complete is None else self.ship_complete,
            critical=self.critical,
            type=self.type,
            collect_at=self.collect_at,
            collect_name=store.name if store else None,
        )


@dataclass(frozen=True, slots=True)
class Earlier:
    """The order that already stands under the same channel and reference."""

    body_hash: str
    status: OrderStatus
    language: str
    ship_complete: bool
    ordered_at: datetime
    total: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What the books say about a new order. `customer_language` is None for an unknown customer,
    `account_currency` for one without an account; `terms_complete` says that the customer wants
    all lines at once; `key_hash` is the body for which the idempotency key was used before;
    `policy` is the order's own if it stands already, else the active one; `store` is None where no
    active location is called like the one to fetch it at; `grounds` is what its prices rest on, as
    `adapters.postgres.pricing.grounds_of` reads it."""

    channel_known: bool
    customer_language: str | None
    account_currency: str | None
    terms_complete: bool
    unknown_skus: frozenset[str]
    weight_grams: int
    key_hash: str | None
    earlier: Earlier | None
    policy: OrderPolicy | None
    store: Store | None
    grounds: dict[str, Any]
