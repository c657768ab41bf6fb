"""Problems of what is published in versions that never change."""

from datetime import date
from http import HTTPStatus

from adapters.postgres.versions import OutOfTurnError, VersionChangedError
from api.problems import FieldError, ProblemError, invalid


def covers(valid_from: date, valid_until: date | None) -> None:
    """Raises a 422 problem for a validity without a day."""
    if valid_until is not None and valid_until < valid_from:
        raise invalid([FieldError(field="valid_until", message="must not be before valid_from")])


def conflicting(error: VersionChangedError) -> ProblemError:
    """The version stands with other contents: 409."""
    field = FieldError(field="version", message="what is changed needs a new version")
    return ProblemError(HTTPStatus.CONFLICT, "version-exists", f"{_said(error)}.", errors=[field])


def out_of_turn(error: OutOfTurnError) -> ProblemError:
    """The version does not follow the latest one: 409, with the latest."""
    field = FieldError(field="version", message=f"must be {error.latest + 1}")
    return ProblemError(
        HTTPStatus.CONFLICT,
        "version-conflict",
        f"{_said(error)}.",
        errors=[field],
        latest=error.latest,
    )


def _said(error: Exception) -> str:
    words = str(error)
    return words[:1].upper() + words[1:]
