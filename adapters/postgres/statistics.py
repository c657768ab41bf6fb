"""What Postgres knows of the size of a table that has just grown."""

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

# From here on a look through all rows is felt; below, to measure costs more than it saves.
_MANY = 1_000


async def measure(connection: AsyncConnection, table: Table, written: int) -> None:
    """Have Postgres measure a table when so many rows were written to it.

    Plans that connections have kept from when it was small read all of it, for each foreign key to
    it too: 20,000 rows of stock then take 400 million comparisons. Measuring it has them planned
    anew, on all connections; otherwise that comes by itself after a minute or two.
    """
    if written >= _MANY:
        await connection.execute(text(f"ANALYZE {table.name}"))
