"""Operations close a location, and open it again."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Response
from pydantic import Field

from adapters.postgres.closures import (
    AlreadyClosed,
    Closing,
    Closure,
    NotClosed,
    Opening,
    close,
    open_again,
)
from api.answers import Answer, Instant, Links
from api.fields import Body, LongText, Moment
from api.problems import FieldError, ProblemError, invalid
from api.services import Shared
from api.stock_faults import faults_named
from api.stock_schemas import CommandId, LocationInPath, Person

router = APIRouter(prefix="/locations", tags=["locations"])

_log = structlog.stdlib.get_logger(__name__)


class CloseLocation(Body):
    """Nothing is to be sent from a location any more, until somebody opens it again."""

    id: CommandId
    by: Person
    reason: Annotated[LongText, Field(examples=["a flood"])]
    until: Moment | None = Field(
        default=None,
        description="When it is expected to open, for people to read: it opens when it is said to.",
    )


class OpenLocation(Body):
    """A location may be used again."""

    id: CommandId
    by: Person
    note: LongText | None = None


class LocationClosed(Answer):
    """A location that was closed. `taken_back` shipments are given up by their orders, which source
    them elsewhere; `going_on` are picked there, and leave all the same. `opened_at` is when it was
    opened again since."""

    id: str
    location_id: str
    name: str
    reason: str
    by: str
    closed_at: Instant
    until: Instant | None
    opened_at: Instant | None
    taken_back: int
    going_on: int
    links: Links


class LocationOpened(Answer):
    """A location that is open again; the orders in `served` waited, and got something there."""

    id: str
    location_id: str
    name: str
    served: list[str]
    links: Links


def _repeated(model: type[Answer]) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model, "description": "Done before, with the same body"}}


@router.post(
    "/{location_id}/closure",
    status_code=HTTPStatus.CREATED,
    responses=_repeated(LocationClosed),
)
async def close_location(
    location_id: LocationInPath, body: CloseLocation, response: Response, services: Shared
) -> LocationClosed:
    """Close a location: nothing is sold, promised or sent from there any more; its stock stays in
    the books. What is not picked there is given up by its own order and sent from elsewhere, the
    critical orders first, then by promise; what the location has picked already leaves. What is to
    be fetched there waits until it opens, or until the customer agrees to another store. 409 when
    it is closed already. Safe to repeat."""
    now = datetime.now(UTC)
    if body.until is not None and body.until <= now:
        raise invalid([FieldError(field="until", message="must be in the future")])
    with faults_named():
        try:
            done = await close(
                services.engine, Closing(**body.model_dump(), location_id=location_id), now
            )
        except AlreadyClosed as error:
            detail = f"Location {location_id!r} is closed already."
            raise ProblemError(HTTPStatus.CONFLICT, "already-closed", detail) from error
    if not done.first:
        response.status_code = HTTPStatus.OK
    _log.info(
        "location closed",
        location=location_id,
        command=body.id,
        first=done.first,
        taken_back=done.answer.taken_back,
    )
    return _closed(location_id, body.id, done.answer)


@router.post(
    "/{location_id}/opening",
    status_code=HTTPStatus.CREATED,
    responses=_repeated(LocationOpened),
)
async def open_location(
    location_id: LocationInPath, body: OpenLocation, response: Response, services: Shared
) -> LocationOpened:
    """Open a location again: what is there goes to the orders that wait for it, by priority,
    promise date and age. What was sent from elsewhere meanwhile stays as it is. 409 when it is not
    closed. Safe to repeat."""
    opening = Opening(**body.model_dump(), location_id=location_id)
    with faults_named():
        try:
            done = await open_again(services.engine, opening, datetime.now(UTC))
        except NotClosed as error:
            detail = f"Location {location_id!r} is not closed."
            raise ProblemError(HTTPStatus.CONFLICT, "not-closed", detail) from error
    if not done.first:
        response.status_code = HTTPStatus.OK
    _log.info(
        "location opened",
        location=location_id,
        command=body.id,
        first=done.first,
        served=len(done.answer.served),
    )
    return LocationOpened(
        id=body.id,
        location_id=location_id,
        name=done.answer.location_name,
        served=list(done.answer.served),
        links=_links(location_id),
    )


def _closed(location_id: str, command: str, closure: Closure) -> LocationClosed:
    parts = closure.model_dump(exclude={"id", "location_name"})
    return LocationClosed(
        id=command,
        location_id=location_id,
        name=closure.location_name,
        links=_links(location_id),
        **parts,
    )


def _links(location_id: str) -> Links:
    itself = f"/locations/{quote(location_id, safe='')}"
    return {"location": itself, "closure": f"{itself}/closure", "opening": f"{itself}/opening"}
