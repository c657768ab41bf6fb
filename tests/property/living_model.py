"""What must be true of the units and the money of orders that change: in whole cents, whatever was
asked for and in which order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.messages.orders import Tender

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.amounts import LinePrice

_CHARGED = (Tender.VOUCHER, Tender.CARD, Tender.ACCOUNT)
_GIVEN_BACK = (Tender.ACCOUNT, Tender.CARD, Tender.VOUCHER)


@dataclass
class Line:
    """`agreed` are the units that the customer is to get or has, `sent` those that have left, each
    on an invoice, `returned` those on credit notes."""

    sku: str
    price: LinePrice
    agreed: int
    sent: int = 0
    returned: int = 0


@dataclass
class Invoice:
    """What one dispatch was charged: by line the units before it and its own, by tender the
    amounts."""

    lines: dict[str, tuple[int, int]]
    shares: dict[Tender, int]

    @property
    def amount(self) -> int:
        return sum(self.shares.values())

    def given_back(self, credited: int) -> dict[Tender, int]:
        """How so much of it goes back: to the account first, to a voucher last."""
        return _poured({tender: self.shares.get(tender, 0) for tender in _GIVEN_BACK}, credited)


@dataclass
class Order:
    """`tenders` are amounts by kind, None for the one that takes the rest. `shipments` are the
    states that the order's thread knows; `stuck` ones the location would not stop. `placed_at`
    is what it came to at first, `worth` when it was amended last, `total` what it comes to now."""

    id: str
    lines: dict[str, Line]
    tenders: dict[Tender, int | None]
    placed_at: int = 0
    worth: int = 0
    shipments: dict[str, str] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    stuck: set[str] = field(default_factory=set)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    returns: list[str] = field(default_factory=list)
    status: str = "open"
    version: int = 1
    generations: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.total_of({number: line.agreed for number, line in self.lines.items()})

    def total_of(self, wanted: Mapping[str, int]) -> int:
        """What so many units of its lines come to."""
        return sum(self.lines[number].price.of(units).gross for number, units in wanted.items())

    @property
    def is_prepaid(self) -> bool:
        return any(tender is not Tender.ACCOUNT for tender in self.tenders)

    @property
    def uninvoiced(self) -> int:
        return self.total - sum(line.price.of(line.sent).gross for line in self.lines.values())

    def left(self) -> dict[Tender, int]:
        """What each tender is still to bear."""
        return self._falls_on(self.uninvoiced)

    def invoice(self, name: str, units: Mapping[str, int]) -> Invoice:
        """So many units leave, and are charged."""
        amount = sum(
            self.lines[n].price.between(self.lines[n].sent, self.lines[n].sent + sent).gross
            for n, sent in units.items()
        )
        shares = {t: n for t, n in _poured(self.left(), amount).items() if n}
        lines = {n: (self.lines[n].sent, sent) for n, sent in units.items()}
        for number, sent in units.items():
            self.lines[number].sent += sent
        self.invoices[name] = Invoice(lines, shares)
        return self.invoices[name]

    def credit_of(self, name: str, line: str, units: int) -> int:
        """What the first so many units of an invoice's line come to that go back."""
        before, _ = self.invoices[name].lines[line]
        return self.lines[line].price.between(before, before + units).gross

    def next(self, step: str) -> int:
        self.generations[step] += 1
        return self.generations[step]

    def _falls_on(self, remaining: int) -> dict[Tender, int]:
        charged: Counter[Tender] = Counter()
        for invoice in self.invoices.values():
            charged.update(invoice.shares)
        fixed = {t: max(0, n - charged[t]) for t, n in self.tenders.items() if n is not None}
        rest = max(0, remaining - sum(fixed.values()))
        limits = {t: fixed.get(t, rest) for t in _CHARGED if t in self.tenders}
        return _poured(limits, remaining)


@dataclass
class Shelf:
    """What there is of a SKU at a location: on hand, and set aside."""

    on_hand: int = 0
    aside: int = 0


def account_of(orders: Iterable[Order], credited: Mapping[str, int], paid: int) -> tuple[int, int]:
    """What a customer's account bears of what is to be invoiced, and what it owes beyond what was
    paid; `credited` are amounts by invoice."""
    to_come = owed = 0
    for order in orders:
        if order.status != "ended":
            to_come += order.left().get(Tender.ACCOUNT, 0)
        for name, invoice in order.invoices.items():
            owed += invoice.shares.get(Tender.ACCOUNT, 0)
            owed -= invoice.given_back(credited.get(name, 0))[Tender.ACCOUNT]
    return to_come, owed - paid


def _poured(limits: Mapping[Tender, int], amount: int) -> dict[Tender, int]:
    poured = {}
    for tender, limit in limits.items():
        poured[tender] = min(limit, amount)
        amount -= poured[tender]
    assert amount == 0, f"{amount} fall on no tender"
    return poured
