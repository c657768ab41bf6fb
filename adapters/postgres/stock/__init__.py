"""Stock rows change here and nowhere else.

Rows are locked in the order (sku, location), all that a transaction changes at once: two orders
that want the same rows in another sequence wait for each other, never deadlock. Pools, and what
orders draw from them, change under the lock of their stock row.
"""

from adapters.postgres.stock.claims import (
    consume,
    distrust,
    earmark,
    earmarking,
    release,
    take_back,
)
from adapters.postgres.stock.ledger import count, move
from adapters.postgres.stock.rows import (
    fill,
    keys,
    lock,
    locking,
    open_rows,
    reading_pools,
    shelves,
)
from adapters.postgres.stock.withholding import set_buffer, set_location_buffer, set_pool

__all__ = [
    "consume",
    "count",
    "distrust",
    "earmark",
    "earmarking",
    "fill",
    "keys",
    "lock",
    "locking",
    "move",
    "open_rows",
    "reading_pools",
    "release",
    "set_buffer",
    "set_location_buffer",
    "set_pool",
    "shelves",
    "take_back",
]
