"""Orders and what becomes of them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables.base import at, metadata, units

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
    at("promise", nullable=True),
    Column("told", JSONB),
    at("ordered_at"),
    at("closed_at", nullable=True),
    Column("type", Text, nullable=False, server_default=text("'delivery'")),
    Column("collect_at", ForeignKey("locations.id")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("contact_revision", Integer, nullable=False, server_default=text("0")),
    Column("tax_included", Boolean, nullable=False, server_default=text("true")),
    Column("agreement_version", ForeignKey("agreement_versions.version")),
    CheckConstraint("type IN ('delivery', 'collect', 'ship_to_store')", name="type"),
    CheckConstraint("(type = 'delivery') = (collect_at IS NULL)", name="collect_at"),
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
    Column("payment_tokens", JSONB(none_as_null=True)),
    Column("revision", Integer, primary_key=True, server_default=text("0")),
    at("erased_at", nullable=True),
    Column("country", Text),
    Column("postal_code", Text),
    comment="The only table with personal data; an order's address may change, and each shipment "
    "keeps the revision that it goes to.",
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("sku", ForeignKey("products.sku"), nullable=False),
    units("ordered", None),
    Column("unit_price", BigInteger, nullable=False),
    units("backordered", None),
    units("shipped"),
    units("cancelled"),
    units("discount_bps"),
    units("vat_bps"),
    Column("vat_category", Text, nullable=False, server_default=text("'Z'")),
    units("invoiced"),
    units("returned"),
    Column("price_source", Text, nullable=False, server_default=text("'channel'")),
    CheckConstraint("price_source IN ('channel', 'agreement')", name="price_source"),
    CheckConstraint("ordered >= 0 AND unit_price >= 0", name="ordered"),
    CheckConstraint("backordered >= 0 AND shipped >= 0 AND cancelled >= 0", name="parts"),
    CheckConstraint("backordered + shipped + cancelled <= ordered", name="sum"),
    CheckConstraint(
        "discount_bps BETWEEN 0 AND 10000 AND vat_bps BETWEEN 0 AND 10000", name="rates"
    ),
    CheckConstraint(
        "0 <= returned AND returned <= invoiced AND invoiced <= shipped", name="invoiced"
    ),
    Index("ix_order_lines_waiting", "sku", postgresql_where=text("backordered > 0")),
    comment="backordered counts the units that are reserved nowhere: all, before sourcing; "
    "invoiced and returned those on invoices and on credit notes; prices are in minor units, rates "
    "in basis points.",
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
    at("promise"),
    Column("tracking_number", Text),
    Column("label_url", Text),
    at("dispatched_at", nullable=True),
    at("delivered_at", nullable=True),
    at("pick_by", nullable=True),
    at("dispatch_by", nullable=True),
    Column("dispatch_day", Date),
    at("ready_at", nullable=True),
    at("collect_until", nullable=True),
    at("collected_at", nullable=True),
    Column("collect_at", ForeignKey("locations.id")),
    Column("cost", BigInteger),
    Column("co2_grams", BigInteger),
    units("contact_revision"),
    Index("ix_shipments_order_id", "order_id"),
    Index(
        "ix_shipments_location_day",
        "location_id",
        "dispatch_day",
        postgresql_where=text("status <> 'abandoned'"),
    ),
    comment="pick_by and dispatch_by keep the promise, dispatch_day is the location's own; "
    "ready_at, collect_until and collected_at, and collect_at, the store, are of what is fetched; "
    "cost is in minor units.",
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
