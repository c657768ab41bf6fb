"""Who gets what of the stock: pure decisions on rows that the caller has read and locked."""

from domain.stock.distribution import Waiting, distribute
from domain.stock.grants import Wanted, grant
from domain.stock.shelves import Earmark, Position, Shelf
from domain.stock.shortage import Holding, Taken, picked_units, take_missing

__all__ = [
    "Earmark",
    "Holding",
    "Position",
    "Shelf",
    "Taken",
    "Waiting",
    "Wanted",
    "distribute",
    "grant",
    "picked_units",
    "take_missing",
]
