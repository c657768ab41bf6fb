"""What customers send back: what may come back, what came, what becomes of it."""

from domain.returns.authorising import (
    Asked,
    Authorised,
    NotReturnable,
    Part,
    Refusal,
    Sold,
    authorise,
)
from domain.returns.dispositions import Disposition
from domain.returns.receiving import Came, Shortfall, Under, take_in, to_inspect

__all__ = [
    "Asked",
    "Authorised",
    "Came",
    "Disposition",
    "NotReturnable",
    "Part",
    "Refusal",
    "Shortfall",
    "Sold",
    "Under",
    "authorise",
    "take_in",
    "to_inspect",
]
