"""What an invoice or a credit note says. Amounts are in minor units of its currency."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from domain.amounts import NOTHING, Amount, LinePrice
from domain.values import Value


class DocumentKind(StrEnum):
    """An invoice asks for money, a credit note gives back what an invoice asked for."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Party(Value):
    """Somebody with an address (personal data, where it is a person)."""

    name: str
    street: str | None
    city: str | None
    postal_code: str
    country: str
    vat_id: str | None = None
    legal_id: str | None = None


class Seller(Party):
    """Who issues the document; `iban` is where its invoices are paid to."""

    iban: str | None = None


class DocumentLine(Value):
    """Units of one order line. `price` is how it was priced, `amount` what these units come to,
    which the price alone need not give: see `domain.amounts`. With `deducted` some of them are
    credited only in part, for the state in which they came back."""

    order_id: str
    line_id: str
    sku: str
    description: str
    quantity: int
    price: LinePrice
    vat_category: str
    amount: Amount
    deducted: bool = False


class VatShare(Value):
    """What of a document is taxed at one rate of one category (codes of UNTDID 5305)."""

    category: str
    rate_bps: int
    amount: Amount


class Preceding(Value):
    """The invoice that a credit note corrects."""

    number: str
    issued_on: date


class Document(Value):
    """An invoice, or a credit note: its amounts are positive too, and go to the buyer.

    `orders` are pairs of an order's id and its channel's reference. `prepaid` was paid when the
    document was issued. `period` is what an invoice that collects charges covers.
    """

    number: str
    kind: DocumentKind
    language: str
    currency: str
    issued_on: date
    due_on: date | None
    terms_days: int | None
    period: tuple[date, date] | None
    delivered_on: date | None
    orders: tuple[tuple[str, str], ...]
    seller: Seller
    buyer: Party
    deliver_to: Party | None
    lines: tuple[DocumentLine, ...]
    preceding: tuple[Preceding, ...] = ()
    prepaid: int = 0

    def order_of(self, line: DocumentLine) -> str | None:
        """The reference of a line's order, where the document has lines of several."""
        return dict(self.orders)[line.order_id] if len(self.orders) > 1 else None

    @property
    def total(self) -> Amount:
        return sum((line.amount for line in self.lines), NOTHING)

    @property
    def payable(self) -> int:
        return self.total.gross - self.prepaid

    @property
    def vat(self) -> tuple[VatShare, ...]:
        return vat_shares(self.lines)


def vat_shares(lines: Iterable[DocumentLine]) -> tuple[VatShare, ...]:
    """The VAT breakdown: the lines' own amounts by category and rate, in that order."""
    shares: dict[tuple[str, int], Amount] = defaultdict(lambda: NOTHING)
    for line in lines:
        shares[line.vat_category, line.price.vat_bps] += line.amount
    return tuple(
        VatShare(category=category, rate_bps=rate, amount=amount)
        for (category, rate), amount in sorted(shares.items())
    )
