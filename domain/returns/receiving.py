"""What came of a return, and which of it is inspected: fewer units than announced, or others."""

from collections.abc import Sequence

from domain.returns.authorising import Part, Sold
from domain.values import Value


class Under(Value):
    """Units of one invoice line under a return. `here` of those that came are at the location that
    is asked about, not inspected yet."""

    invoice_id: str
    line_id: str
    sku: str
    announced: int
    received: int
    here: int = 0


class Came(Value):
    """Units that came, by line or, where nobody knows that, by SKU."""

    line_id: str | None
    sku: str | None
    quantity: int


class Shortfall(Value):
    """Of what the row at `position` says, only `allowed` units can be."""

    position: int
    allowed: int


def take_in(
    under: Sequence[Under], sold: Sequence[Sold], came: Sequence[Came]
) -> tuple[Part, ...] | Shortfall:
    """Say of which invoice lines the units are that came: those announced first, then others that
    the customer has of the order (`sold`, as `authorise` takes it)."""
    awaited = {(u.invoice_id, u.line_id): u.announced - u.received for u in under}
    others = {(s.invoice_id, s.line_id): s.open for s in sold if s.had_at is not None}
    rows = [(u.invoice_id, u.line_id, u.sku) for u in under]
    rest = [(s.invoice_id, s.line_id, s.sku) for s in sold]
    parts: list[Part] = []
    for position, units in enumerate(came):
        missing = units.quantity
        for source, candidates in ((awaited, rows), (others, rest)):
            for invoice_id, line_id, sku in candidates:
                if not _fits(units, line_id, sku):
                    continue
                taken = min(missing, max(source.get((invoice_id, line_id), 0), 0))
                if taken:
                    source[invoice_id, line_id] -= taken
                    missing -= taken
                    parts.append(Part(invoice_id=invoice_id, line_id=line_id, sku=sku, units=taken))
        if missing:
            return Shortfall(position=position, allowed=units.quantity - missing)
    return tuple(parts)


def to_inspect(
    under: Sequence[Under], inspected: Sequence[Came]
) -> tuple[tuple[int, Part], ...] | Shortfall:
    """Say of which invoice lines the units are that were inspected, each with the position of its
    row; never more than are there."""
    here = {(u.invoice_id, u.line_id): u.here for u in under}
    parts: list[tuple[int, Part]] = []
    for position, units in enumerate(inspected):
        missing = units.quantity
        for row in under:
            if not _fits(units, row.line_id, row.sku):
                continue
            key = row.invoice_id, row.line_id
            taken = min(missing, here[key])
            if taken:
                here[key] -= taken
                missing -= taken
                part = Part(
                    invoice_id=row.invoice_id, line_id=row.line_id, sku=row.sku, units=taken
                )
                parts.append((position, part))
        if missing:
            return Shortfall(position=position, allowed=units.quantity - missing)
    return tuple(parts)


def _fits(units: Came, line_id: str, sku: str) -> bool:
    return units.line_id in (None, line_id) and units.sku in (None, sku)
