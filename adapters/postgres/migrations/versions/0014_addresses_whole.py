"""A contact of an order has its country and postal code: an address is of one revision whole."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"


def upgrade() -> None:
    for name in ("country", "postal_code"):
        op.add_column("order_contacts", sa.Column(name, sa.Text(), nullable=True))
    # Of an address that was replaced nobody knows more: what goes there says that of the order.
    op.execute("""
        UPDATE order_contacts c SET country = o.country, postal_code = o.postal_code
        FROM orders o WHERE o.id = c.order_id AND o.contact_revision = c.revision
          AND c.erased_at IS NULL
    """)


def downgrade() -> None:
    for name in ("country", "postal_code"):
        op.drop_column("order_contacts", name)
