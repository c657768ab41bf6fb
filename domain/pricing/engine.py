"""The price of a cart: a pure function of the agreement's version, the lists, the cart and the day.

The channel does not count among these, so that a customer pays the same price on every channel,
unless another agreement is in force there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.amounts import WHOLE
from domain.pricing.agreements import Agreement, Deviating
from domain.pricing.cart import (
    CartLine,
    Grounds,
    Priced,
    PricedLine,
    PriceFault,
    PriceRefused,
    PriceSource,
    ProductFacts,
    units_by_sku,
)
from domain.pricing.vat import UNTAXED, VatTerms, vat_terms

_NOTHING_AGREED = Agreement(deviating=Deviating.ACCEPT)


@dataclass(frozen=True, slots=True)
class _Agreed:
    """An agreed price: `unit_price` in minor units, less `discount_bps`."""

    unit_price: int
    discount_bps: int

    @property
    def exactly(self) -> int:
        """What a unit costs after the discount, in ten-thousandths of a minor unit."""
        return self.unit_price * (WHOLE - self.discount_bps)

    @property
    def rounded(self) -> int:
        """The same in minor units, half up."""
        return (2 * self.exactly + WHOLE) // (2 * WHOLE)


def price(
    cart: Sequence[CartLine], grounds: Grounds, tax_included: bool | None = None
) -> Priced | PriceRefused:
    """Price a cart, or say why it cannot be.

    A line's volume break counts the units of its SKU over all lines. `tax_included` says how the
    prices that the channel names are meant; by default as the agreed ones are, and where nothing is
    agreed, with the tax in them.
    """
    faults: list[PriceFault] = []
    listed_so = grounds.lists[0].tax_included if grounds.lists else None
    if None not in (tax_included, listed_so) and tax_included != listed_so:
        how = "included" if listed_so else "added"
        faults.append(PriceFault(field="tax", reason=f"the agreed prices have the tax {how}"))
    meant = next((said for said in (listed_so, tax_included) if said is not None), True)
    ordered = units_by_sku(cart)
    lines = []
    for position, line in enumerate(cart):
        found = _line(line, ordered[line.sku], grounds, tax_included=meant)
        if isinstance(found, PriceFault):
            field = f"lines[{position}].{found.field}"
            faults.append(PriceFault(field=field, reason=found.reason))
        else:
            lines.append(found)
    if faults:
        return PriceRefused(faults=tuple(faults))
    return Priced(
        lines=tuple(lines),
        tax_included=meant,
        agreement_version=grounds.agreement.version if grounds.agreement else None,
        valid_until=grounds.valid_until,
    )


def _line(
    line: CartLine, ordered: int, grounds: Grounds, *, tax_included: bool
) -> PricedLine | PriceFault:
    product = grounds.products.get(line.sku)
    if product is None:
        return PriceFault(field="sku", reason=f"unknown SKU {line.sku!r}")
    in_force = grounds.agreement
    terms = in_force.terms if in_force else _NOTHING_AGREED
    if terms.products is not None and not terms.products.has(line.sku, product.group):
        version = in_force.version if in_force else ""
        reason = f"agreement {version} does not entitle the customer to {line.sku!r}"
        return PriceFault(field="sku", reason=reason)
    agreed = _agreed(line.sku, ordered, product, terms, grounds)
    settled = _settled(line, agreed, terms)
    if isinstance(settled, PriceFault):
        return settled
    vat = _vat(product, grounds)
    if vat is None:
        reason = f"no VAT rate of {grounds.country} is known for {product.vat_category!r} products"
        return PriceFault(field="sku", reason=reason)
    final, source = settled
    return PricedLine(
        **line.model_dump(include={"line_id", "sku", "quantity"}),
        unit_price=final.unit_price,
        discount_bps=final.discount_bps,
        vat_bps=vat.bps,
        vat_category=vat.category,
        tax_included=tax_included,
        source=source,
    )


def _agreed(
    sku: str, ordered: int, product: ProductFacts, terms: Agreement, grounds: Grounds
) -> _Agreed | None:
    for listed in grounds.lists:
        # A line that was reduced to nothing keeps the price of a single unit.
        unit_price = listed.price_of(sku, max(ordered, 1))
        if unit_price is not None:
            return _Agreed(unit_price, terms.discount_on(sku, product.group))
    return None


def _settled(
    line: CartLine, agreed: _Agreed | None, terms: Agreement
) -> tuple[_Agreed, PriceSource] | PriceFault:
    """The price that the line gets, and whose it is."""
    if line.unit_price is None:
        if agreed is None:
            reason = f"required: no price is agreed for {line.sku!r}"
            return PriceFault(field="unit_price", reason=reason)
        return agreed, PriceSource.AGREEMENT
    named = _Agreed(line.unit_price, 0)
    if agreed is None:
        return named, PriceSource.CHANNEL
    if named.exactly == agreed.exactly:
        return agreed, PriceSource.AGREEMENT
    if terms.deviating is Deviating.ACCEPT or _is_near(named, agreed, terms.tolerance_bps):
        return named, PriceSource.CHANNEL
    reason = f"must be {agreed.rounded}, as agreed"
    if terms.tolerance_bps:
        reason += f", within {terms.tolerance_bps / 100:g} %"
    return PriceFault(field="unit_price", reason=reason)


def _is_near(named: _Agreed, agreed: _Agreed, tolerance_bps: int) -> bool:
    """Whether a price is within the tolerance, or as near as whole minor units can be."""
    deviation = abs(named.exactly - agreed.exactly)
    return deviation * WHOLE <= agreed.exactly * tolerance_bps or named.unit_price == agreed.rounded


def _vat(product: ProductFacts, grounds: Grounds) -> VatTerms | None:
    if grounds.seller_country is None:
        return UNTAXED
    return vat_terms(
        grounds.seller_country,
        grounds.country,
        grounds.vat_id,
        product.vat_category,
        grounds.rates,
        grounds.on,
    )
