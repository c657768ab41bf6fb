"""The price of a line without tax, as EN 16931 wants it: net price x quantity / base quantity, less
an allowance, is what the line comes to, to the minor unit."""

from decimal import ROUND_HALF_UP, Decimal

from domain.amounts import WHOLE
from domain.invoicing.values import DocumentLine
from domain.values import Value

# Receivers take four decimals of a price, and no more.
_MINOR_UNITS_OF_LAST_DECIMAL = Decimal("0.01")


class LinePricing(Value):
    """`price` is in minor units and parts of them, for `base_quantity` units; `base` is what it
    makes of the line's units, in minor units, and `allowance` what the line is less than that."""

    price: Decimal
    base_quantity: int
    base: int
    allowance: int


def pricing_of(line: DocumentLine) -> LinePricing:
    """How to put a line's amount without tax. `price` has at most two decimals of a minor unit.

    A discount becomes an allowance, and so does what is deducted for the state of the goods. Where
    tax is in the price and no such price comes to the line's amount, the price is for all its units
    together.
    """
    undiscounted = line.price.model_copy(update={"discount_bps": 0}).of(line.quantity).net
    # A minor unit that rounding gave to these units rather than to others is no allowance.
    is_less = line.price.discount_bps > 0 or line.deducted
    base = max(undiscounted, line.amount.net) if is_less else line.amount.net
    price = _unit_price(line)
    if _times(price, line.quantity) != base:
        price = (Decimal(base) / line.quantity).quantize(
            _MINOR_UNITS_OF_LAST_DECIMAL, ROUND_HALF_UP
        )
    exact = _times(price, line.quantity) == base
    return LinePricing(
        price=price if exact else Decimal(base),
        base_quantity=1 if exact else line.quantity,
        base=base,
        allowance=base - line.amount.net,
    )


def decimals(price: Decimal, least: int) -> str:
    """A price as a decimal number, of at least so many decimals and no more than it needs."""
    needed = len(f"{price.normalize():f}".partition(".")[2])
    return f"{price:.{max(needed, least)}f}"


def _unit_price(line: DocumentLine) -> Decimal:
    price = Decimal(line.price.unit_price)
    if line.price.tax_included:
        price = price * WHOLE / (WHOLE + line.price.vat_bps)
    return price.quantize(_MINOR_UNITS_OF_LAST_DECIMAL, ROUND_HALF_UP)


def _times(price: Decimal, quantity: int) -> int:
    return int((price * quantity).quantize(Decimal(1), ROUND_HALF_UP))
