"""Every invariant finds what breaks it, and nothing in books that are right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from adapters.postgres.invariants import INVARIANTS, judge
from adapters.postgres.network import (
    Account,
    Channel,
    Customer,
    Location,
    Network,
    Product,
    Receipt,
    load_network,
    receive_stock,
)
from tests.support.stack import copy_of_template

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from cli.stack import PostgresServer

_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
_NETWORK = Network(
    channels=[Channel("web", "Web shop")],
    customers=[Customer("ACME", "business", "en"), Customer("ZOE", "consumer", "fr")],
    accounts=[Account("ACME", "EUR", 100_000, 30)],
    products=[Product("P1", "Hinge", 500), Product("P2", "Padlock", 300)],
    locations=[
        Location("LIL", "Lille", "warehouse", "FR", "59000", 50.63, 3.06, "Europe/Paris", 100)
    ],
)
_ORDERS = """
INSERT INTO orders (id, channel, reference, customer_id, body_hash, tender, currency, total,
    language, country, postal_code, ship_complete, critical, status, hold_reason, policy_version,
    ordered_at, closed_at)
SELECT 'web:' || reference, 'web', reference, customer_id, '', tender, 'EUR', total, 'en', 'FR',
    '75001', false, false, status, hold_reason, 'p', :at, CASE status WHEN 'closed' THEN :at END
FROM (VALUES
    ('1', 'ACME', 'account', 1000, 'closed', NULL),
    ('2', 'ACME', 'account', 1000, 'in_fulfilment', NULL),
    ('3', 'ZOE', 'card', 600, 'on_hold', 'payment_declined')
) AS o(reference, customer_id, tender, total, status, hold_reason)
"""
# Order 1 is delivered and invoiced, 2 has three units at a location and waits for two, 3 is held.
_HEALTHY = (
    _ORDERS,
    "INSERT INTO order_tenders (order_id, position, tender) SELECT id, 1, tender FROM orders",
    """
    INSERT INTO order_lines (order_id, line_id, position, sku, ordered, unit_price, backordered,
    shipped, invoiced) VALUES
    ('web:1', '1', 1, 'P1', 10, 100, 0, 10, 10), ('web:2', '1', 1, 'P1', 5, 200, 2, 0, 0),
    ('web:3', '1', 1, 'P2', 2, 300, 2, 0, 0)
    """,
    """
    INSERT INTO shipments (id, order_id, location_id, carrier, service, status, weight_grams, why,
    promise, dispatched_at, delivered_at) VALUES
    ('web:1:1', 'web:1', 'LIL', 'swift', 'home', 'delivered', 5000, 'near', :at, :at, :at),
    ('web:2:1', 'web:2', 'LIL', 'swift', 'home', 'released', 1500, 'near', :at, NULL, NULL),
    ('web:2:0', 'web:2', 'LIL', 'swift', 'dawn', 'abandoned', 1500, 'near', :at, NULL, NULL)
    """,
    """
    INSERT INTO reservations (shipment_id, line_id, order_id, sku, location_id, planned, held,
    consumed, released) VALUES ('web:1:1', '1', 'web:1', 'P1', 'LIL', 10, 0, 10, 0),
    ('web:2:1', '1', 'web:2', 'P1', 'LIL', 3, 3, 0, 0),
    ('web:2:0', '1', 'web:2', 'P1', 'LIL', 3, 0, 0, 3)
    """,
    """
    INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
    VALUES ('P1', 'LIL', -10, 'dispatched', 'web:1:1', :at)
    """,
    "UPDATE stock SET on_hand = 90, reserved = 3 WHERE sku = 'P1'",
    """
    INSERT INTO bookings (reference, shipment_id, carrier, service, state) VALUES
    ('web:1:1:1', 'web:1:1', 'swift', 'home', 'booked'),
    ('web:2:1:1', 'web:2:1', 'swift', 'home', 'booked'),
    ('web:2:0:1', 'web:2:0', 'swift', 'dawn', 'refused')
    """,
    """
    INSERT INTO invoices (id, shipment_id, order_id, customer_id, currency, amount, on_account,
    due_on, issued_at, paid)
    VALUES ('I1', 'web:1:1', 'web:1', 'ACME', 'EUR', 1000, 1000, '2026-04-01', :at, 400)
    """,
    """
    INSERT INTO invoice_lines (invoice_id, line_id, sku, quantity, unit_price, net, gross)
    VALUES ('I1', '1', 'P1', 10, 100, 1000, 1000)
    """,
    "INSERT INTO document_counters VALUES ('invoice', 2026, 1, '2026-03-02')",
    """
    INSERT INTO documents (number, kind, year, sequence, customer_id, currency, issued_on,
    terms_days, due_on, net, vat, gross, source)
    VALUES ('2026-000001', 'invoice', 2026, 1, 'ACME', 'EUR', '2026-03-02', 30, '2026-04-01', 1000,
    0, 1000, 'I1')
    """,
    "UPDATE invoices SET document = '2026-000001'",
    """
    INSERT INTO credit_claims (order_id, customer_id, open_amount, granted_exposure, granted_limit)
    VALUES ('web:1', 'ACME', 0, NULL, NULL), ('web:2', 'ACME', 1000, 2000, 2000)
    """,
    """
    INSERT INTO customer_payments (customer_id, reference, amount, currency, received_at, booked_at)
    VALUES ('ACME', 'P1', 500, 'EUR', :at, :at)
    """,
    """
    INSERT INTO payment_allocations (customer_id, invoice_id, payment_reference, amount, at)
    VALUES ('ACME', 'I1', 'P1', 400, :at)
    """,
    """
    UPDATE accounts SET open_amount = 1000, unpaid_amount = 600, unapplied_amount = 100
    """,
    """
    INSERT INTO supplies (id, sku, location_id, units, received, claimed, due, confidence)
    VALUES ('S1', 'P1', 'LIL', 9, 7, 2, :at, 1)
    """,
    "INSERT INTO supply_claims VALUES ('web:2', '1', 'S1', 'P1', 2, :at)",
    """
    INSERT INTO payments (reference, order_id, state, authorised, captured, currency)
    VALUES ('web:3:pay', 'web:3', 'declined', 0, 0, 'EUR')
    """,
    """
    INSERT INTO notices (order_id, occasion, template, channel, detail, queued_at)
    VALUES ('web:1', 'placed', 'confirmed', 'email', '{}', :at)
    """,
)
# A unit of order 1 was credited.
_CREDITED = [
    "UPDATE invoice_lines SET credited = 1, refunded_hundredths = 100",
    "UPDATE order_lines SET returned = 1 WHERE order_id = 'web:1'",
    "INSERT INTO document_counters VALUES ('credit_note', 2026, 1, '2026-03-03')",
    """
    INSERT INTO documents (number, kind, year, sequence, customer_id, currency, issued_on, net,
    vat, gross, source) VALUES ('CN-2026-000001', 'credit_note', 2026, 1, 'ACME', 'EUR',
    '2026-03-03', 100, 0, 100, 'R1')
    """,
    "INSERT INTO credit_note_lines VALUES ('CN-2026-000001', 'I1', '1', 1, 0, 100, 100, 100, 0)",
]
# Order 1 was priced by an agreement.
_AGREED = [
    "INSERT INTO price_lists VALUES ('trade', 'EUR', true)",
    "INSERT INTO price_list_versions VALUES ('trade', 1, '2026-01-01', NULL, '', '2026-01-01')",
    "INSERT INTO prices VALUES ('trade', 1, 'P1', 1, 100)",
    "INSERT INTO agreements VALUES ('acme', 'ACME')",
    """
    INSERT INTO agreement_versions (version, agreement_id, number, valid_from, body, published_at)
    VALUES ('acme/1', 'acme', 1, '2026-01-01', '{"lists": ["trade"]}', '2026-01-01')
    """,
    "UPDATE orders SET agreement_version = 'acme/1' WHERE id = 'web:1'",
    "UPDATE order_lines SET price_source = 'agreement' WHERE order_id = 'web:1'",
]
# Of order 1 the part that is not owed any more was paid by card.
_CAPTURED = [
    "UPDATE order_tenders SET amount = 400, tender = 'card' WHERE order_id = 'web:1'",
    "INSERT INTO order_tenders VALUES ('web:1', 2, 'account')",
    "UPDATE orders SET tender = 'mixed' WHERE id = 'web:1'",
    "DELETE FROM payment_allocations",
    "UPDATE invoices SET paid = 0, on_account = 600, captured = 400",
    "UPDATE accounts SET unapplied_amount = 500",
    """
    INSERT INTO payments (reference, order_id, state, authorised, captured, currency) VALUES
    ('web:1:pay', 'web:1', 'authorised', 400, 400, 'EUR')
    """,
    """
    INSERT INTO payment_captures (shipment_id, payment_reference, amount, state, reference)
    VALUES ('web:1:1', 'web:1:pay', 400, 'captured', 'web:1:1:capture')
    """,
]
# A unit of order 1 came back, was put on sale again and is credited.
_RETURNED = [
    *[statement.replace("'R1')", "'web:1:R1:E1')") for statement in _CREDITED],
    """
    INSERT INTO returns (id, order_id, number, status, origin, channel, resolution, return_to,
    opened_by, opened_at, expires_at, closed_at) VALUES ('web:1:R1', 'web:1', 1, 'closed',
    'customer', 'web', 'refund', 'LIL', 'Ann', now(), now(), now())
    """,
    "INSERT INTO return_lines VALUES ('web:1:R1', 'I1', '1', 1, 'P1', '', 1, 1, 1, 1)",
    "INSERT INTO return_receipts VALUES ('web:1:R1', 'E1', 'I1', '1', 'LIL', 1, 'Ann', now())",
    """
    INSERT INTO inspections (return_id, event_id, invoice_id, line_id, sku, location_id, units,
    grade, disposition, refunded, by, at)
    VALUES ('web:1:R1', 'E1', 'I1', '1', 'P1', 'LIL', 1, 'good', 'restock', true, 'Ann', now())
    """,
    """
    INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
    VALUES ('P1', 'LIL', 1, 'returned', 'web:1:R1:E1:restock', now())
    """,
    "UPDATE stock SET on_hand = 91 WHERE sku = 'P1'",
]
_REFUND = """
    INSERT INTO refunds (id, order_id, invoice_id, source, shipment_id, payment_reference, amount,
    intended_at)
    VALUES ('R1', 'web:1', 'I1', 'CN', 'web:1:1', 'web:1:pay', 400, '2026-03-02')
"""
# Order 2 is to be fetched: its shipment has come to the store, and is not invoiced.
_AT_A_STORE = [
    "UPDATE orders SET type = 'ship_to_store', collect_at = 'LIL' WHERE id = 'web:2'",
    "UPDATE shipments SET collect_at = 'LIL', status = 'dispatched' WHERE id = 'web:2:1'",
    "UPDATE reservations SET held = 0, consumed = 3 WHERE shipment_id = 'web:2:1'",
    "UPDATE order_lines SET shipped = 3 WHERE order_id = 'web:2'",
    "UPDATE stock SET on_hand = 87, reserved = 0 WHERE sku = 'P1'",
    """
    INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
    VALUES ('P1', 'LIL', -3, 'dispatched', 'web:2:1', now())
    """,
]
# Nobody came: what had left has come to the stock of the store.
_UNCOLLECTED = [
    *_AT_A_STORE,
    "UPDATE shipments SET status = 'expired' WHERE id = 'web:2:1'",
    "UPDATE reservations SET consumed = 0, released = 3 WHERE shipment_id = 'web:2:1'",
    "UPDATE order_lines SET shipped = 0, cancelled = 3 WHERE order_id = 'web:2'",
    "UPDATE credit_claims SET open_amount = 400 WHERE order_id = 'web:2'",
    "UPDATE accounts SET open_amount = 400",
    "UPDATE stock SET on_hand = 90 WHERE sku = 'P1'",
    """
    INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
    VALUES ('P1', 'LIL', 3, 'uncollected', 'web:2:1:uncollected', now())
    """,
]
_NO_LIMIT_ON_UNITS = "ALTER TABLE stock DROP CONSTRAINT ck_stock_reserved"
_NO_SUM_OF_LINES = "ALTER TABLE order_lines DROP CONSTRAINT ck_order_lines_sum"
_TWO_LIVE_BOOKINGS = "DROP INDEX uq_bookings_live"

_CLOSED = """
INSERT INTO closures (location_id, reason, by, closed_at, told_at)
VALUES ('LIL', 'a flood', 'Paul', now(), now())
"""
_ONE_A_DAY = "UPDATE locations SET calendar = '{\"capacity\": 1}' WHERE id = 'LIL'"
_BOTH_TODAY = "UPDATE shipments SET dispatch_day = '2026-03-03' WHERE location_id = 'LIL'"
# Order 2 became what it is by an amendment.
_FORGOTTEN = """
INSERT INTO order_contacts (order_id, name, street, city, erased_at)
VALUES ('{}', '{}', '', '', '2026-03-02')
"""
_AMENDED = """
WITH amended AS (UPDATE orders SET version = 2 WHERE id = 'web:2')
INSERT INTO amendments (order_id, number, kind, base_version, body_hash, lines, total, country,
    postal_code, contact_revision, backorder, state, asked_at, decided_at)
SELECT id, 1, 'amendment', 1, '', '[]', total, country, postal_code, 0, false, 'applied',
    ordered_at, ordered_at
FROM orders WHERE id = 'web:2'
"""


def _decided(capacity: int | None) -> list[str]:
    """Both orders were sourced when Lille handed over so many shipments a day."""
    calendar = "null" if capacity is None else f'{{"capacity": {capacity}}}'
    place = f'{{"location_id": "LIL", "calendar": {calendar}}}'
    return [
        f"""
        INSERT INTO network_snapshots (hash, body) VALUES ('h', '{{"locations": [{place}]}}')
        """,  # noqa: S608 - made of constants
        """
        INSERT INTO decisions (order_id, generation, policy_version, problem, plan, at, network)
        SELECT id, 1, 'p', '{}', '{"shipments": [{"location_id": "LIL",
            "dispatch_day": "2026-03-03"}]}', ordered_at, 'h'
        FROM orders WHERE id IN ('web:1', 'web:2')
        """,
    ]


_FAULTS = [
    ("return-sold", [*_RETURNED, "UPDATE return_lines SET received = 11, inspected = 11"]),
    ("return-sold", ["UPDATE order_lines SET returned = 1 WHERE order_id = 'web:1'"]),
    ("return-units", [*_RETURNED, "DELETE FROM return_receipts"]),
    ("return-units", [*_RETURNED, "UPDATE inspections SET refunded = false"]),
    ("return-stock", [*_RETURNED, "UPDATE inspections SET disposition = 'scrap'"]),
    ("return-stock", [*_RETURNED, "UPDATE inspections SET units = 2"]),
    ("return-ended", [*_RETURNED, "UPDATE returns SET closed_at = NULL"]),
    (
        "return-ended",
        [
            *_RETURNED,
            "UPDATE returns SET status = 'expired'",
            """
            INSERT INTO return_labels (reference, return_id, carrier, service, state) VALUES
            ('web:1:R1:1', 'web:1:R1', 'swift', 'home', 'booked')
            """,
        ],
    ),
    ("location-day", [_ONE_A_DAY, _BOTH_TODAY, *_decided(1)]),
    ("location-closed", [_CLOSED]),
    ("closed-told", [_CLOSED, "UPDATE locations SET active = false WHERE id = 'LIL'"]),
    ("location-learned", ["UPDATE locations SET late = 1 WHERE id = 'LIL'"]),
    (
        "location-learned",
        [
            """
            INSERT INTO location_outcomes (location_id, shipment_id, outcome, learned, at)
            VALUES ('LIL', 'web:1:1', 'kept', true, now())
            """
        ],
    ),
    ("stock-bounds", [_NO_LIMIT_ON_UNITS, "UPDATE stock SET reserved = 91 WHERE sku = 'P1'"]),
    ("stock-bounds", [_NO_LIMIT_ON_UNITS, "UPDATE stock SET reserved = -1 WHERE sku = 'P2'"]),
    ("stock-reserved", ["UPDATE stock SET reserved = 4 WHERE sku = 'P1'"]),
    ("stock-reserved", ["UPDATE reservations SET location_id = 'LYO' WHERE held > 0"]),
    ("stock-ledger", ["UPDATE stock SET on_hand = 91 WHERE sku = 'P1'"]),
    ("stock-ledger", ["UPDATE stock_ledger SET location_id = 'LYO' WHERE delta < 0"]),
    ("stock-shipped", ["UPDATE stock_ledger SET delta = -9 WHERE source = 'web:1:1'"]),
    ("stock-shipped", ["DELETE FROM stock_ledger WHERE source = 'web:1:1'"]),
    ("held-open", ["UPDATE orders SET status = 'cancelled' WHERE id = 'web:2'"]),
    ("held-open", ["UPDATE shipments SET status = 'abandoned' WHERE id = 'web:2:1'"]),
    ("held-open", ["UPDATE reservations SET order_id = 'web:9' WHERE held > 0"]),
    ("supply-claimed", ["UPDATE supplies SET claimed = 1"]),
    ("supply-claimed", ["UPDATE supply_claims SET units = 1"]),
    ("supply-claimed", ["UPDATE supplies SET units = 8"]),
    ("supply-claimed", ["UPDATE supplies SET closed = true"]),
    ("line-expected", ["UPDATE supply_claims SET units = 3"]),
    ("line-expected", ["UPDATE order_lines SET backordered = 1 WHERE order_id = 'web:2'"]),
    ("line-units", ["UPDATE order_lines SET backordered = 1 WHERE order_id = 'web:2'"]),
    (
        "line-units",
        [_NO_SUM_OF_LINES, "UPDATE order_lines SET cancelled = 1 WHERE order_id = 'web:1'"],
    ),
    ("line-shipped", ["UPDATE order_lines SET shipped = 9, invoiced = 9 WHERE order_id = 'web:1'"]),
    ("order-closed", ["UPDATE orders SET closed_at = NULL WHERE id = 'web:1'"]),
    ("order-closed", ["UPDATE orders SET closed_at = now() WHERE id = 'web:2'"]),
    ("order-closed", ["UPDATE shipments SET status = 'dispatched' WHERE id = 'web:1:1'"]),
    (
        "order-closed",
        [_NO_SUM_OF_LINES, "UPDATE order_lines SET backordered = 1 WHERE order_id = 'web:1'"],
    ),
    ("order-closed", ["UPDATE bookings SET state = 'intent' WHERE shipment_id = 'web:1:1'"]),
    ("order-placing", ["UPDATE orders SET status = 'placing' WHERE id = 'web:2'"]),
    ("order-hold", ["UPDATE orders SET hold_reason = NULL WHERE id = 'web:3'"]),
    ("order-hold", ["UPDATE orders SET hold_reason = 'no_source' WHERE id = 'web:2'"]),
    ("hold-by", ["UPDATE orders SET hold_reason = 'support' WHERE id = 'web:3'"]),
    (
        "cancelled-waits",
        [
            "UPDATE orders SET status = 'backordered' WHERE id = 'web:2'",
            """
            INSERT INTO order_events (order_id, kind, detail, at)
            VALUES ('web:2', 'cancelled_in_part', '{}', now())
            """,
        ],
    ),
    ("booking-live", ["UPDATE bookings SET state = 'voided' WHERE shipment_id = 'web:1:1'"]),
    ("booking-live", ["UPDATE bookings SET state = 'booked' WHERE shipment_id = 'web:2:0'"]),
    (
        "booking-live",
        [
            _TWO_LIVE_BOOKINGS,
            """
            INSERT INTO bookings (reference, shipment_id, carrier, service, state)
            VALUES ('web:2:1:2', 'web:2:1', 'swift', 'dawn', 'intent')
            """,
        ],
    ),
    ("booking-live", ["UPDATE shipments SET carrier = '' WHERE id = 'web:1:1'"]),
    ("booking-live", [*_UNCOLLECTED, "DELETE FROM bookings WHERE shipment_id = 'web:2:1'"]),
    (
        "stock-shipped",
        [*_UNCOLLECTED, "UPDATE stock_ledger SET delta = 2 WHERE reason = 'uncollected'"],
    ),
    ("stock-shipped", [*_UNCOLLECTED, "DELETE FROM stock_ledger WHERE reason = 'uncollected'"]),
    ("stock-shipped", [*_UNCOLLECTED, "DELETE FROM stock_ledger WHERE source = 'web:2:1'"]),
    (
        "invoice-dispatched",
        [*_AT_A_STORE, "UPDATE shipments SET collected_at = now() WHERE id = 'web:2:1'"],
    ),
    (
        "invoice-dispatched",
        ["UPDATE shipments SET collect_at = 'LIL' WHERE id = 'web:1:1'"],
    ),
    (
        "claim-uninvoiced",
        [*_AT_A_STORE, "UPDATE credit_claims SET open_amount = 400 WHERE order_id = 'web:2'"],
    ),
    (
        "held-open",
        [
            *_UNCOLLECTED,
            "UPDATE reservations SET held = 1, released = 2 WHERE shipment_id = 'web:2:1'",
        ],
    ),
    ("order-version", ["UPDATE orders SET version = 2 WHERE id = 'web:2'"]),
    ("order-version", [_AMENDED, "UPDATE orders SET version = 3 WHERE id = 'web:2'"]),
    ("order-version", [_AMENDED, "UPDATE amendments SET base_version = 2"]),
    ("order-address", ["UPDATE shipments SET contact_revision = 1 WHERE id = 'web:2:1'"]),
    ("order-address", [_AMENDED, "UPDATE amendments SET contact_revision = 1"]),
    ("account-open", ["UPDATE accounts SET open_amount = 999"]),
    ("account-unpaid", ["UPDATE accounts SET unpaid_amount = 0"]),
    ("claim-uninvoiced", ["UPDATE credit_claims SET open_amount = 1 WHERE order_id = 'web:1'"]),
    ("claim-uninvoiced", ["DELETE FROM credit_claims WHERE order_id = 'web:2'"]),
    (
        "claim-uninvoiced",
        [
            "UPDATE orders SET status = 'on_hold', hold_reason = 'credit_limit' WHERE id = 'web:2'",
            "UPDATE credit_claims SET open_amount = 1001 WHERE order_id = 'web:2'",
        ],
    ),
    ("credit-limit", ["UPDATE credit_claims SET granted_limit = 1999 WHERE order_id = 'web:2'"]),
    (
        "credit-limit",
        # A person's word goes for his order alone.
        [
            "UPDATE credit_claims SET granted_limit = 1999 WHERE order_id = 'web:2'",
            "UPDATE credit_claims SET override_by = 'Ana' WHERE order_id = 'web:1'",
        ],
    ),
    ("invoice-paid", ["UPDATE invoices SET paid = 399"]),
    ("invoice-paid", ["UPDATE payment_allocations SET amount = 399"]),
    ("order-tenders", ["UPDATE orders SET tender = 'card' WHERE id = 'web:1'"]),
    ("order-tenders", ["UPDATE order_tenders SET amount = 600 WHERE order_id = 'web:3'"]),
    ("order-tenders", ["DELETE FROM order_tenders WHERE order_id = 'web:3'"]),
    (
        "invoice-charged",
        ["UPDATE invoices SET on_account = 999", "UPDATE accounts SET unpaid_amount = 599"],
    ),
    (
        "invoice-charged",
        [
            "UPDATE order_tenders SET amount = 999 WHERE order_id = 'web:1'",
            "INSERT INTO order_tenders VALUES ('web:1', 2, 'card')",
            "UPDATE orders SET tender = 'mixed' WHERE id = 'web:1'",
        ],
    ),
    ("invoice-paid", ["UPDATE invoices SET customer_id = 'ZOE'"]),
    ("payment-applied", ["UPDATE customer_payments SET amount = 399"]),
    ("account-unapplied", ["UPDATE accounts SET unapplied_amount = 99"]),
    ("account-unapplied", ["UPDATE customer_payments SET amount = 501"]),
    ("account-unapplied", ["UPDATE payment_allocations SET amount = 401"]),
    ("document-numbers", ["UPDATE document_counters SET last = 2"]),
    ("document-numbers", ["DELETE FROM document_counters"]),
    (
        "document-numbers",
        [
            "UPDATE documents SET sequence = 2",
            "UPDATE document_counters SET last = 2",
        ],
    ),
    ("document-order", ["UPDATE documents SET issued_on = '2025-12-31'"]),
    ("document-sum", ["UPDATE documents SET net = 999, gross = 999"]),
    ("document-sum", ["UPDATE invoices SET document = NULL"]),
    ("document-sum", [*_CREDITED, "UPDATE credit_note_lines SET net = 99"]),
    ("document-customer", ["UPDATE documents SET customer_id = 'ZOE'"]),
    ("document-customer", [*_CREDITED, "UPDATE invoices SET document = NULL"]),
    ("charge-invoiced", ["UPDATE invoices SET document = NULL"]),
    ("line-credited", ["UPDATE invoice_lines SET credited = 1"]),
    ("line-credited", [*_CREDITED, "UPDATE invoice_lines SET credited = 2"]),
    ("line-credited", [*_CREDITED, "UPDATE credit_note_lines SET gross = 99"]),
    ("line-credited", [*_CREDITED, "UPDATE credit_note_lines SET before = 1"]),
    ("line-credited", [*_CREDITED, "UPDATE invoice_lines SET refunded_hundredths = 50"]),
    ("line-credited", [*_CREDITED, "UPDATE credit_note_lines SET hundredths_before = 50"]),
    ("line-agreed", ["UPDATE order_lines SET price_source = 'agreement'"]),
    ("line-agreed", [*_AGREED, "UPDATE prices SET unit_price = 99"]),
    ("line-agreed", [*_AGREED, "UPDATE price_lists SET currency = 'GBP'"]),
    ("line-agreed", [*_AGREED, "UPDATE agreement_versions SET body = '{\"lists\": []}'"]),
    ("line-taxed", ["UPDATE order_lines SET vat_category = 'S' WHERE order_id = 'web:3'"]),
    ("line-taxed", ["UPDATE order_lines SET vat_bps = 2000 WHERE order_id = 'web:3'"]),
    ("invoice-sum", ["UPDATE invoices SET amount = 1001"]),
    ("invoice-sum", ["UPDATE invoice_lines SET quantity = 20, unit_price = 50"]),
    ("invoice-sum", ["UPDATE invoice_lines SET gross = 999"]),
    ("invoice-sum", ["UPDATE invoice_lines SET vat_bps = 2000"]),
    ("line-invoiced", ["UPDATE order_lines SET invoiced = 9 WHERE order_id = 'web:1'"]),
    ("line-invoiced", ["UPDATE invoice_lines SET net = 999"]),
    ("invoice-sum", ["DELETE FROM invoice_lines"]),
    ("invoice-dispatched", ["UPDATE invoice_lines SET quantity = 9"]),
    (
        "invoice-dispatched",
        [
            "DELETE FROM invoice_lines",
            "DELETE FROM payment_allocations",
            "DELETE FROM invoices",
        ],
    ),
    (
        "invoice-dispatched",
        [
            "ALTER TABLE invoices DROP CONSTRAINT uq_invoices_shipment_id",
            """
            INSERT INTO invoices (id, shipment_id, order_id, customer_id, currency, amount, due_on,
            issued_at) SELECT 'I2', shipment_id, order_id, customer_id, currency, amount, due_on,
            issued_at FROM invoices
            """,
            """
            INSERT INTO invoice_lines (invoice_id, line_id, sku, quantity, unit_price, net, gross)
            SELECT 'I2', line_id, sku, quantity, unit_price, net, gross FROM invoice_lines
            """,
        ],
    ),
    ("payment-captured", ["UPDATE payments SET authorised = 600, captured = 1"]),
    ("payment-refunded", [*_CAPTURED, "UPDATE payment_captures SET refunded = 400"]),
    ("payment-refunded", [*_CAPTURED, _REFUND]),
    (
        "payment-refunded",
        [
            *_CAPTURED,
            _REFUND,
            "UPDATE payment_captures SET refunded = 400, state = 'refused'",
            "UPDATE invoices SET captured = 0",
            "UPDATE payments SET captured = 0, state = 'voided' WHERE reference = 'web:1:pay'",
            "UPDATE refunds SET state = 'refunded'",
        ],
    ),
    ("exchange-money", [*_CAPTURED, _REFUND, "UPDATE refunds SET state = 'held'"]),
    (
        "payment-given-back",
        [
            """
            INSERT INTO payments (reference, order_id, state, authorised, captured, currency)
            VALUES ('web:1:pay', 'web:1', 'authorised', 400, 0, 'EUR')
            """,
        ],
    ),
    (
        "payment-captured",
        [
            "ALTER TABLE payments DROP CONSTRAINT ck_payments_captured",
            "UPDATE payments SET captured = 1",
        ],
    ),
    (
        "earmark-open",
        [
            """
            INSERT INTO earmarks (order_id, sku, location_id, units)
            VALUES ('web:1', 'P1', 'LIL', 1)
            """
        ],
    ),
    (
        "stock-reserved",
        [
            """
            INSERT INTO earmarks (order_id, sku, location_id, units)
            VALUES ('web:2', 'P1', 'LIL', 1)
            """
        ],
    ),
    ("stock-pooled", ["UPDATE stock SET pooled = 1 WHERE sku = 'P1'"]),
    ("stock-pooled", ["INSERT INTO pools VALUES ('P1', 'LIL', 'web', 2)"]),
    ("pool-draws", ["INSERT INTO pool_draws VALUES ('web:2', 'P1', 'LIL', 4)"]),
    ("stock-aside", ["UPDATE stock SET set_aside = 1 WHERE sku = 'P2'"]),
    ("order-once", ["UPDATE orders SET reference = '4' WHERE id = 'web:3'"]),
    (
        "order-once",
        [
            "DROP INDEX uq_orders_channel_reference",
            "UPDATE orders SET reference = '1' WHERE id = 'web:3'",
        ],
    ),
    ("contact-emptied", [_FORGOTTEN.format("web:1", "Ada")]),
    ("contact-needed", [_FORGOTTEN.format("web:2", "")]),
    ("notice-addressed", [_FORGOTTEN.format("web:1", "")]),
    (
        "notice-once",
        [
            "DROP INDEX uq_notices_occasion",
            """
            INSERT INTO notices (order_id, occasion, template, channel, detail, queued_at)
            SELECT order_id, occasion, template, channel, detail, queued_at FROM notices
            """,
        ],
    ),
]


@pytest.fixture(scope="module")
async def engine(migrated_postgres: PostgresServer) -> AsyncIterator[AsyncEngine]:
    """One database for all, since no test commits."""
    async with copy_of_template(migrated_postgres) as url:
        engine = create_engine(url, pool_size=1)
        yield engine
        await engine.dispose()


@pytest.fixture
async def books(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Books that are right, in a transaction that a test may break them in."""
    async with engine.connect() as connection:
        await load_network(connection, _NETWORK)
        opening = [Receipt("P1", "LIL", 100), Receipt("P2", "LIL", 50)]
        await receive_stock(connection, opening, "opening", _AT)
        for statement in _HEALTHY:
            await connection.execute(text(statement), {"at": _AT} if ":at" in statement else {})
        yield connection


async def _broken(connection: AsyncConnection) -> set[str]:
    return {verdict.name for verdict in await judge(connection) if verdict.count}


async def test_books_that_are_right_break_no_invariant(books: AsyncConnection) -> None:
    verdicts = await judge(books)
    assert {verdict.name: verdict.rows for verdict in verdicts if verdict.count} == {}
    assert [verdict.name for verdict in verdicts] == [invariant.name for invariant in INVARIANTS]


@pytest.mark.parametrize(
    ("invariant", "statements"),
    _FAULTS,
    ids=[f"{name}-{number}" for number, (name, _) in enumerate(_FAULTS)],
)
async def test_a_fault_is_found_by_the_invariant_that_it_breaks(
    books: AsyncConnection, invariant: str, statements: list[str]
) -> None:
    for statement in statements:
        await books.exec_driver_sql(statement)
    assert invariant in await _broken(books)


def test_every_invariant_has_a_fault_that_tries_it() -> None:
    assert {invariant.name for invariant in INVARIANTS} == {name for name, _ in _FAULTS}


@pytest.mark.parametrize("statements", [_AT_A_STORE, _UNCOLLECTED])
async def test_what_has_left_for_a_store_is_ours_until_it_is_fetched_there(
    books: AsyncConnection, statements: list[str]
) -> None:
    for statement in statements:
        await books.exec_driver_sql(statement)
    assert await _broken(books) == set()


async def test_what_came_back_and_is_credited_is_no_fault(books: AsyncConnection) -> None:
    for statement in _RETURNED:
        await books.exec_driver_sql(statement)
    assert {name for name in await _broken(books) if name.startswith("return")} == set()


async def test_a_line_at_a_price_of_its_agreement_is_no_fault(books: AsyncConnection) -> None:
    for statement in _AGREED:
        await books.exec_driver_sql(statement)
    assert await _broken(books) == set()


async def test_a_claim_that_a_person_let_exceed_the_limit_is_no_fault(
    books: AsyncConnection,
) -> None:
    await books.execute(
        text(
            "UPDATE credit_claims SET granted_limit = 1, override_by = 'Ana' WHERE open_amount > 0"
        )
    )
    assert await _broken(books) == set()


async def test_a_claim_of_less_is_no_fault_while_its_order_is_held_for_credit(
    books: AsyncConnection,
) -> None:
    await books.execute(text("UPDATE order_lines SET unit_price = 300 WHERE order_id = 'web:2'"))
    assert await _broken(books) == {"claim-uninvoiced"}
    await books.execute(
        text(
            "UPDATE orders SET status = 'on_hold', hold_reason = 'credit_limit' WHERE id = 'web:2'"
        )
    )
    assert await _broken(books) == set()


async def test_a_limit_that_is_lowered_under_what_is_claimed_is_no_fault(
    books: AsyncConnection,
) -> None:
    await books.execute(text("UPDATE accounts SET credit_limit = 0"))
    assert await _broken(books) == set()


@pytest.mark.parametrize("capacity", [2, None])
async def test_a_capacity_that_is_lowered_under_what_is_planned_is_no_fault(
    books: AsyncConnection, capacity: int | None
) -> None:
    for statement in (_ONE_A_DAY, _BOTH_TODAY, *_decided(capacity)):
        # The driver's own cursor takes no colon for a parameter's.
        await books.exec_driver_sql(statement)
    assert await _broken(books) == set()


async def test_of_many_rows_at_fault_the_first_are_shown_and_all_are_counted(
    books: AsyncConnection,
) -> None:
    await books.execute(
        text(
            """
            INSERT INTO stock_ledger (sku, location_id, delta, reason, source, at)
            SELECT 'P1', 'place-' || n, 1, 'count', 'count', now() FROM generate_series(1, 30) AS n
            """
        )
    )
    (verdict,) = [verdict for verdict in await judge(books) if verdict.count]
    assert (verdict.name, verdict.count, len(verdict.rows)) == ("stock-ledger", 30, 20)


async def test_a_delivery_is_booked_in_once(books: AsyncConnection) -> None:
    delivery = [Receipt("P2", "LIL", 3), Receipt("P2", "LIL", 4)]
    assert (await receive_stock(books, delivery, "delivery-7", _AT)).moved == 1
    assert (await receive_stock(books, delivery, "delivery-7", _AT)).moved == 0
    on_hand = await books.execute(text("SELECT on_hand FROM stock WHERE sku = 'P2'"))
    assert on_hand.scalar_one() == 57
    assert await _broken(books) == set()


async def test_a_delivery_of_nothing_is_refused(books: AsyncConnection) -> None:
    with pytest.raises(ValueError, match="positive"):
        await receive_stock(books, [Receipt("P2", "LIL", 0)], "delivery-8", _AT)


async def test_loading_a_network_again_brings_it_up_to_date(books: AsyncConnection) -> None:
    await load_network(books, Network(accounts=[Account("ACME", "EUR", 5, 60)]))
    row = await books.execute(text("SELECT credit_limit, terms_days, open_amount FROM accounts"))
    assert tuple(row.one()) == (5, 60, 1000)
