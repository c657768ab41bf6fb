"""Invoices and credit notes as documents, numbered without gaps."""

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"

# What was charged before is numbered in the order in which it was.
_NUMBER_CHARGES = """
WITH charged AS (
    SELECT i.id, i.customer_id, i.currency, i.due_on,
           (i.issued_at AT TIME ZONE 'UTC')::date AS issued_on, n.net, n.gross,
           i.amount - i.on_account AS prepaid,
           extract(year FROM i.issued_at AT TIME ZONE 'UTC')::int AS year,
           row_number() OVER (
               PARTITION BY extract(year FROM i.issued_at AT TIME ZONE 'UTC')
               ORDER BY i.issued_at, i.id
           )::int AS sequence
    FROM invoices i JOIN (
        SELECT invoice_id, sum(net)::bigint AS net, sum(gross)::bigint AS gross
        FROM invoice_lines GROUP BY 1
    ) n ON n.invoice_id = i.id
), numbered AS (
    SELECT *, year || '-' || lpad(sequence::text, greatest(6, length(sequence::text)), '0')
               AS number
    FROM charged
), counted AS (
    INSERT INTO document_counters (kind, year, last, last_on)
    SELECT 'invoice', year, max(sequence), max(issued_on) FROM numbered GROUP BY year
), written AS (
    INSERT INTO documents (number, kind, year, sequence, customer_id, currency, issued_on,
                           terms_days, due_on, net, vat, gross, prepaid, source)
    SELECT number, 'invoice', year, sequence, customer_id, currency, issued_on,
           greatest(due_on - issued_on, 0), due_on, net, gross - net, gross, prepaid, id
    FROM numbered
)
UPDATE invoices i SET document = numbered.number FROM numbered WHERE numbered.id = i.id
"""


def upgrade() -> None:
    op.create_table(
        "document_counters",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.CheckConstraint("last > 0", name=op.f("ck_document_counters_last")),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_document_counters")),
        comment="The last number of each series, and its day. Whoever takes the next one holds the row until it commits, so that a number that is given back is given again: locked last.",
    )
    _create_documents()
    _create_credit_note_lines()
    op.add_column("invoices", sa.Column("document", sa.Text(), nullable=True))
    op.execute(_NUMBER_CHARGES)
    op.create_foreign_key(
        op.f("fk_invoices_document_documents"), "invoices", "documents", ["document"], ["number"]
    )
    op.create_index("ix_invoices_document", "invoices", ["document"])
    op.create_index(
        "ix_invoices_unnumbered",
        "invoices",
        ["customer_id"],
        postgresql_where=sa.text("document IS NULL"),
    )
    op.create_table_comment(
        "invoices",
        "What a customer is charged for one shipment: on_account of it to the account, the rest to payments up front, of which captured is there; paid and credited lower what is owed; document is the numbered invoice that it is on.",
    )


def downgrade() -> None:
    op.drop_table_comment("invoices")
    op.drop_index("ix_invoices_unnumbered", "invoices")
    op.drop_index("ix_invoices_document", "invoices")
    op.drop_constraint(op.f("fk_invoices_document_documents"), "invoices", type_="foreignkey")
    op.drop_column("invoices", "document")
    op.drop_table("credit_note_lines")
    op.drop_table("documents")
    op.drop_table("document_counters")


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("period_to", sa.Date(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("prepaid", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name=op.f("ck_documents_kind")),
        sa.CheckConstraint("gross = net + vat", name=op.f("ck_documents_gross")),
        sa.CheckConstraint("prepaid >= 0 AND prepaid <= gross", name=op.f("ck_documents_prepaid")),
        sa.CheckConstraint(
            "(kind = 'invoice') = (due_on IS NOT NULL)", name=op.f("ck_documents_due_on")
        ),
        sa.CheckConstraint(
            "(period_from IS NULL) = (period_to IS NULL) AND period_from <= period_to",
            name=op.f("ck_documents_period"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_documents_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_documents")),
        comment="A document never changes. source names what it was issued for: its first charge, or a return; prepaid is what was taken of payments up front. The lines of an invoice are those of the charges that name it, those of a credit note are in credit_note_lines.",
    )
    op.create_index("uq_documents_series", "documents", ["kind", "year", "sequence"], unique=True)
    op.create_index("uq_documents_source", "documents", ["source"], unique=True)
    op.create_index("ix_documents_issued_on", "documents", ["issued_on", "number"])
    op.create_index("ix_documents_customer_id", "documents", ["customer_id", "issued_on", "number"])


def _create_credit_note_lines() -> None:
    op.create_table(
        "credit_note_lines",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_credit_note_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["number"], ["documents.number"], name=op.f("fk_credit_note_lines_number_documents")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id", "line_id"],
            ["invoice_lines.invoice_id", "invoice_lines.line_id"],
            name=op.f("fk_credit_note_lines_invoice_id_line_id_invoice_lines"),
        ),
        sa.PrimaryKeyConstraint(
            "number", "invoice_id", "line_id", name=op.f("pk_credit_note_lines")
        ),
        comment="Units of an invoice line that a credit note takes back: those that follow `before` of the invoice line's own, by which their amounts in minor units are exact.",
    )
    op.create_index(
        "ix_credit_note_lines_invoice_id", "credit_note_lines", ["invoice_id", "line_id"]
    )
