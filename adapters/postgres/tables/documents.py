"""Invoices and credit notes as the documents that customers get."""

from sqlalchemy import (
    BigInteger,
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

from adapters.postgres.tables.base import metadata, units

document_counters = Table(
    "document_counters",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
    Column("last_on", Date, nullable=False),
    CheckConstraint("last > 0", name="last"),
    comment="The last number of each series, and its day. Whoever takes the next one holds the row "
    "until it commits, so that a number that is given back is given again: locked last.",
)

documents = Table(
    "documents",
    metadata,
    Column("number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("currency", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("terms_days", Integer),
    Column("due_on", Date),
    Column("period_from", Date),
    Column("period_to", Date),
    Column("net", BigInteger, nullable=False),
    Column("vat", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("prepaid", BigInteger, nullable=False, server_default=text("0")),
    Column("source", Text, nullable=False),
    CheckConstraint("kind IN ('invoice', 'credit_note')", name="kind"),
    CheckConstraint("gross = net + vat", name="gross"),
    CheckConstraint("prepaid >= 0 AND prepaid <= gross", name="prepaid"),
    CheckConstraint("(kind = 'invoice') = (due_on IS NOT NULL)", name="due_on"),
    CheckConstraint(
        "(period_from IS NULL) = (period_to IS NULL) AND period_from <= period_to", name="period"
    ),
    Index("uq_documents_series", "kind", "year", "sequence", unique=True),
    Index("uq_documents_source", "source", unique=True),
    Index("ix_documents_issued_on", "issued_on", "number"),
    Index("ix_documents_customer_id", "customer_id", "issued_on", "number"),
    comment="A document never changes. source names what it was issued for: its first charge, or a "
    "return; prepaid is what was taken of payments up front. The lines of an invoice are those of "
    "the charges that name it, those of a credit note are in credit_note_lines.",
)

credit_note_lines = Table(
    "credit_note_lines",
    metadata,
    Column("number", ForeignKey("documents.number"), primary_key=True),
    Column("invoice_id", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    units("quantity", None),
    units("before", None),
    Column("net", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("hundredths", BigInteger, nullable=False, server_default=text("0")),
    Column("hundredths_before", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("quantity > 0", name="quantity"),
    ForeignKeyConstraint(
        ["invoice_id", "line_id"], ["invoice_lines.invoice_id", "invoice_lines.line_id"]
    ),
    Index("ix_credit_note_lines_invoice_id", "invoice_id", "line_id"),
    comment="Units of an invoice line that a credit note takes back, and the hundredths of a unit "
    "that it gives back for them: those that follow `before` of the invoice line's own, by which "
    "their amounts in minor units are exact.",
)
