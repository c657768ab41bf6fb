"""On what terms a charge is invoiced, in statements that have it as `i` and its order as `o`: those
of the agreement that the order was priced by, else those of the account."""

TERMS_OF = """
LEFT JOIN accounts a ON a.customer_id = o.customer_id AND a.currency = o.currency
LEFT JOIN agreement_versions g ON g.version = o.agreement_version
"""
"""Joins what the expressions below need."""

TERMS_DAYS = "CASE WHEN i.on_account > 0 THEN coalesce(g.terms_days, a.terms_days, 0) ELSE 0 END"
"""Days from the invoice to its due date; what is paid up front is due at once."""

INVOICING = "coalesce(g.invoicing, 'dispatch')"
"""When an invoice is issued: 'dispatch', or when the week or month ends: 'weekly', 'monthly'."""

PREPAID = "i.amount - i.on_account"
"""What of a charge is taken of payments up front, in minor units."""
