"""What customers send back."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables.base import at, metadata, units

_OF_INVOICE_LINE = (
    ["invoice_id", "line_id"],
    ["invoice_lines.invoice_id", "invoice_lines.line_id"],
)
_OF_RETURN_LINE = (
    ["return_id", "invoice_id", "line_id"],
    ["return_lines.return_id", "return_lines.invoice_id", "return_lines.line_id"],
)

returns = Table(
    "returns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("channel", ForeignKey("channels.code"), nullable=False),
    Column("resolution", Text, nullable=False),
    Column("return_to", ForeignKey("locations.id"), nullable=False),
    Column("opened_by", Text, nullable=False),
    at("opened_at"),
    at("expires_at"),
    at("closed_at", nullable=True),
    Column("exchange_lines", JSONB, nullable=False, server_default=text("'[]'")),
    Column("exchange_order_id", ForeignKey("orders.id")),
    CheckConstraint(
        "status IN ('requested', 'authorised', 'received', 'refund_refused', 'closed', 'expired', "
        "'cancelled')",
        name="status",
    ),
    CheckConstraint(
        "origin IN ('customer', 'store', 'unannounced', 'cancelled_too_late')", name="origin"
    ),
    CheckConstraint("resolution IN ('refund', 'exchange')", name="resolution"),
    Index("uq_returns_order_id_number", "order_id", "number", unique=True),
    Index("uq_returns_exchange_order_id", "exchange_order_id", unique=True),
    Index(
        "ix_returns_open",
        "opened_at",
        postgresql_where=text(
            "status IN ('requested', 'authorised', 'received', 'refund_refused')"
        ),
    ),
    comment="exchange_lines are what the customer wants instead, exchange_order_id the order that "
    "brings it.",
)

return_lines = Table(
    "return_lines",
    metadata,
    Column("return_id", ForeignKey("returns.id"), primary_key=True),
    Column("invoice_id", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("sku", Text, nullable=False),
    Column("reason", Text, nullable=False),
    units("announced"),
    units("received"),
    units("inspected"),
    units("credited"),
    ForeignKeyConstraint(*_OF_INVOICE_LINE),
    CheckConstraint(
        "0 <= credited AND credited <= inspected AND inspected <= received AND announced >= 0",
        name="units",
    ),
    Index("ix_return_lines_invoice_id", "invoice_id", "line_id"),
    comment="Units of one invoice line: those that were announced may be fewer or more than those "
    "that came; credited of these are on credit notes.",
)

return_receipts = Table(
    "return_receipts",
    metadata,
    Column("return_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("invoice_id", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    units("units", None),
    Column("by", Text, nullable=False),
    at("at"),
    ForeignKeyConstraint(*_OF_RETURN_LINE),
    CheckConstraint("units > 0", name="units"),
    comment="What came of a return, where and when; event_id is its sender's.",
)

inspections = Table(
    "inspections",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("return_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("invoice_id", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    units("units", None),
    Column("grade", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("refunded", Boolean, nullable=False),
    Column("percent", Integer, nullable=False, server_default=text("100")),
    Column("by", Text, nullable=False),
    at("at"),
    ForeignKeyConstraint(*_OF_RETURN_LINE),
    CheckConstraint("units > 0", name="units"),
    CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
    CheckConstraint(
        "disposition IN ('restock', 'refurbish', 'return_to_supplier', 'scrap')",
        name="disposition",
    ),
    Index("ix_inspections_return_id", "return_id"),
    comment="In which state units came back and what became of them; refunded says that the policy "
    "refunds their grade, percent how much of it.",
)

return_labels = Table(
    "return_labels",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("return_id", ForeignKey("returns.id"), nullable=False),
    Column("carrier", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("booking_id", Text),
    Column("tracking_number", Text),
    Column("label_url", Text),
    Column("reason", Text),
    CheckConstraint("state IN ('intent', 'booked', 'refused', 'voided')", name="state"),
    Index("ix_return_labels_return_id", "return_id"),
    Index("ix_return_labels_tracking_number", "tracking_number"),
    comment="The bookings of ways back.",
)

parked_arrivals = Table(
    "parked_arrivals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    units("units", None),
    Column("tracking_number", Text),
    Column("order_reference", Text),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'parked'")),
    Column("return_id", ForeignKey("returns.id")),
    Column("by", Text, nullable=False),
    at("at"),
    Column("resolved_by", Text),
    Column("note", Text),
    at("resolved_at", nullable=True),
    CheckConstraint("units > 0", name="units"),
    CheckConstraint("state IN ('parked', 'matched', 'scrapped')", name="state"),
    CheckConstraint("(state = 'matched') = (return_id IS NOT NULL)", name="return_id"),
    Index("ix_parked_arrivals_parked", "id", postgresql_where=text("state = 'parked'")),
    comment="What came back and belongs to no order that we know of, until a person says.",
)
