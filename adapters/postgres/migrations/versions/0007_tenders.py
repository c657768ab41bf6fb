"""Tenders: an order is paid by several means, and what was paid goes back to them."""

revision: str = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
