"""The network: who sells, who buys, what, and from where it ships."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from adapters.postgres.tables.base import at, metadata, units

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
    Column("vat_id", Text),
    CheckConstraint("segment IN ('business', 'consumer')", name="segment"),
)

products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("weight_grams", Integer, nullable=False),
    units("volume_cm3"),
    units("longest_mm"),
    Column("product_group", Text),
    Column("vat_category", Text, nullable=False, server_default=text("'standard'")),
    CheckConstraint("weight_grams > 0", name="weight"),
    CheckConstraint("volume_cm3 >= 0 AND longest_mm >= 0", name="size"),
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
    units("buffer"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("region", Text),
    Column("calendar", JSONB),
    Column("channels", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("markets", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("collect", Boolean, nullable=False, server_default=text("false")),
    units("kept"),
    units("rejected"),
    units("short"),
    units("late"),
    CheckConstraint("kind IN ('warehouse', 'store', 'supplier', '3pl')", name="kind"),
    CheckConstraint("reliability > 0 AND reliability <= 1", name="reliability"),
    CheckConstraint("buffer >= 0", name="buffer"),
    comment="handling_cost is for one shipment, in minor units of the policy's currency; buffer is "
    "withheld of every SKU there; collect says that customers may fetch there; kept, rejected, "
    "short and late count the shipments that reliability was learned from.",
)

carrier_services = Table(
    "carrier_services",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("origin_country", Text, primary_key=True),
    Column("destination_country", Text, primary_key=True),
    Column("destination_prefix", Text, primary_key=True, server_default=text("''")),
    Column("name", Text, nullable=False),
    Column("base_price", Integer, nullable=False),
    Column("price_per_kg", Integer, nullable=False),
    Column("transit_days", Integer, nullable=False),
    Column("max_weight_grams", Integer, nullable=False),
    Column("max_unit_grams", Integer),
    Column("max_unit_mm", Integer),
    Column("grams_per_litre", Integer),
    Column("breaks", JSONB, nullable=False, server_default=text("'[]'")),
    Column("co2_grams_per_tkm", Integer, nullable=False, server_default=text("0")),
    Column("co2_source", Text, nullable=False, server_default=text("''")),
    Column("calendar", JSONB),
    comment="destination_country '*' serves every country that has no row of its own, "
    "destination_prefix the zone of a country whose postal codes begin with it.",
)

postal_codes = Table(
    "postal_codes",
    metadata,
    Column("country", Text, primary_key=True),
    Column("postal_code", Text, primary_key=True),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("region", Text),
    Column("timezone", Text),
    comment="Where an address is, for distances; postal_code '' is the country's middle.",
)

closures = Table(
    "closures",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    at("closed_at"),
    at("until", nullable=True),
    at("told_at", nullable=True),
    units("taken_back"),
    at("opened_at", nullable=True),
    Column("opened_by", Text),
    Column("note", Text),
    CheckConstraint("(opened_at IS NULL) = (opened_by IS NULL)", name="opened"),
    Index("ix_closures_location_id", "location_id"),
    Index(
        "uq_closures_open", "location_id", unique=True, postgresql_where=text("opened_at IS NULL")
    ),
    comment="When operations closed a location, and opened it again with a note; until is what "
    "people expect. Since told_at the orders that had something there know, taken_back counts the "
    "shipments that they were to give up.",
)

location_outcomes = Table(
    "location_outcomes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("shipment_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("learned", Boolean, nullable=False, server_default=text("false")),
    at("at"),
    CheckConstraint("outcome IN ('kept', 'rejected', 'short', 'late')", name="outcome"),
    Index("uq_location_outcomes_shipment_id", "shipment_id", unique=True),
    Index("ix_location_outcomes_new", "id", postgresql_where=text("NOT learned")),
    comment="What became of each shipment that a location was asked for: its first fault, or none.",
)

scarcities = Table(
    "scarcities",
    metadata,
    Column("sku", ForeignKey("products.sku"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), primary_key=True),
    Column("cost", Integer, nullable=False),
    at("refreshed_at"),
    CheckConstraint("cost > 0", name="cost"),
    comment="What taking a unit costs later orders, by the forecast; without a row nothing.",
)
