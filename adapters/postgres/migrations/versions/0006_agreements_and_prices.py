"""Agreements, price lists, value added tax."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"

_SELLER = ("name", "vat_id", "legal_id", "street", "city", "postal_code", "country", "iban")


def upgrade() -> None:
    _sellers()
    _price_lists()
    _agreements()
    op.add_column("customers", sa.Column("vat_id", sa.Text()))
    op.add_column("products", sa.Column("product_group", sa.Text()))
    op.add_column("products", _text("vat_category", "standard"))
    op.add_column("orders", sa.Column("agreement_version", sa.Text()))
    op.create_foreign_key(
        op.f("fk_orders_agreement_version"),
        "orders",
        "agreement_versions",
        ["agreement_version"],
        ["version"],
    )
    op.add_column("order_lines", _text("price_source", "channel"))
    op.create_check_constraint(
        op.f("ck_order_lines_price_source"),
        "order_lines",
        "price_source IN ('channel', 'agreement')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_order_lines_price_source"), "order_lines", type_="check")
    op.drop_column("order_lines", "price_source")
    op.drop_constraint(op.f("fk_orders_agreement_version"), "orders", type_="foreignkey")
    op.drop_column("orders", "agreement_version")
    for column in ("vat_category", "product_group"):
        op.drop_column("products", column)
    op.drop_column("customers", "vat_id")
    for table in (
        "agreement_versions",
        "agreements",
        "prices",
        "price_list_versions",
        "price_lists",
        "vat_rates",
        "seller",
    ):
        op.drop_table(table)


def _sellers() -> None:
    op.create_table(
        "seller",
        sa.Column("id", sa.Integer(), nullable=False, server_default=sa.text("1")),
        *(_text(name) for name in _SELLER),
        _text("timezone", "UTC"),
        sa.CheckConstraint("id = 1", name=op.f("ck_seller_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller")),
        comment="The company that sells and invoices, at most one row; its country decides on tax, its timezone when a day of validity begins.",
    )
    op.create_table(
        "vat_rates",
        _text("country"),
        _text("category"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate_bps", sa.Integer(), nullable=False),
        _text("source"),
        sa.CheckConstraint("rate_bps BETWEEN 0 AND 10000", name=op.f("ck_vat_rates_rate_bps")),
        sa.PrimaryKeyConstraint("country", "category", "valid_from", name=op.f("pk_vat_rates")),
        comment="What a country levies on products of a category, in basis points, until a later row of the same begins.",
    )


def _price_lists() -> None:
    op.create_table(
        "price_lists",
        _text("id"),
        _text("currency"),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_lists")),
        comment="What is the same in all versions of a list.",
    )
    op.create_table(
        "price_list_versions",
        _text("list_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        *_validity(),
        _text("body_hash"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_price_list_versions_number")),
        sa.CheckConstraint(
            "valid_from <= valid_until", name=op.f("ck_price_list_versions_validity")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["price_lists.id"], name=op.f("fk_price_list_versions_list_id")
        ),
        sa.PrimaryKeyConstraint("list_id", "number", name=op.f("pk_price_list_versions")),
        comment="A version never changes. On a day that several are valid the last one counts, from when it was published; valid_until is the last day.",
    )
    op.create_table(
        "prices",
        _text("list_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("sku"),
        sa.Column("min_quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("min_quantity > 0 AND unit_price >= 0", name=op.f("ck_prices_price")),
        sa.ForeignKeyConstraint(
            ["list_id", "number"],
            ["price_list_versions.list_id", "price_list_versions.number"],
            name=op.f("fk_prices_list_id_number"),
        ),
        sa.ForeignKeyConstraint(["sku"], ["products.sku"], name=op.f("fk_prices_sku")),
        sa.PrimaryKeyConstraint("list_id", "number", "sku", "min_quantity", name=op.f("pk_prices")),
        comment="In minor units of the list's currency, for orders of at least min_quantity units.",
    )


def _agreements() -> None:
    op.create_table(
        "agreements",
        _text("id"),
        *(sa.Column(name, sa.Text()) for name in ("customer_id", "segment", "channel")),
        sa.CheckConstraint(
            "(customer_id IS NULL) <> (segment IS NULL)", name=op.f("ck_agreements_party")
        ),
        sa.CheckConstraint(
            "segment IN ('business', 'consumer')", name=op.f("ck_agreements_segment")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_agreements_customer_id")
        ),
        sa.ForeignKeyConstraint(["channel"], ["channels.code"], name=op.f("fk_agreements_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        comment="With whom: a customer, or by default a segment of them; for one channel or for all.",
    )
    for party in ("customer_id", "segment"):
        op.create_index(
            op.f(f"uq_agreements_{party}"),
            "agreements",
            [party, sa.text("coalesce(channel, '')")],
            unique=True,
            postgresql_where=sa.text(f"{party} IS NOT NULL"),
        )
    op.create_table(
        "agreement_versions",
        _text("version"),
        _text("agreement_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        *_validity(),
        sa.Column("terms_days", sa.Integer()),
        _text("invoicing", "dispatch"),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_agreement_versions_number")),
        sa.CheckConstraint(
            "valid_from <= valid_until", name=op.f("ck_agreement_versions_validity")
        ),
        sa.CheckConstraint("terms_days >= 0", name=op.f("ck_agreement_versions_terms_days")),
        sa.CheckConstraint(
            "invoicing IN ('dispatch', 'weekly', 'monthly')",
            name=op.f("ck_agreement_versions_invoicing"),
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_agreement_versions_agreement_id")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_agreement_versions")),
        comment="A version never changes, and orders keep the one they were priced by; which one counts is as with price lists. Without terms_days those of the account count.",
    )
    op.create_index(
        "uq_agreement_versions_number",
        "agreement_versions",
        ["agreement_id", "number"],
        unique=True,
    )


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    said = None if default is None else sa.text(f"'{default}'")
    return sa.Column(name, sa.Text(), nullable=False, server_default=said)


def _validity() -> tuple[sa.Column[object], sa.Column[object]]:
    return sa.Column("valid_from", sa.Date(), nullable=False), sa.Column("valid_until", sa.Date())
