"""What happened, what was decided, what others are to be told, and which steps are done."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables.base import at, metadata

order_events = Table(
    "order_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    at("at"),
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
    at("at"),
    Column("network", ForeignKey("network_snapshots.hash")),
    Index("ix_decisions_at", "at"),
    comment="What was decided and from which snapshot: locations and services stand in network, "
    "those that the destination does not use among them.",
)

network_snapshots = Table(
    "network_snapshots",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
    comment="Locations and services as decisions saw them, each state once.",
)

shadow_decisions = Table(
    "shadow_decisions",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("policy_version", Text, nullable=False),
    Column("plan", JSONB, nullable=False),
    at("at"),
    comment="What another policy would have decided from the same snapshot; it has no effect.",
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
    at("queued_at"),
    at("sent_at", nullable=True),
    at("given_up_at", nullable=True),
    Column("failure", Text),
    Index("uq_notices_occasion", "order_id", "occasion", "template", "channel", unique=True),
    Index(
        "ix_notices_unsent", "id", postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL")
    ),
    comment="What a customer is to be told, written with the fact itself and sent afterwards.",
)

order_signals = Table(
    "order_signals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    comment="What the books have to tell an order's workflow; removed when it is told.",
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
    comment="A version never changes: orders keep the one they started with.",
)

policy_assignments = Table(
    "policy_assignments",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("channel", Text),
    Column("segment", Text),
    Column("type", Text),
    Column("country", Text),
    Column("policy_version", ForeignKey("policies.version"), nullable=False),
    Column("shadow_version", ForeignKey("policies.version")),
    comment="Which policy a new order gets: that of the first row that fits; null fits all.",
)
