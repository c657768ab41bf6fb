"""The tables. Money is integer minor units, times are UTC, weights are grams.

Migrations create them; a test holds the two against each other. Constraints are the last defence of
the invariants in `adapters.postgres.invariants`: the statements are written never to meet them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _units(name: str, default: str | None = "0") -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text(default) if default else None)


# The network: who sells, who buys, what, and from where it ships.

channels = Table(
    "channels",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("segment", Text, nullable=False),
    Column("language", Text, nullable=False, server_default=text("'en'")),
    CheckConstraint("segment IN ('business', 'consumer')", name="segment"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("currency", Text, nullable=False),
    Column("credit_limit", BigInteger, nullable=False),
    Column("terms_days", Integer, nullable=False),
    Column("open_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("unpaid_amount", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("credit_limit >= 0", name="credit_limit"),
    CheckConstraint("open_amount >= 0 AND unpaid_amount >= 0", name="exposure"),
    comment="Exposure is open_amount (ordered, not yet invoiced) plus unpaid_amount (invoiced).",
)

products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("weight_grams", Integer, nullable=False),
    CheckConstraint("weight_grams > 0", name="weight"),
)

locations = Table(
    "locations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("cut_off_hour", Integer, nullable=False, server_default=text("16")),
    Column("handling_cost", Integer, nullable=False),
    Column("reliability", Double, nullable=False, server_default=text("0.98")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    CheckConstraint("kind IN ('warehouse', 'store', 'supplier', '3pl')", name="kind"),
    CheckConstraint("reliability > 0 AND reliability <= 1", name="reliability"),
    comment="handling_cost is for one shipment, in minor units of the policy's currency.",
)

carrier_services = Table(
    "carrier_services",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("origin_country", Text, primary_key=True),
    Column("destination_country", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("base_price", Integer, nullable=False),
    Column("price_per_kg", Integer, nullable=False),
    Column("transit_days", Integer, nullable=False),
    Column("max_weight_grams", Integer, nullable=False),
    comment="destination_country '*' serves every country that has no row of its own.",
)

postal_codes = Table(
    "postal_codes",
    metadata,
    Column("country", Text, primary_key=True),
    Column("postal_code", Text, primary_key=True),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    comment="Where an address is, for distances; postal_code '' is the country's middle.",
)

# Stock: one row for each location and SKU, explained unit by unit in the ledger.

stock = Table(
    "stock",
    metadata,
    Column("sku", ForeignKey("products.sku"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), primary_key=True),
    _units("on_hand"),
    _units("reserved"),
    _units("buffer"),
    CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
    CheckConstraint("buffer >= 0", name="buffer"),
)

stock_ledger = Table(
    "stock_ledger",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sku", Text, nullable=False),
    Column("location_id", Text, nullable=False),
    Column("delta", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    _at("at"),
    Index("ix_stock_ledger_sku_location_id", "sku", "location_id"),
    Index("uq_stock_ledger_source", "source", "sku", "location_id", unique=True),
    comment="Append-only. source names what moved the units: a receipt, a shipment, a count.",
)

# Orders and what becomes of them.

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("tender", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("language", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("requested_date", Date),
    Column("ship_complete", Boolean, nullable=False),
    Column("critical", Boolean, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'placing'")),
    Column("hold_reason", Text),
    Column("policy_version", Text, nullable=False),
    _at("promise", nullable=True),
    Column("told", JSONB),
    _at("ordered_at"),
    _at("closed_at", nullable=True),
    Index("uq_orders_channel_reference", "channel", "reference", unique=True),
    Index("ix_orders_customer_id", "customer_id", "ordered_at"),
    Index("ix_orders_status", "status", "ordered_at"),
    comment="told is the promise the customer last heard, so that each change is told once.",
)

order_contacts = Table(
    "order_contacts",
    metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("street", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("payment_token", Text),
    comment="The only table with personal data.",
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("sku", ForeignKey("products.sku"), nullable=False),
    _units("ordered", None),
    Column("unit_price", BigInteger, nullable=False),
    _units("backordered", None),
    _units("shipped"),
    _units("cancelled"),
    CheckConstraint("ordered > 0 AND unit_price >= 0", name="ordered"),
    CheckConstraint("backordered >= 0 AND shipped >= 0 AND cancelled >= 0", name="parts"),
    CheckConstraint("backordered + shipped + cancelled <= ordered", name="sum"),
    comment="backordered counts the units that are reserved nowhere: all, before sourcing.",
)

shipments = Table(
    "shipments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("carrier", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("weight_grams", Integer, nullable=False),
    Column("why", Text, nullable=False),
    _at("promise"),
    Column("tracking_number", Text),
    Column("label_url", Text),
    _at("dispatched_at", nullable=True),
    _at("delivered_at", nullable=True),
    Index("ix_shipments_order_id", "order_id"),
)

reservations = Table(
    "reservations",
    metadata,
    Column("shipment_id", ForeignKey("shipments.id", ondelete="CASCADE"), primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("location_id", Text, nullable=False),
    _units("planned", None),
    _units("held", None),
    _units("consumed"),
    _units("released"),
    CheckConstraint("planned = held + consumed + released", name="sum"),
    CheckConstraint("held >= 0 AND consumed >= 0 AND released >= 0", name="parts"),
    Index("ix_reservations_held", "sku", "location_id", postgresql_where=text("held > 0")),
    Index("ix_reservations_order_id", "order_id"),
    comment="A claim on stock for an order line: each unit of it is held, consumed or released.",
)

credit_claims = Table(
    "credit_claims",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("customer_id", ForeignKey("accounts.customer_id"), nullable=False),
    Column("open_amount", BigInteger, nullable=False),
    Column("override_by", Text),
    CheckConstraint("open_amount >= 0", name="open_amount"),
    Index("ix_credit_claims_customer_id", "customer_id"),
    comment="What of an order still counts as ordered, not yet invoiced, in its account.",
)

payments = Table(
    "payments",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("authorised", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False, server_default=text("0")),
    Column("currency", Text, nullable=False),
    CheckConstraint("state IN ('intent', 'authorised', 'declined', 'voided')", name="state"),
    CheckConstraint("captured >= 0 AND captured <= authorised", name="captured"),
    Index("ix_payments_order_id", "order_id"),
)

payment_captures = Table(
    "payment_captures",
    metadata,
    Column("shipment_id", ForeignKey("shipments.id"), primary_key=True),
    Column("payment_reference", ForeignKey("payments.reference"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    CheckConstraint("state IN ('intent', 'captured', 'refused')", name="state"),
)

bookings = Table(
    "bookings",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("shipment_id", ForeignKey("shipments.id"), nullable=False),
    Column("carrier", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("booking_id", Text),
    Column("reason", Text),
    CheckConstraint("state IN ('intent', 'booked', 'refused', 'voided')", name="state"),
    Index("ix_bookings_shipment_id", "shipment_id"),
    Index(
        "uq_bookings_live",
        "shipment_id",
        unique=True,
        postgresql_where=text("state IN ('intent', 'booked')"),
    ),
)

invoices = Table(
    "invoices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("shipment_id", ForeignKey("shipments.id"), nullable=False, unique=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False, server_default=text("0")),
    Column("due_on", Date, nullable=False),
    _at("issued_at"),
    CheckConstraint("paid >= 0 AND paid <= amount", name="paid"),
    Index("ix_invoices_order_id", "order_id"),
    Index("ix_invoices_customer_id", "customer_id"),
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("invoice_id", ForeignKey("invoices.id"), primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
)

# What happened, what was decided, what customers are told, and which steps are done.

order_events = Table(
    "order_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    _at("at"),
    Index("ix_order_events_order_id", "order_id", "id"),
    comment="Append-only: the timeline of each order, and the feed for other systems.",
)

decisions = Table(
    "decisions",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("policy_version", Text, nullable=False),
    Column("problem", JSONB, nullable=False),
    Column("plan", JSONB, nullable=False),
    _at("at"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("occasion", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _at("queued_at"),
    _at("sent_at", nullable=True),
    _at("given_up_at", nullable=True),
    Column("failure", Text),
    Index("uq_notices_occasion", "order_id", "occasion", "template", "channel", unique=True),
    Index(
        "ix_notices_unsent", "id", postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL")
    ),
    comment="What a customer is to be told, written with the fact itself and sent afterwards.",
)

effects = Table(
    "effects",
    metadata,
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("result", JSONB, nullable=False),
    comment="Each step that is done, under its key, with the answer that a repeat gets.",
)

policies = Table(
    "policies",
    metadata,
    Column("version", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("false")),
    Index("uq_policies_active", "active", unique=True, postgresql_where=text("active")),
)
