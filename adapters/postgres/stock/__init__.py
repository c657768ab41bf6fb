"""Stock rows change here and nowhere else.

Rows are locked in the order (sku, location), all that a transaction changes at once: two orders
that want the same rows in another sequence wait for each other, never deadlock. Pools, and what
orders draw from them, change under the lock of their stock row.
"""

from adapters.postgres.stock.claims import consume, distrust, earmark, release, take_back
from adapters.postgres.stock.ledger import confirm, move
from adapters.postgres.stock.rows import keys, lock, open_rows
from adapters.postgres.stock.withholding import set_buffer, set_location_buffer, set_pool

__all__ = [
    "confirm",
    "consume",
    "distrust",
    "earmark",
    "keys",
    "lock",
    "move",
    "open_rows",
    "release",
    "set_buffer",
    "set_location_buffer",
    "set_pool",
    "take_back",
]
