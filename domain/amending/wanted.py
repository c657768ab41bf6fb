"""The lines of an order as an amendment has them."""

from collections.abc import Iterable

from domain.amounts import LinePrice
from domain.pricing import PriceSource
from domain.values import Value


class WantedLine(Value):
    """Units of a SKU at the price that is agreed for them; prices as in `domain.amounts`.
    `position` is where the line stands among those of its order."""

    line_id: str
    position: int
    sku: str
    quantity: int
    unit_price: int
    discount_bps: int = 0
    vat_bps: int = 0
    vat_category: str = "Z"
    price_source: PriceSource = PriceSource.CHANNEL

    @property
    def terms(self) -> tuple[int, int, int, str]:
        """All that its price depends on, but how many there are."""
        return self.unit_price, self.discount_bps, self.vat_bps, self.vat_category

    def gross(self, units: int, *, tax_included: bool) -> int:
        """What so many units come to, with tax, in minor units."""
        price = LinePrice(
            unit_price=self.unit_price,
            discount_bps=self.discount_bps,
            vat_bps=self.vat_bps,
            tax_included=tax_included,
        )
        return price.of(units).gross


def total_of(lines: Iterable[WantedLine], *, tax_included: bool) -> int:
    """What lines come to together, with tax, in minor units."""
    return sum(line.gross(line.quantity, tax_included=tax_included) for line in lines)
