"""The network: who sells, who buys, what, and from where it ships."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Integer,
    Table,
    Text,
    text,
)

from adapters.postgres.tables.base import metadata, units

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
    units("buffer"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    CheckConstraint("kind IN ('warehouse', 'store', 'supplier', '3pl')", name="kind"),
    CheckConstraint("reliability > 0 AND reliability <= 1", name="reliability"),
    CheckConstraint("buffer >= 0", name="buffer"),
    comment="handling_cost is for one shipment, in minor units of the policy's currency; buffer is "
    "withheld of every SKU there.",
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
