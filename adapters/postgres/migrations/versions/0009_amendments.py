"""Amendments of orders, and cancellations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    op.create_table(
        "amendments",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("lines", JSONB(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("requested_date", sa.Date(), nullable=True),
        sa.Column("contact_revision", sa.Integer(), nullable=False),
        sa.Column("backorder", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'pending'")),
        sa.Column("refusal", JSONB(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('amendment', 'cancellation')", name=op.f("ck_amendments_kind")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'applied', 'refused')", name=op.f("ck_amendments_state")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal IS NOT NULL)", name=op.f("ck_amendments_refusal")
        ),
        sa.CheckConstraint(
            "(state = 'pending') = (decided_at IS NULL)", name=op.f("ck_amendments_decided_at")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_amendments_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", "number", name=op.f("pk_amendments")),
        comment="The whole new state of an order, as it was asked for: its lines with their prices, where it goes and when; one that is applied makes the version after its base_version. An order has one that is pending at most.",
    )
    op.create_index(
        "uq_amendments_pending",
        "amendments",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "uq_amendments_applied",
        "amendments",
        ["order_id", "base_version"],
        unique=True,
        postgresql_where=sa.text("state = 'applied'"),
    )


def downgrade() -> None:
    op.drop_table("amendments")
