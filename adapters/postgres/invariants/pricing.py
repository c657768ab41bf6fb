"""What must hold of prices and of the tax on them."""

from adapters.postgres.invariants.judging import Invariant

PRICING = (
    Invariant(
        "line-agreed",
        "A line at an agreed price has it from a list of its order's agreement, for its SKU and in "
        "the order's currency.",
        """
        SELECT l.order_id, l.line_id, l.sku, l.unit_price, o.currency, o.agreement_version
        FROM order_lines l JOIN orders o ON o.id = l.order_id
        LEFT JOIN agreement_versions v ON v.version = o.agreement_version
        WHERE l.price_source = 'agreement' AND NOT EXISTS (
            SELECT FROM price_lists p JOIN prices c ON c.list_id = p.id
            WHERE p.id IN (SELECT jsonb_array_elements_text(v.body -> 'lists'))
                AND p.currency = o.currency AND p.tax_included = o.tax_included
                AND c.sku = l.sku AND c.unit_price = l.unit_price)
        """,
    ),
    Invariant(
        "line-taxed",
        "A line is taxed if and only if its category is S, of rated supplies.",
        """
        SELECT order_id, line_id, vat_category, vat_bps FROM order_lines
        WHERE (vat_category = 'S') <> (vat_bps > 0)
        """,
    ),
)
