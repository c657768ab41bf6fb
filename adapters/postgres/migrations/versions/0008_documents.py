"""Invoices and credit notes as documents, numbered without gaps."""

revision: str = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
