"""Whom an order concerns: what is known of its contacts, to be left out of what is written."""

from collections.abc import Sequence

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.tables import order_contacts
from domain.discretion import Contact, discreet
from domain.identity import order_of_reference

_NAMES = [name for name in Contact.model_fields if name in order_contacts.c]
_OF_ORDER = text(f"SELECT {', '.join(_NAMES)} FROM order_contacts WHERE order_id = :order_id")  # noqa: S608 - made of column names
_OF_CUSTOMER = text(
    f"SELECT {', '.join(f'c.{name}' for name in _NAMES)} FROM order_contacts c "  # noqa: S608 - made of column names
    "JOIN orders o ON o.id = c.order_id WHERE o.customer_id = :customer_id AND c.erased_at IS NULL"
)


class Contacts:
    """The contacts of orders and customers, personal data all of it. Each look is a statement on a
    connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_reference(self, reference: str) -> Sequence[Contact]:
        """Every contact, former ones too, of the order that one of our references is about: its
        own id, a shipment's, a booking's, a payment's. None for a reference of no order."""
        order_id = order_of_reference(reference)
        return () if order_id is None else await self._read(_OF_ORDER, order_id=order_id)

    async def of_customer(self, customer_id: str) -> Sequence[Contact]:
        """Every contact of all orders of a customer that is not erased."""
        return await self._read(_OF_CUSTOMER, customer_id=customer_id)

    async def without(self, said: str, reference: str) -> str:
        """What somebody said about an order, without what it repeats of the order's contacts."""
        return discreet(said, await self.of_reference(reference))

    async def who(self, by: str, reference: str) -> str:
        """Who did something about an order, unless it is somebody whom the order concerns."""
        return discreet(by, await self.of_reference(reference), given_names=False)

    async def _read(self, query: TextClause, **values: str) -> Sequence[Contact]:
        async with self._engine.connect() as conn:
            rows = (await conn.execute(query, values)).mappings()
            return [Contact(**row) for row in rows]
