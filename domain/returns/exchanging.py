"""What an order in exchange costs: what comes back and what goes out weigh each other up.

Units of a SKU that came back are exchanged for others of it at exactly what was credited for them,
so that an even exchange costs nothing, to the cent; whatever else is wanted has a price of its own.
All prices of such an order are with tax.
"""

from collections.abc import Mapping, Sequence

from domain.amounts import LinePrice
from domain.values import Value


class Credited(Value):
    """Units of a SKU on the credit notes of a return: `gross` minor units together, and the terms
    of tax of their line."""

    sku: str
    units: int
    gross: int
    vat_bps: int
    vat_category: str


class Wanted(Value):
    """Units that the customer wants instead."""

    sku: str
    quantity: int


class ExchangedUnits(Value):
    """Units of a SKU at one price, with tax, in minor units."""

    sku: str
    quantity: int
    unit_price: int
    vat_bps: int
    vat_category: str


class UnitPrice(Value):
    """What a SKU costs the customer now."""

    price: LinePrice
    vat_category: str


def exchanged(
    wanted: Sequence[Wanted], credited: Sequence[Credited], prices: Mapping[str, UnitPrice]
) -> tuple[ExchangedUnits, ...]:
    """The lines of the order in exchange. `prices` has each SKU of which more is wanted than was
    credited; raises KeyError for one that is missing there."""
    left = {c.sku: c.units for c in credited}
    lines: list[ExchangedUnits] = []
    for row in wanted:
        even = min(row.quantity, left.get(row.sku, 0))
        if even:
            lines += _at_credited(row.sku, even, [c for c in credited if c.sku == row.sku], left)
        rest = row.quantity - even
        if rest:
            price = prices[row.sku]
            lines.append(
                ExchangedUnits(
                    sku=row.sku,
                    quantity=rest,
                    unit_price=price.price.of(1).gross,
                    vat_bps=price.price.vat_bps,
                    vat_category=price.vat_category,
                )
            )
    return tuple(lines)


def missing(wanted: Sequence[Wanted], credited: Sequence[Credited]) -> dict[str, int]:
    """The units that are wanted beyond those credited, by SKU: these need a price."""
    units: dict[str, int] = {}
    for row in wanted:
        units[row.sku] = units.get(row.sku, 0) + row.quantity
    for c in credited:
        if c.sku in units:
            units[c.sku] -= c.units
    return {sku: n for sku, n in units.items() if n > 0}


def _at_credited(
    sku: str, quantity: int, credited: Sequence[Credited], left: dict[str, int]
) -> list[ExchangedUnits]:
    """Units at what was credited for as many: where that does not divide, some cost a cent more."""
    units, gross = sum(c.units for c in credited), sum(c.gross for c in credited)
    taken = units - left[sku]
    left[sku] -= quantity
    amount = gross * (taken + quantity) // units - gross * taken // units
    base, more = divmod(amount, quantity)
    terms = {"sku": sku, "vat_bps": credited[0].vat_bps, "vat_category": credited[0].vat_category}
    parts = ((quantity - more, base), (more, base + 1))
    return [
        ExchangedUnits.model_validate({**terms, "quantity": n, "unit_price": price})
        for n, price in parts
        if n
    ]
