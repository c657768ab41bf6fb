"""What is answered about prices."""

from datetime import date

from pydantic import Field

from api.answers import Answer, Instant, Links
from api.pricing_schemas import DiscountTerms, Price
from api.schemas import Tax
from domain.pricing import (
    Assortment,
    CarrierServiceRight,
    Deviating,
    Invoicing,
    PriceSource,
    Segment,
)


class Sums(Answer):
    """Minor units of `currency`."""

    currency: str
    net: int
    vat: int
    gross: int


class QuotedLineAnswer(Answer):
    """A line at its price. `unit_price` is before the discount, in the way of the quote's `tax`;
    `vat_category` as in EN 16931: S rated, Z zero rated, K intra-community, G export."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int
    discount_bps: int
    vat_bps: int
    vat_category: str
    price_source: PriceSource
    net: int
    vat: int
    gross: int


class VatTotal(Sums):
    """What the lines of one rate come to."""

    vat_category: str
    vat_bps: int


class QuoteAnswer(Answer):
    """The prices of a cart, by the agreement in force if there is one. They hold until the end of
    `valid_until`, as far as is known now; null where no end is in sight."""

    at: Instant
    customer_id: str
    channel: str
    tax: Tax
    agreement_version: str | None
    valid_until: date | None
    lines: list[QuotedLineAnswer]
    vat: list[VatTotal]
    total: Sums


class VersionAnswer(Answer):
    """One version of terms, and the days on which it is valid, the last one included."""

    version: int
    valid_from: date
    valid_until: date | None
    published_at: Instant


class PriceListAnswer(VersionAnswer):
    """One version of a price list; `versions` are all that stand."""

    list_id: str
    currency: str
    tax: Tax
    prices: list[Price]
    versions: list[VersionAnswer]
    links: Links


class AgreementAnswer(VersionAnswer):
    """One version of an agreement; `versions` are all that stand. `agreement_version` is what an
    order has that was priced by it."""

    agreement_id: str
    agreement_version: str = Field(examples=["acme/3"])
    customer_id: str | None
    segment: Segment | None
    channel: str | None
    lists: list[str]
    discounts: list[DiscountTerms]
    products: Assortment | None
    services: list[CarrierServiceRight] | None
    tolerance_bps: int
    deviating: Deviating
    terms_days: int | None
    invoicing: Invoicing
    versions: list[VersionAnswer]
    links: Links
