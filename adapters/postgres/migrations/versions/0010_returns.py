"""Returns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    op.create_table(
        "returns",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exchange_lines", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("exchange_order_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "origin IN ('customer', 'store', 'unannounced', 'cancelled_too_late')",
            name=op.f("ck_returns_origin"),
        ),
        sa.CheckConstraint(
            "resolution IN ('refund', 'exchange')", name=op.f("ck_returns_resolution")
        ),
        sa.CheckConstraint(
            "status IN ('requested', 'authorised', 'received', 'closed', 'expired', 'cancelled')",
            name=op.f("ck_returns_status"),
        ),
        sa.ForeignKeyConstraint(["channel"], ["channels.code"], name=op.f("fk_returns_channel")),
        sa.ForeignKeyConstraint(
            ["exchange_order_id"], ["orders.id"], name=op.f("fk_returns_exchange_order_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_returns_order_id")),
        sa.ForeignKeyConstraint(["return_to"], ["locations.id"], name=op.f("fk_returns_return_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        comment="exchange_lines are what the customer wants instead, exchange_order_id the order that brings it.",
    )
    op.create_index(
        op.f("ix_returns_open"),
        "returns",
        ["opened_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('requested', 'authorised', 'received')"),
    )
    op.create_index(
        op.f("uq_returns_exchange_order_id"), "returns", ["exchange_order_id"], unique=True
    )
    op.create_index(
        op.f("uq_returns_order_id_number"), "returns", ["order_id", "number"], unique=True
    )
    op.create_table(
        "return_lines",
        sa.Column("return_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("announced", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("received", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("inspected", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("credited", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "0 <= credited AND credited <= inspected AND inspected <= received AND announced >= 0",
            name=op.f("ck_return_lines_units"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id", "line_id"],
            ["invoice_lines.invoice_id", "invoice_lines.line_id"],
            name=op.f("fk_return_lines_invoice_id_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["returns.id"], name=op.f("fk_return_lines_return_id")
        ),
        sa.PrimaryKeyConstraint("return_id", "invoice_id", "line_id", name=op.f("pk_return_lines")),
        comment="Units of one invoice line: those that were announced may be fewer or more than those that came; credited of these are on credit notes.",
    )
    op.create_index(
        op.f("ix_return_lines_invoice_id"), "return_lines", ["invoice_id", "line_id"], unique=False
    )
    op.create_table(
        "return_receipts",
        sa.Column("return_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_return_receipts_units")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_return_receipts_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["return_id", "invoice_id", "line_id"],
            ["return_lines.return_id", "return_lines.invoice_id", "return_lines.line_id"],
            name=op.f("fk_return_receipts_return_id_invoice_id_line_id"),
        ),
        sa.PrimaryKeyConstraint(
            "return_id", "event_id", "invoice_id", "line_id", name=op.f("pk_return_receipts")
        ),
        comment="What came of a return, where and when; event_id is its sender's.",
    )
    op.create_table(
        "inspections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("return_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("refunded", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "disposition IN ('restock', 'refurbish', 'return_to_supplier', 'scrap')",
            name=op.f("ck_inspections_disposition"),
        ),
        sa.CheckConstraint("units > 0", name=op.f("ck_inspections_units")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_inspections_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["return_id", "invoice_id", "line_id"],
            ["return_lines.return_id", "return_lines.invoice_id", "return_lines.line_id"],
            name=op.f("fk_inspections_return_id_invoice_id_line_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
        comment="In which state units came back and what became of them; refunded says that the policy refunds their grade.",
    )
    op.create_index(op.f("ix_inspections_return_id"), "inspections", ["return_id"], unique=False)
    op.create_table(
        "return_labels",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("return_id", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=True),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("label_url", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('intent', 'booked', 'refused', 'voided')",
            name=op.f("ck_return_labels_state"),
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["returns.id"], name=op.f("fk_return_labels_return_id")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_return_labels")),
        comment="The bookings of ways back.",
    )
    op.create_index(
        op.f("ix_return_labels_return_id"), "return_labels", ["return_id"], unique=False
    )
    op.create_index(
        op.f("ix_return_labels_tracking_number"), "return_labels", ["tracking_number"], unique=False
    )
    op.create_table(
        "parked_arrivals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("order_reference", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'parked'"), nullable=False),
        sa.Column("return_id", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'matched') = (return_id IS NOT NULL)",
            name=op.f("ck_parked_arrivals_return_id"),
        ),
        sa.CheckConstraint(
            "state IN ('parked', 'matched', 'scrapped')", name=op.f("ck_parked_arrivals_state")
        ),
        sa.CheckConstraint("units > 0", name=op.f("ck_parked_arrivals_units")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_parked_arrivals_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["returns.id"], name=op.f("fk_parked_arrivals_return_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_arrivals")),
        comment="What came back and belongs to no order that we know of, until a person says.",
    )
    op.create_index(
        op.f("ix_parked_arrivals_parked"),
        "parked_arrivals",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'parked'"),
    )


def downgrade() -> None:
    op.drop_table("parked_arrivals")
    op.drop_table("return_labels")
    op.drop_table("inspections")
    op.drop_table("return_receipts")
    op.drop_table("return_lines")
    op.drop_table("returns")
