"""One customer on all channels: what is searched, and what is erased."""

revision: str = "0011"
down_revision: str | None = "0010"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
