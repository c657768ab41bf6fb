"""What is wrong with a command on stock, as problems."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from adapters.postgres.commands import Overtaken
from adapters.postgres.places import UnknownChannel, UnknownLocation, UnknownSkus
from adapters.postgres.steps import KeyReusedError
from api.problems import FieldError, invalid, not_found, unavailable

_OUT_OF_RANGE = "22003"


@contextmanager
def faults_named(skus: Sequence[str] = ()) -> Iterator[None]:
    """Make problems of what the books refuse; `skus` are those of the request's lines."""
    try:
        yield
    except UnknownLocation as error:
        raise not_found(f"There is no location {str(error)!r}.") from error
    except UnknownChannel as error:
        raise not_found(f"There is no channel {str(error)!r}.") from error
    except UnknownSkus as error:
        if not skus:
            raise not_found(f"There is no SKU {str(error)!r}.") from error
        raise invalid(faults_of_lines(skus, error.skus)) from error
    except KeyReusedError as error:
        message = "stands for another request, that was sent before"
        raise invalid([FieldError(field="id", message=message)], "id-reused") from error
    except Overtaken as error:
        raise unavailable("The stock moves too fast just now: try again.") from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _OUT_OF_RANGE:
            raise
        message = "comes to more units than a location can hold"
        raise invalid([FieldError(field="lines", message=message)]) from error


def faults_of_lines(skus: Sequence[str], unknown: frozenset[str]) -> list[FieldError]:
    return [
        FieldError(field=f"lines[{position}].sku", message=f"unknown SKU {sku!r}")
        for position, sku in enumerate(skus)
        if sku in unknown
    ]


def check_not_future(field: str, moment: datetime | None, now: datetime) -> None:
    """Raises a 422 problem for what has not happened yet."""
    if moment is not None and moment > now:
        raise invalid([FieldError(field=field, message="must not be in the future")])
