"""What orders were asked to become after they were placed."""

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

from adapters.postgres.tables.base import at, metadata

amendments = Table(
    "amendments",
    metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("country", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("requested_date", Date),
    Column("contact_revision", Integer, nullable=False),
    Column("backorder", Boolean, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("refusal", JSONB),
    Column("by", Text),
    Column("reason", Text),
    at("asked_at"),
    at("decided_at", nullable=True),
    CheckConstraint("kind IN ('amendment', 'cancellation')", name="kind"),
    CheckConstraint("state IN ('pending', 'applied', 'refused')", name="state"),
    CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refusal"),
    CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided_at"),
    Index(
        "uq_amendments_pending", "order_id", unique=True, postgresql_where=text("state = 'pending'")
    ),
    Index(
        "uq_amendments_applied",
        "order_id",
        "base_version",
        unique=True,
        postgresql_where=text("state = 'applied'"),
    ),
    comment="The whole new state of an order, as it was asked for: its lines with their prices, "
    "where it goes and when; one that is applied makes the version after its base_version. An "
    "order has one that is pending at most.",
)
