"""Locations that operations close, and open again."""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    op.create_table(
        "closures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(opened_at IS NULL) = (opened_by IS NULL)", name=op.f("ck_closures_opened")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_closures_location_id_locations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
        comment="When operations closed a location, and opened it again with a note; until is what people expect. Since told_at the orders that had something there know, taken_back counts the shipments that they were to give up.",
    )
    op.create_index(op.f("ix_closures_location_id"), "closures", ["location_id"])
    op.create_index(
        op.f("uq_closures_open"),
        "closures",
        ["location_id"],
        unique=True,
        postgresql_where=sa.text("opened_at IS NULL"),
    )


def downgrade() -> None:
    # To the older release a location that is closed is one that is not active: it stays so.
    op.drop_table("closures")
