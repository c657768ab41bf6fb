"""What all tables share."""

from sqlalchemy import Column, DateTime, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def at(name: str, *, nullable: bool = False) -> Column[object]:
    """A moment."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def units(name: str, default: str | None = "0") -> Column[int]:
    """A number of units; without a default each row must say it."""
    return Column(name, Integer, nullable=False, server_default=text(default) if default else None)
