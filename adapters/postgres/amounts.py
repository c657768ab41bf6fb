"""What units of a line come to, in statements that have the line as `l` and its order as `o`.

The database's own functions compute it as `domain.amounts` does.
"""

_TERMS = "l.unit_price, l.discount_bps, l.vat_bps, o.tax_included"


def gross(units: str) -> str:
    """With tax, in minor units: `units` is an expression for the first so many of the line."""
    return f"line_gross({units}, {_TERMS})"


def net(units: str) -> str:
    """Without tax, in minor units; as `gross`."""
    return f"line_net({units}, {_TERMS})"


INVOICE_LINES = f"""
INSERT INTO invoice_lines (invoice_id, line_id, sku, quantity, unit_price, discount_bps, vat_bps,
                           vat_category, before, net, gross)
SELECT :invoice_id, l.line_id, l.sku, sent.units, l.unit_price, l.discount_bps, l.vat_bps,
       l.vat_category, l.invoiced,
       {net("l.invoiced + sent.units")} - {net("l.invoiced")},
       {gross("l.invoiced + sent.units")} - {gross("l.invoiced")}
FROM sent JOIN order_lines l ON l.order_id = :order_id AND l.line_id = sent.line_id
JOIN orders o ON o.id = l.order_id
"""  # noqa: S608 - made of the constants above
"""Invoices what `sent` names, by line id and units. It sees the lines as they were before the
statement that it is a part of: their `invoiced` is raised there by the same units."""
