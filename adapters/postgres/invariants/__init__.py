"""What must hold of the data at every moment: queries that return no row, whatever happened.

Each query returns the rows at fault with the columns a person needs to find out why. They hold
between any two transactions, so that they can be asked of a system at work.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.invariants.amendments import AMENDMENTS
from adapters.postgres.invariants.documents import DOCUMENTS
from adapters.postgres.invariants.judging import Invariant, Verdict
from adapters.postgres.invariants.locations import LOCATIONS
from adapters.postgres.invariants.money import MONEY
from adapters.postgres.invariants.orders import ORDERS
from adapters.postgres.invariants.payments import PAYMENTS
from adapters.postgres.invariants.people import PEOPLE
from adapters.postgres.invariants.pricing import PRICING
from adapters.postgres.invariants.returns import RETURNS
from adapters.postgres.invariants.stock import STOCK
from adapters.postgres.invariants.stopping import STOPPING

__all__ = ["INVARIANTS", "Invariant", "Verdict", "judge"]

INVARIANTS = (
    *STOCK,
    *ORDERS,
    *AMENDMENTS,
    *STOPPING,
    *LOCATIONS,
    *PRICING,
    *MONEY,
    *DOCUMENTS,
    *PAYMENTS,
    *RETURNS,
    *PEOPLE,
)


async def judge(connection: AsyncConnection) -> list[Verdict]:
    """Ask every invariant, in the order in which they stand here.

    Each is one statement and so sees one moment; in a REPEATABLE READ transaction all see the same.
    """
    verdicts = []
    for invariant in INVARIANTS:
        found = await connection.execute(text(invariant.query))
        rows = [dict(row) for row in found.mappings()]
        verdicts.append(Verdict.of(invariant.name, invariant.sentence, rows))
    return verdicts
