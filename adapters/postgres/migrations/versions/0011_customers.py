"""One customer on all channels: what is searched, and what is erased."""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"

# Words as people look for them: without case, accents or punctuation.
_FOLDED = r"""
CREATE FUNCTION folded(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
        regexp_replace(normalize(lower(words), NFKD), '[\u0300-\u036F]', '', 'g'),
        '[^[:alnum:]]+', ' ', 'g'
    )
$$
"""
_BY_PREFIX = {
    "ix_orders_search_reference": ("orders", "lower(reference)"),
    "ix_order_contacts_search_email": ("order_contacts", "lower(email)"),
    "ix_order_contacts_search_phone": (
        "order_contacts",
        r"reverse(regexp_replace(phone, '\D', '', 'g'))",
    ),
    "ix_shipments_search_tracking": ("shipments", "lower(tracking_number)"),
    "ix_invoices_search_id": ("invoices", "lower(id)"),
    "ix_documents_search_number": ("documents", "lower(number)"),
    "ix_products_search_sku": ("products", "lower(sku)"),
    "ix_customers_search_id": ("customers", "lower(id)"),
}
_NAME = "ix_order_contacts_search_name"


def upgrade() -> None:
    op.execute(_FOLDED)
    op.add_column("order_contacts", sa.Column("erased_at", sa.DateTime(timezone=True)))
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_erasures_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        comment="Who had the personal data of a customer erased, and in how many orders they stood.",
    )
    op.create_index("ix_erasures_customer_id", "erasures", ["customer_id", "at"])
    for name, (table, expression) in _BY_PREFIX.items():
        op.create_index(name, table, [sa.text(f"({expression}) text_pattern_ops")])
    op.create_index(
        _NAME,
        "order_contacts",
        [sa.text("to_tsvector('simple'::regconfig, folded(name))")],
        postgresql_using="gin",
    )
    op.create_index("ix_order_lines_sku", "order_lines", ["sku", "order_id"])


def downgrade() -> None:
    op.drop_index("ix_order_lines_sku", "order_lines")
    op.drop_index(_NAME, "order_contacts")
    for name, (table, _) in _BY_PREFIX.items():
        op.drop_index(name, table)
    op.drop_table("erasures")
    op.drop_column("order_contacts", "erased_at")
    op.execute("DROP FUNCTION folded(text)")
