"""The tables. Money is integer minor units, times are UTC, weights are grams.

Migrations create them; a test holds the two against each other. Constraints are the last defence of
the invariants in `adapters.postgres.invariants`: the statements are written never to meet them.
"""

from adapters.postgres.tables.amendments import amendments
from adapters.postgres.tables.base import metadata
from adapters.postgres.tables.customers import erasures
from adapters.postgres.tables.documents import (
    credit_note_lines,
    document_counters,
    documents,
)
from adapters.postgres.tables.money import (
    accounts,
    credit_claims,
    credit_overrides,
    customer_payments,
    invoice_lines,
    invoices,
    payment_allocations,
    payment_captures,
    payments,
)
from adapters.postgres.tables.network import (
    carrier_services,
    channels,
    customers,
    location_outcomes,
    locations,
    postal_codes,
    products,
    scarcities,
)
from adapters.postgres.tables.orders import (
    bookings,
    order_contacts,
    order_lines,
    orders,
    shipments,
)
from adapters.postgres.tables.pricing import (
    agreement_versions,
    agreements,
    price_list_versions,
    price_lists,
    prices,
    seller,
    vat_rates,
)
from adapters.postgres.tables.records import (
    decisions,
    effects,
    network_snapshots,
    notices,
    order_events,
    order_signals,
    policies,
    policy_assignments,
    shadow_decisions,
)
from adapters.postgres.tables.returns import (
    inspections,
    parked_arrivals,
    return_labels,
    return_lines,
    return_receipts,
    returns,
)
from adapters.postgres.tables.stock import (
    earmarks,
    pool_draws,
    pools,
    quarantined_rows,
    reservations,
    stock,
    stock_ledger,
    supplies,
    supply_claims,
    yields,
)
from adapters.postgres.tables.tenders import order_tenders, refunds

__all__ = [
    "accounts",
    "agreement_versions",
    "agreements",
    "amendments",
    "bookings",
    "carrier_services",
    "channels",
    "credit_claims",
    "credit_note_lines",
    "credit_overrides",
    "customer_payments",
    "customers",
    "decisions",
    "document_counters",
    "documents",
    "earmarks",
    "effects",
    "erasures",
    "inspections",
    "invoice_lines",
    "invoices",
    "location_outcomes",
    "locations",
    "metadata",
    "network_snapshots",
    "notices",
    "order_contacts",
    "order_events",
    "order_lines",
    "order_signals",
    "order_tenders",
    "orders",
    "parked_arrivals",
    "payment_allocations",
    "payment_captures",
    "payments",
    "policies",
    "policy_assignments",
    "pool_draws",
    "pools",
    "postal_codes",
    "price_list_versions",
    "price_lists",
    "prices",
    "products",
    "quarantined_rows",
    "refunds",
    "reservations",
    "return_labels",
    "return_lines",
    "return_receipts",
    "returns",
    "scarcities",
    "seller",
    "shadow_decisions",
    "shipments",
    "stock",
    "stock_ledger",
    "supplies",
    "supply_claims",
    "vat_rates",
    "yields",
]
