"""Goods that came back and nobody had announced."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from pydantic import Field

from adapters.postgres.places import UnknownLocation
from adapters.postgres.returns import unannounced
from adapters.postgres.returns.asking import UnknownOrder
from adapters.postgres.returns.unannounced import (
    CameUnits,
    NotOfOrderError,
    Settle,
    SettledAlready,
    Unannounced,
    UnknownParked,
    WithReturn,
)
from adapters.postgres.steps import KeyReusedError
from api import return_thread
from api.discretion import discreetly
from api.fields import Parameters
from api.problems import FieldError, ProblemError, invalid, not_found
from api.return_answers import (
    MatchedReturn,
    MatchedUnits,
    ParkedPage,
    ParkedSettled,
    UnannouncedAnswer,
    parked_answer,
)
from api.return_rendering import return_path
from api.return_schemas import (
    MatchParked,
    ParkedIdInPath,
    ReportUnannounced,
    ScrapParked,
)
from api.services import Services, Shared
from domain.messages.returns import ReportedUnits, ReportRefused, ReturnReport

router = APIRouter(prefix="/returns", tags=["returns"])

_log = structlog.stdlib.get_logger(__name__)


class ParkedFilters(Parameters):
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")


@router.post("/unannounced")
async def take_unannounced(body: ReportUnannounced, services: Shared) -> UnannouncedAnswer:
    """Take in what came back unannounced.

    What a return waits for goes with that return, found by the label's number or by the order; for
    what else the customer has of the order a return is opened. The rest is parked until a person
    says of which order it is. Safe to repeat.
    """
    came = Unannounced(
        event_id=body.event_id,
        location_id=body.location,
        tracking_number=body.tracking_number,
        order_id=body.order_id,
        order_reference=body.order_reference,
        lines=tuple(CameUnits(sku=line.sku, quantity=line.quantity) for line in body.lines),
        by=body.by,
    )
    try:
        found = await unannounced.sort(services.engine, came, datetime.now(UTC))
    except UnknownLocation as error:
        message = f"unknown location {str(error)!r}"
        raise invalid([FieldError(field="location", message=message)]) from error
    except KeyReusedError as error:
        message = "stands for another report, that was sent before"
        raise invalid([FieldError(field="event_id", message=message)], "id-reused") from error
    matched, parked = [], list(found.parked)
    for taken in found.matched:
        if await _take_in(
            services, taken, came.location_id, f"unannounced:{body.event_id}", came.by
        ):
            matched.append(taken)
        else:
            missed = await unannounced.park(services.engine, came, taken, datetime.now(UTC))
            parked += missed.parked
    _log.info("unannounced goods", event_id=body.event_id, matched=len(matched), parked=len(parked))
    rows = [row for n in parked for row in await unannounced.read_parked(services.engine, 1, n)]
    return UnannouncedAnswer(
        event_id=body.event_id,
        matched=[_matched(taken) for taken in matched],
        parked=[parked_answer(row) for row in rows],
    )


@router.get("/parked")
async def list_parked(services: Shared, filters: Annotated[ParkedFilters, Query()]) -> ParkedPage:
    """What came back and waits for a person to say of which order it is, the oldest first."""
    rows = await unannounced.read_parked(services.engine, filters.limit)
    return ParkedPage(parked=[parked_answer(row) for row in rows])


@router.post("/parked/{parked_id}/match")
async def match_parked(
    parked_id: ParkedIdInPath, body: MatchParked, services: Shared
) -> ParkedSettled:
    """A person says of which order parked goods are: its return takes them in, however late they
    came. 409 when the customer has no such units of it. Safe to repeat."""
    return await _settle(services, Settle(parked_id=parked_id, **body.model_dump()))


@router.post("/parked/{parked_id}/scrap")
async def scrap_parked(
    parked_id: ParkedIdInPath, body: ScrapParked, services: Shared
) -> ParkedSettled:
    """A person says that nobody will ask for parked goods. Safe to repeat."""
    decided = Settle(parked_id=parked_id, order_id=None, **body.model_dump())
    return await _settle(services, decided)


async def _settle(services: Services, decided: Settle) -> ParkedSettled:
    if decided.order_id is not None:
        decided = await discreetly(services, decided.order_id, decided)
    try:
        settled = await unannounced.settle(services.engine, decided, datetime.now(UTC))
    except UnknownParked as error:
        raise not_found(f"Nothing is parked under {decided.parked_id}.") from error
    except UnknownOrder as error:
        message = f"unknown order {decided.order_id!r}"
        raise invalid([FieldError(field="order_id", message=message)]) from error
    except NotOfOrderError as error:
        detail = f"The customer has no such units of order {decided.order_id!r}."
        raise ProblemError(HTTPStatus.CONFLICT, "not-returnable", detail) from error
    except SettledAlready as error:
        detail = f"What was parked under {decided.parked_id} is {error} already."
        raise ProblemError(HTTPStatus.CONFLICT, "settled-already", detail) from error
    except KeyReusedError as error:
        detail = f"Somebody else has decided the same about {decided.parked_id}."
        raise ProblemError(HTTPStatus.CONFLICT, "settled-already", detail) from error
    taken = settled.with_return
    if taken is not None:
        event_id = f"parked:{decided.parked_id}"
        if not await _take_in(services, taken, settled.location_id, event_id, decided.by):
            raise await _parked_again(services, decided, taken, settled.location_id)
    return ParkedSettled(
        parked_id=decided.parked_id,
        state=settled.state,
        return_id=taken.return_id if taken else None,
    )


async def _parked_again(
    services: Services, decided: Settle, missed: WithReturn, location_id: str
) -> ProblemError:
    """The goods wait for a person anew, under another number, which this says."""
    came = Unannounced(
        event_id=f"parked:{decided.parked_id}",
        location_id=location_id,
        tracking_number=None,
        order_id=decided.order_id,
        order_reference=None,
        lines=missed.units,
        by=decided.by,
    )
    parked = await unannounced.park(services.engine, came, missed, datetime.now(UTC))
    numbers = " and ".join(map(str, parked.parked))
    detail = (
        f"Return {missed.return_id!r} has ended and takes nothing in any more: what was parked "
        f"under {decided.parked_id} is parked under {numbers} now."
    )
    return ProblemError(HTTPStatus.CONFLICT, "not-returnable", detail)


async def _take_in(
    services: Services, taken: WithReturn, location_id: str, event_id: str, by: str
) -> bool:
    """Have a return take units in; False when it does not any more."""
    report = ReturnReport(
        event_id=event_id,
        location_id=location_id,
        by=by,
        arrived=tuple(
            ReportedUnits(quantity=units.quantity, sku=units.sku) for units in taken.units
        ),
    )
    await return_thread.begin(services, taken.return_id)
    try:
        result = await return_thread.report(services, taken.return_id, report)
    except return_thread.ReturnEnded:
        return await return_thread.was_reported(services, taken.return_id, event_id)
    return not isinstance(result, ReportRefused)


def _matched(taken: WithReturn) -> MatchedReturn:
    return MatchedReturn(
        return_id=taken.return_id,
        units=[MatchedUnits(sku=units.sku, quantity=units.quantity) for units in taken.units],
        links={"self": return_path(taken.return_id)},
    )
