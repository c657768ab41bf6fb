"""What orders are paid with, and what went back of it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from adapters.postgres.tables.base import at, metadata

order_tenders = Table(
    "order_tenders",
    metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("tender", Text, nullable=False),
    Column("amount", BigInteger),
    CheckConstraint("tender IN ('exchange', 'voucher', 'card', 'account')", name="tender"),
    CheckConstraint("amount > 0", name="amount"),
    Index(
        "uq_order_tenders_rest",
        "order_id",
        unique=True,
        postgresql_where=text("amount IS NULL"),
    ),
    Index(
        "uq_order_tenders_account",
        "order_id",
        unique=True,
        postgresql_where=text("tender = 'account'"),
    ),
    comment="What an order is paid with: each tender bears at most its amount, in minor units, and "
    "the one without takes the rest.",
)

refunds = Table(
    "refunds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("shipment_id", Text, nullable=False),
    Column("payment_reference", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'intent'")),
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("reason", Text),
    at("intended_at"),
    at("refunded_at", nullable=True),
    Column("settled_by", Text),
    Column("settled_how", Text),
    Column("note", Text),
    Column("moved_from", Text),
    Column("funds", ForeignKey("payments.reference"), unique=True),
    CheckConstraint("amount > 0 OR state = 'held' AND amount = 0", name="amount"),
    CheckConstraint("state IN ('intent', 'refunded', 'refused', 'held', 'settled')", name="state"),
    CheckConstraint(
        "(state = 'settled') = (settled_by IS NOT NULL AND settled_how IS NOT NULL)",
        name="settled_by",
    ),
    ForeignKeyConstraint(
        ["shipment_id", "payment_reference"],
        ["payment_captures.shipment_id", "payment_captures.payment_reference"],
    ),
    Index("ix_refunds_order_id", "order_id"),
    Index("ix_refunds_capture", "shipment_id", "payment_reference"),
    comment="What goes back of a capture, for a credit note, its source; attempts counts how often "
    "the provider was asked under a new reference, reason is why it refused. What is held pays for "
    "an exchange; what is settled a person gave back in another way.",
)
