"""What is sent about prices: carts to price, price lists, agreements."""

from typing import Annotated

from pydantic import Field, Strict, StringConstraints
from pydantic_extra_types.country import CountryAlpha2
from pydantic_extra_types.currency_code import Currency

from api.fields import (
    Body,
    ChannelCode,
    Day,
    LineId,
    Name,
    Quantity,
    UnitPrice,
    in_words,
)
from api.schemas import MAX_LINES, Tax, TermsDays
from domain.amounts import WHOLE
from domain.pricing import Deviating, Invoicing, Segment

MAX_PRICES = 50_000
MAX_DISCOUNTS = 1000
MAX_PRODUCTS = 10_000

BasisPoints = Annotated[int, Strict(), Field(ge=0, le=WHOLE, description="100 are 1 %.")]
VersionNumber = Annotated[int, Strict(), Field(ge=1, le=10**6)]
NameOfTerms = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
    in_words(
        "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or a digit"
    ),
]


class QuotedLine(Body):
    """Units of one SKU. Volume breaks count all lines of the SKU."""

    line_id: LineId | None = Field(
        default=None, description="Unique in the cart; by default its position: 1, 2, ..."
    )
    sku: Name
    quantity: Quantity
    unit_price: UnitPrice | None = Field(
        default=None, description="In minor units, to be checked against the agreed price."
    )


class AskQuote(Body):
    """A cart to be priced. It goes to a country, or is fetched at the location `collect_at`."""

    channel: ChannelCode = Field(examples=["web"])
    customer_id: Name
    currency: Currency = Field(description="ISO 4217", examples=["EUR"])
    country: CountryAlpha2 | None = Field(
        default=None, description="Where it is sent: ISO 3166-1 alpha-2", examples=["FR"]
    )
    collect_at: Name | None = None
    tax: Tax | None = Field(
        default=None,
        description="Of prices that are given: whether the VAT is in them. By default as agreed.",
    )
    lines: list[QuotedLine] = Field(min_length=1, max_length=MAX_LINES)


class Price(Body):
    """What one unit costs where at least `min_quantity` of the SKU are ordered together."""

    sku: Name
    unit_price: UnitPrice = Field(description="In minor units of the list's currency.")
    min_quantity: Quantity = 1


class PublishPriceList(Body):
    """A version of a price list: the whole of it. Currency and tax are the same in all versions."""

    version: VersionNumber = Field(description="One more than the latest.")
    currency: Currency = Field(description="ISO 4217", examples=["EUR"])
    tax: Tax = Field(description="Whether the VAT is in the prices, or is added to them.")
    valid_from: Day
    valid_until: Day | None = Field(default=None, description="The last day.")
    prices: list[Price] = Field(min_length=1, max_length=MAX_PRICES)


class DiscountTerms(Body):
    """Off the listed price: of one `sku`, of a product `group`, or without either of everything.
    Where several fit, the most specific one counts."""

    bps: BasisPoints
    sku: Name | None = None
    group: Name | None = None


class AssortmentTerms(Body):
    """Products by SKU and by group."""

    skus: Annotated[tuple[Name, ...], Field(max_length=MAX_PRODUCTS)] = ()
    groups: Annotated[tuple[Name, ...], Field(max_length=MAX_PRODUCTS)] = ()


class CarrierServiceTerms(Body):
    """A service of a carrier."""

    carrier: Name
    service: Name


class PublishAgreement(Body):
    """A version of what is agreed with a customer, or by default with a segment of them."""

    version: VersionNumber = Field(description="One more than the latest.")
    customer_id: Name | None = Field(default=None, description="Either this or a segment.")
    segment: Segment | None = None
    channel: ChannelCode | None = Field(
        default=None, description="By default every channel that has no agreement of its own."
    )
    lists: Annotated[list[NameOfTerms], Field(max_length=50)] = Field(
        default=[], description="Price lists: the first that has a price for the SKU counts."
    )
    discounts: Annotated[tuple[DiscountTerms, ...], Field(max_length=MAX_DISCOUNTS)] = ()
    products: AssortmentTerms | None = Field(
        default=None, description="All that may be ordered; by default everything."
    )
    services: Annotated[list[CarrierServiceTerms], Field(max_length=100)] | None = Field(
        default=None, description="All carrier services that may be used; by default every one."
    )
    tolerance_bps: BasisPoints = 0
    deviating: Deviating = Field(
        default=Deviating.REFUSE,
        description="What becomes of a price that a channel names beyond the tolerance.",
    )
    terms_days: TermsDays | None = Field(
        default=None, description="From invoice to due date; by default the account's."
    )
    invoicing: Invoicing = Invoicing.DISPATCH
    valid_from: Day
    valid_until: Day | None = Field(default=None, description="The last day.")
