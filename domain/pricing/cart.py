"""A cart, what its prices rest on, and what they come to."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from domain.amounts import Amount, LinePrice
from domain.pricing.agreements import Agreement, PriceList
from domain.pricing.vat import STANDARD, Rate
from domain.values import Value


class PriceSource(StrEnum):
    """Whose price a line has: the one its channel named, or the agreed one."""

    CHANNEL = "channel"
    AGREEMENT = "agreement"


class CartLine(Value):
    """Units of one SKU. `unit_price` is what the channel names, in minor units, after every
    discount; None to be told."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int | None = None


class ProductFacts(Value):
    """What of a product decides on its price and its tax."""

    group: str | None = None
    vat_category: str = STANDARD


class AgreementInForce(Value):
    """A version, as `{id}/{number}`, and its terms."""

    version: str
    terms: Agreement


class Grounds(Value):
    """All that prices rest on, as of the day `on`.

    `seller_country` is None where nothing is known of the seller: then no tax is stated. `country`
    is where the goods go. `lists` are those of the agreement that are valid and in the cart's
    currency, in the agreement's order. `products` has every known SKU of the cart. `valid_until` is
    the last day on which all of this is known to hold; None where no end is in sight.
    """

    on: date
    country: str
    seller_country: str | None = None
    vat_id: str | None = None
    agreement: AgreementInForce | None = None
    lists: tuple[PriceList, ...] = ()
    products: Mapping[str, ProductFacts] = {}
    rates: tuple[Rate, ...] = ()
    valid_until: date | None = None


class PricedLine(Value):
    """A line with its frozen terms. `unit_price` is in minor units, before the discount."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int
    discount_bps: int
    vat_bps: int
    vat_category: str
    tax_included: bool
    source: PriceSource

    @property
    def price(self) -> LinePrice:
        return LinePrice(
            unit_price=self.unit_price,
            discount_bps=self.discount_bps,
            vat_bps=self.vat_bps,
            tax_included=self.tax_included,
        )

    @property
    def amount(self) -> Amount:
        return self.price.of(self.quantity)


class Priced(Value):
    """A cart with its prices, those of the lines in the cart's order. All of it is in one currency,
    and either all prices have the tax included or none."""

    lines: tuple[PricedLine, ...]
    tax_included: bool
    agreement_version: str | None = None
    valid_until: date | None = None


class PriceFault(Value):
    """Why there is no price: the field of the request at fault, such as `lines[2].unit_price`."""

    field: str
    reason: str


class PriceRefused(Value):
    """The cart has no price that may be taken, and why; at least one fault."""

    faults: tuple[PriceFault, ...]

    @property
    def field(self) -> str:
        return self.faults[0].field

    @property
    def reason(self) -> str:
        return self.faults[0].reason


def units_by_sku(lines: Sequence[CartLine]) -> dict[str, int]:
    """The units of each SKU, over all lines of the cart."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units
