"""Price lists, agreements, rates of value added tax, and who sells."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables.base import at, metadata

seller = Table(
    "seller",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, server_default=text("1")),
    Column("name", Text, nullable=False),
    Column("vat_id", Text, nullable=False),
    Column("legal_id", Text, nullable=False),
    Column("street", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("iban", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default=text("'UTC'")),
    CheckConstraint("id = 1", name="single"),
    comment="The company that sells and invoices, at most one row; its country decides on tax, its "
    "timezone when a day of validity begins.",
)

vat_rates = Table(
    "vat_rates",
    metadata,
    Column("country", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("rate_bps", Integer, nullable=False),
    Column("source", Text, nullable=False),
    CheckConstraint("rate_bps BETWEEN 0 AND 10000", name="rate_bps"),
    comment="What a country levies on products of a category, in basis points, until a later row "
    "of the same begins.",
)

price_lists = Table(
    "price_lists",
    metadata,
    Column("id", Text, primary_key=True),
    Column("currency", Text, nullable=False),
    Column("tax_included", Boolean, nullable=False),
    comment="What is the same in all versions of a list.",
)

price_list_versions = Table(
    "price_list_versions",
    metadata,
    Column("list_id", ForeignKey("price_lists.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("body_hash", Text, nullable=False),
    at("published_at"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("valid_from <= valid_until", name="validity"),
    comment="A version never changes. On a day that several are valid the last one counts, from "
    "when it was published; valid_until is the last day.",
)

prices = Table(
    "prices",
    metadata,
    Column("list_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sku", ForeignKey("products.sku"), primary_key=True),
    Column("min_quantity", Integer, primary_key=True),
    Column("unit_price", BigInteger, nullable=False),
    CheckConstraint("min_quantity > 0 AND unit_price >= 0", name="price"),
    ForeignKeyConstraint(
        ["list_id", "number"], ["price_list_versions.list_id", "price_list_versions.number"]
    ),
    comment="In minor units of the list's currency, for orders of at least min_quantity units.",
)

agreements = Table(
    "agreements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", ForeignKey("customers.id")),
    Column("segment", Text),
    Column("channel", ForeignKey("channels.code")),
    CheckConstraint("(customer_id IS NULL) <> (segment IS NULL)", name="party"),
    CheckConstraint("segment IN ('business', 'consumer')", name="segment"),
    Index(
        "uq_agreements_customer_id",
        "customer_id",
        text("coalesce(channel, '')"),
        unique=True,
        postgresql_where=text("customer_id IS NOT NULL"),
    ),
    Index(
        "uq_agreements_segment",
        "segment",
        text("coalesce(channel, '')"),
        unique=True,
        postgresql_where=text("segment IS NOT NULL"),
    ),
    comment="With whom: a customer, or by default a segment of them; for one channel or for all.",
)

agreement_versions = Table(
    "agreement_versions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("agreement_id", ForeignKey("agreements.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("terms_days", Integer),
    Column("invoicing", Text, nullable=False, server_default=text("'dispatch'")),
    Column("body", JSONB, nullable=False),
    at("published_at"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("valid_from <= valid_until", name="validity"),
    CheckConstraint("terms_days >= 0", name="terms_days"),
    CheckConstraint("invoicing IN ('dispatch', 'weekly', 'monthly')", name="invoicing"),
    Index("uq_agreement_versions_number", "agreement_id", "number", unique=True),
    comment="A version never changes, and orders keep the one they were priced by; which one "
    "counts is as with price lists. Without terms_days those of the account count.",
)
