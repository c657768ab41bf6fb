"""Stock: one row for each location and SKU, explained unit by unit in the ledger; who holds
what of it, and what is to come."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
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

stock = Table(
    "stock",
    metadata,
    Column("sku", ForeignKey("products.sku"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), primary_key=True),
    units("on_hand"),
    units("reserved"),
    units("buffer"),
    units("withheld"),
    units("pooled"),
    units("set_aside"),
    at("withheld_at", nullable=True),
    at("counted_at", nullable=True),
    CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
    CheckConstraint("buffer >= 0", name="buffer"),
    CheckConstraint("withheld >= 0 AND pooled >= 0 AND set_aside >= 0", name="parts"),
    comment="buffer is what a person withholds, withheld what could not be found (since "
    "withheld_at, until a count), pooled what is left in the pools of channels, set_aside what is "
    "there and not for sale. counted_at is when the last count that counts was taken.",
)

stock_ledger = Table(
    "stock_ledger",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sku", Text, nullable=False),
    Column("location_id", Text, nullable=False),
    units("delta"),
    units("aside"),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text),
    Column("by", Text),
    at("at"),
    Index("ix_stock_ledger_sku_location_id", "sku", "location_id"),
    Index("uq_stock_ledger_source", "source", "sku", "location_id", unique=True),
    comment="Append-only. source names what moved the units: a receipt, a shipment, a count. delta "
    "changes what is on hand, aside what is set aside; at is when the units really moved.",
)

pools = Table(
    "pools",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("location_id", Text, primary_key=True),
    Column("channel", ForeignKey("channels.code"), primary_key=True),
    units("units"),
    CheckConstraint("units >= 0", name="units"),
    ForeignKeyConstraint(["sku", "location_id"], ["stock.sku", "stock.location_id"]),
    comment="Units kept for a channel: what is left of them.",
)

pool_draws = Table(
    "pool_draws",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("location_id", Text, primary_key=True),
    units("units"),
    CheckConstraint("units >= 0", name="units"),
    comment="What an order holds from its channel's pool, given back there when it is released.",
)

reservations = Table(
    "reservations",
    metadata,
    Column("shipment_id", ForeignKey("shipments.id", ondelete="CASCADE"), primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("location_id", Text, nullable=False),
    units("planned", None),
    units("held", None),
    units("consumed"),
    units("released"),
    CheckConstraint("planned = held + consumed + released", name="sum"),
    CheckConstraint("held >= 0 AND consumed >= 0 AND released >= 0", name="parts"),
    Index("ix_reservations_held", "sku", "location_id", postgresql_where=text("held > 0")),
    Index("ix_reservations_order_id", "order_id"),
    comment="A claim on stock for an order line: each unit of it is held, consumed or released.",
)

earmarks = Table(
    "earmarks",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("location_id", Text, primary_key=True),
    units("units"),
    Column("declined", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("units >= 0", name="units"),
    Index("ix_earmarks_held", "sku", "location_id", postgresql_where=text("units > 0")),
    comment="Units that are reserved for an order and in no shipment of it yet. declined says that "
    "the order was offered these and could not be sent from there.",
)

supplies = Table(
    "supplies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sku", ForeignKey("products.sku"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("origin_id", ForeignKey("locations.id")),
    units("units", None),
    units("received"),
    units("claimed"),
    at("due"),
    Column("confidence", Double, nullable=False),
    Column("closed", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("units > 0 AND received >= 0 AND claimed >= 0", name="units"),
    CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
    Index("ix_supplies_open", "sku", "due", postgresql_where=text("NOT closed")),
    comment="Stock that is to come: ordered from a supplier, or in transit from origin_id. claimed "
    "units are promised to orders that wait for them.",
)

supply_claims = Table(
    "supply_claims",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("supply_id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    units("units", None),
    at("promise"),
    CheckConstraint("units > 0", name="units"),
    ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"]),
    ForeignKeyConstraint(["supply_id", "sku"], ["supplies.id", "supplies.sku"]),
    Index("ix_supply_claims_supply_id", "supply_id", "sku"),
    comment="A backordered unit's claim on a supply; promise is when it then reaches the customer.",
)

yields = Table(
    "yields",
    metadata,
    Column("shipment_id", ForeignKey("shipments.id"), primary_key=True),
    Column("for_order_id", ForeignKey("orders.id"), nullable=False),
    Column("refused", Boolean, nullable=False, server_default=text("false")),
    at("at"),
    Index("ix_yields_for_order_id", "for_order_id"),
    comment="Shipments that were asked to give their stock to a critical order, each once.",
)

quarantined_rows = Table(
    "quarantined_rows",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    at("at"),
    Index("ix_quarantined_rows_location_id", "location_id", "id"),
    comment="Rows of counts that could not be understood, and why.",
)
