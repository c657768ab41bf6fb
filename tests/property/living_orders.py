"""Orders as they are placed: prices that do not divide, and every way to pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from adapters.postgres import intake
from adapters.postgres.new_orders import NewOrder
from domain.amounts import LinePrice
from domain.messages.orders import Tender
from domain.tenders import summary_of
from tests.property.living_house import SKUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.messages.orders import OrderTender

# What tells a share that is rounded from one that is exact: thirds, and cents that do not divide.
prices = st.builds(
    LinePrice,
    unit_price=st.sampled_from((600, 400, 333, 1999, 1)),
    discount_bps=st.sampled_from((0, 1000, 333)),
    vat_bps=st.sampled_from((0, 550, 2000)),
    tax_included=st.just(True),
)
ordered = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(1, 4), prices), min_size=1, max_size=2
)
tenders = st.sampled_from(
    [
        {Tender.ACCOUNT: None},
        {Tender.CARD: None},
        {Tender.VOUCHER: 500, Tender.ACCOUNT: None},
        {Tender.VOUCHER: 500, Tender.CARD: None},
        {Tender.CARD: 700, Tender.ACCOUNT: None},
        {Tender.VOUCHER: 250, Tender.CARD: 900, Tender.ACCOUNT: None},
        {Tender.CARD: None, Tender.ACCOUNT: 800},
    ]
)
_TOKENS = {"1": "tok_1", "2": "tok_2", "3": "tok_3"}


def new_order(
    reference: str,
    lines: Sequence[tuple[str, int, LinePrice]],
    found: Sequence[OrderTender],
    included: bool,
) -> NewOrder:
    """An order of (SKU, units, price) lines, whose prices have the tax in them or not."""
    return NewOrder(
        channel="web",
        reference=reference,
        customer_id="ACME",
        body_hash="hash",
        tender=summary_of(found),
        tenders=found,
        currency="EUR",
        language="en",
        country="FR",
        postal_code="75001",
        requested_date=None,
        ship_complete=False,
        critical=False,
        contact=intake.Contact("Ada", "1 rue de Rivoli", "Paris", "ada@example.org", None, _TOKENS),
        lines=[
            intake.NewLine(
                str(number),
                sku,
                units,
                price.unit_price,
                price.discount_bps,
                price.vat_bps,
                "S" if price.vat_bps else "Z",
            )
            for number, (sku, units, price) in enumerate(lines, start=1)
        ],
        tax_included=included,
    )
