"""What units of an order line come to, exact to the minor unit however they are split.

An amount is never a share of another amount: it is a function of how many units it covers, and a
part is the difference of two such amounts. So the invoices of a line add up to the line, and its
credit notes to its invoices, in whatever parts and order it is dispatched, cancelled or returned.

The functions `line_gross`, `line_net` and those of parts of units of the database compute the
same; a test holds the two against each other.
"""

from pydantic import Field

from domain.values import Value

WHOLE = 10_000
"""Basis points of the whole: 2,000 of them are 20 %."""

UNIT = 100
"""Hundredths of a unit that a whole one has."""


class Amount(Value):
    """Money in minor units: `net` of value added tax, and `gross` with it."""

    net: int
    gross: int

    @property
    def vat(self) -> int:
        return self.gross - self.net

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(net=self.net + other.net, gross=self.gross + other.gross)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(net=self.net - other.net, gross=self.gross - other.gross)


NOTHING = Amount(net=0, gross=0)


class LinePrice(Value):
    """The frozen terms of a line: `unit_price` in minor units, before its discount; `discount_bps`
    and `vat_bps` in basis points; `tax_included` says that the price has the tax in it."""

    unit_price: int = Field(ge=0)
    discount_bps: int = Field(default=0, ge=0, le=WHOLE)
    vat_bps: int = Field(default=0, ge=0, le=WHOLE)
    tax_included: bool = True

    def of(self, units: int) -> Amount:
        """What the first `units` of the line come to: rounded once, half up."""
        return self.of_part(UNIT * units)

    def of_part(self, hundredths: int) -> Amount:
        """The same for hundredths of a unit: 150 are one unit and half of the next one."""
        price = self.unit_price * (WHOLE - self.discount_bps)
        charged = _rounded(hundredths * price, UNIT * WHOLE)
        if self.tax_included:
            return Amount(net=_rounded(charged * WHOLE, WHOLE + self.vat_bps), gross=charged)
        return Amount(net=charged, gross=charged + _rounded(charged * self.vat_bps, WHOLE))

    def between(self, before: int, after: int) -> Amount:
        """What the units come to that take the line from `before` to `after`."""
        return self.of(after) - self.of(before)


def _rounded(numerator: int, denominator: int) -> int:
    """Half up; nothing here is negative."""
    return (2 * numerator + denominator) // (2 * denominator)
