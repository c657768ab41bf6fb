"""Who gets what of the stock: pure decisions on rows that the caller has read and locked."""

from domain.stock.distribution import Waiting, distribute
from domain.stock.grants import Wanted, grant
from domain.stock.shelves import Earmark, Position, Shelf
from domain.stock.shortage import Holding, Taken, picked_units, take_missing
from domain.stock.supplies import Supply, complete_on, expect

__all__ = [
    "Earmark",
    "Holding",
    "Position",
    "Shelf",
    "Supply",
    "Taken",
    "Waiting",
    "Wanted",
    "complete_on",
    "distribute",
    "expect",
    "grant",
    "picked_units",
    "take_missing",
]
