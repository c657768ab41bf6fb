"""What an order is paid with: how its total, its invoices and its refunds fall on its tenders.

Of the tenders of an order exactly one takes the rest; each other one bears at most its amount. An
invoice is charged to them in one order: what came back for an exchange, vouchers, cards, then the
account, each up to what is left of it. Amounts are whole minor units that are poured, never shared
in proportion: the parts always add up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from domain.messages.orders import OrderTender, Tender

Key = TypeVar("Key")

_WATERFALL = (Tender.EXCHANGE, Tender.VOUCHER, Tender.CARD, Tender.ACCOUNT)


@dataclass(frozen=True, slots=True)
class Borne:
    """A tender of an order, and how much of the order's invoices it was `charged` already."""

    tender: OrderTender
    charged: int = 0


def left_of(tenders: Sequence[Borne], remaining: int) -> dict[int, int]:
    """What each tender still bears of the `remaining` amount to be invoiced, by its position, in
    the order in which invoices are charged.

    Together they bear all of it, if one of them takes the rest.
    """
    fixed = {
        borne.tender.position: max(borne.tender.amount - borne.charged, 0)
        for borne in tenders
        if borne.tender.amount is not None
    }
    rest = max(remaining - sum(fixed.values()), 0)
    limits = {
        borne.tender.position: fixed.get(borne.tender.position, rest)
        for borne in sorted(tenders, key=lambda borne: _place(borne.tender))
    }
    return pour(limits, remaining)


def pour(limits: Mapping[Key, int], amount: int) -> dict[Key, int]:
    """Pour an amount into the limits, one after the other, each up to its limit."""
    poured = {}
    for position, limit in limits.items():
        poured[position] = min(limit, amount)
        amount -= poured[position]
    return poured


def in_turn(tenders: Iterable[OrderTender]) -> list[OrderTender]:
    """Tenders in the order in which invoices are charged to them."""
    return sorted(tenders, key=_place)


def with_a_rest(tenders: Iterable[OrderTender]) -> list[OrderTender]:
    """The same tenders, one of which takes the rest: where all have an amount, the last one that
    invoices are charged to."""
    found = list(tenders)
    if found and all(tender.amount is not None for tender in found):
        last = in_turn(found)[-1]
        found[found.index(last)] = last.model_copy(update={"amount": None})
    return found


def summary_of(tenders: Sequence[OrderTender]) -> Tender:
    """The one word for how an order is paid."""
    kinds = {tender.tender for tender in tenders}
    return kinds.pop() if len(kinds) == 1 else Tender.MIXED


def _place(tender: OrderTender) -> tuple[int, int]:
    return _WATERFALL.index(tender.tender), tender.position
