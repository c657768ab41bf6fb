"""Collection: the store where each shipment is fetched."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"

_COMMENT = (
    "pick_by and dispatch_by keep the promise, dispatch_day is the location's own; ready_at, "
    "collect_until and collected_at are of what is fetched; cost is in minor units."
)


def upgrade() -> None:
    op.add_column("shipments", sa.Column("collect_at", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_shipments_collect_at"), "shipments", "locations", ["collect_at"], ["id"]
    )
    op.create_table_comment(
        "shipments",
        _COMMENT.replace("collected_at are", "collected_at, and collect_at, the store, are"),
        existing_comment=_COMMENT,
    )


def downgrade() -> None:
    op.create_table_comment("shipments", _COMMENT)
    op.drop_constraint(op.f("fk_shipments_collect_at"), "shipments", type_="foreignkey")
    op.drop_column("shipments", "collect_at")
