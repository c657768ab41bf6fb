"""One customer on all channels: whose personal data were erased, and what is searched by."""

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)

from adapters.postgres.tables.base import at, metadata
from adapters.postgres.tables.documents import documents
from adapters.postgres.tables.money import invoices
from adapters.postgres.tables.network import customers, products
from adapters.postgres.tables.orders import order_contacts, order_lines, orders, shipments

erasures = Table(
    "erasures",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("orders", Integer, nullable=False),
    at("at"),
    Index("ix_erasures_customer_id", "customer_id", "at"),
    comment="Who had the personal data of a customer erased, and in how many orders they stood.",
)


def _by_prefix(name: str, expression: ColumnElement[str]) -> Index:
    # Whatever the collation of the database, what begins alike stands together.
    return Index(name, expression.label("prefix"), postgresql_ops={"prefix": "text_pattern_ops"})


_by_prefix("ix_orders_search_reference", func.lower(orders.c.reference))
_by_prefix("ix_order_contacts_search_email", func.lower(order_contacts.c.email))
_by_prefix(
    "ix_order_contacts_search_phone",
    func.reverse(
        func.regexp_replace(order_contacts.c.phone, text(r"'\D'"), text("''"), text("'g'"))
    ),
)
_by_prefix("ix_shipments_search_tracking", func.lower(shipments.c.tracking_number))
_by_prefix("ix_invoices_search_id", func.lower(invoices.c.id))
_by_prefix("ix_documents_search_number", func.lower(documents.c.number))
_by_prefix("ix_products_search_sku", func.lower(products.c.sku))
_by_prefix("ix_customers_search_id", func.lower(customers.c.id))
Index(
    "ix_order_contacts_search_name",
    func.to_tsvector(text("'simple'::regconfig"), func.folded(order_contacts.c.name)),
    postgresql_using="gin",
)
Index("ix_order_lines_sku", order_lines.c.sku, order_lines.c.order_id)
