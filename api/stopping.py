"""Stopping an order: cancelling it, and putting it on hold."""

import hashlib
import json
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Response
from pydantic import Field, Strict
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres import amendable, amendments
from adapters.postgres.stopping import Stopped, read_stopped
from api import thread
from api.changed_lines import fewer
from api.changes import Change, change
from api.fields import Body, LineId, LongText, OrderIdInPath, Quantity
from api.languages import AcceptLanguage, chosen_language
from api.problems import FieldError, ProblemError, invalid, not_found, unavailable
from api.schemas import MAX_LINES, Person
from api.services import Services, Shared
from api.stopping_answers import OrderCancelled, OrderHeld, cancelled, cancelled_in_part, held
from domain.messages.cancelling import Cancellation, SupportHold

router = APIRouter(prefix="/orders", tags=["orders"])

_log = structlog.stdlib.get_logger(__name__)
MAX_VERSIONS = 10**6
_PENDING = "Taken; a location, a carrier or the payment provider has not answered yet"


class UnwantedLine(Body):
    """Units of a line that are not wanted any more."""

    line_id: LineId
    quantity: Quantity


class CancelWanted(Body):
    """Somebody does not want an order any more, or these units of it."""

    by: Person = Field(examples=["Marie"])
    reason: LongText
    lines: list[UnwantedLine] | None = Field(
        default=None, min_length=1, max_length=MAX_LINES, description="By default all of it."
    )
    version: Annotated[int, Strict(), Field(ge=1, le=MAX_VERSIONS)] | None = Field(
        default=None,
        description="Of the order, as GET /orders/{id} says it; only with lines. Without it the "
        "same body is the same cancellation, however often it is sent.",
    )


class HoldWanted(Body):
    """Somebody wants nothing of an order to move until it is released."""

    by: Person = Field(examples=["Marie"])
    reason: LongText


@router.post(
    "/{order_id}/cancel", responses={202: {"model": OrderCancelled, "description": _PENDING}}
)
async def cancel_order(
    order_id: OrderIdInPath,
    body: CancelWanted,
    response: Response,
    services: Shared,
    accept_language: AcceptLanguage = None,
) -> OrderCancelled:
    """Cancel what can still be stopped: what is held, booked, reserved, claimed or authorised for
    it is given back, and locations are asked to stop what they have.

    What a location cannot stop goes on and is invoiced; what has left comes back as a return. Safe
    to repeat: a cancelled order answers as the first time. 409 when it was delivered or closed.

    With `lines` only these units are cancelled; 409 where they are picked or gone, with how many
    of each line have to stay.
    """
    structlog.contextvars.bind_contextvars(order_id=order_id)
    stopped = await _read(services, order_id)
    unwanted = _unwanted(body)
    if unwanted and not await _is_all(services, stopped, order_id, body, unwanted):
        in_time = await change(services, order_id, _cancellation(body, unwanted))
        if not in_time:
            response.status_code = HTTPStatus.ACCEPTED
        return cancelled_in_part(order_id, await _read(services, order_id), body.by, body.reason)
    in_time, refusal = True, None
    if not stopped.status.is_final:
        try:
            in_time = await thread.cancel(
                services, order_id, Cancellation(by=body.by, reason=body.reason, written_first=True)
            )
        except (WorkflowUpdateFailedError, RPCError) as refused:
            refusal = _why(refused)
        stopped = await _read(services, order_id)
    if in_time and not stopped.is_cancelled:
        _give_up_unless_ended(stopped, refusal)
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "not-cancellable",
            f"Order {order_id!r} cannot be cancelled: {refusal or 'has ended'}.",
        )
    _log.info("order cancelled", status=stopped.status.value, in_time=in_time)
    if not in_time:
        response.status_code = HTTPStatus.ACCEPTED
    return cancelled(order_id, stopped, chosen_language(accept_language))


@router.post("/{order_id}/hold", responses={202: {"model": OrderHeld, "description": _PENDING}})
async def hold_order(
    order_id: OrderIdInPath,
    body: HoldWanted,
    response: Response,
    services: Shared,
    accept_language: AcceptLanguage = None,
) -> OrderHeld:
    """Have nothing of an order move until it is released; its units stay reserved for it.

    What is at a location and not dispatched is taken back where the location can stop it. Safe to
    repeat; 409 for an order that is on hold for another reason, or has nothing left to stop.
    """
    structlog.contextvars.bind_contextvars(order_id=order_id)
    stopped = await _read(services, order_id)
    wanted = SupportHold(by=body.by, reason=body.reason, written_first=True)
    refusal, in_time = "has ended", True
    if not stopped.status.is_final:
        try:
            in_time = await thread.hold(services, order_id, wanted)
            refusal = ""
        except (WorkflowUpdateFailedError, RPCError) as refused:
            refusal = _why(refused)
        stopped = await _read(services, order_id)
    if refusal:
        _give_up_unless_ended(stopped, refusal)
        detail = f"Order {order_id!r} cannot be put on hold: {refusal}."
        raise ProblemError(HTTPStatus.CONFLICT, "not-holdable", detail)
    _log.info("order put on hold", status=stopped.status.value, in_time=in_time)
    if not in_time:
        response.status_code = HTTPStatus.ACCEPTED
    return held(order_id, stopped, chosen_language(accept_language))


async def _read(services: Services, order_id: str) -> Stopped:
    stopped = await read_stopped(services.engine, order_id)
    if stopped is None:
        raise not_found(f"There is no order {order_id!r}.")
    return stopped


_NOT_RUNNING = "is not being processed at this moment"


def _why(refused: WorkflowUpdateFailedError | RPCError) -> str:
    """Why a workflow did not take a request; what is not about the request is raised again."""
    if isinstance(refused, RPCError):
        if refused.status != RPCStatusCode.NOT_FOUND:
            raise refused
        return _NOT_RUNNING
    cause = refused.cause
    said = cause.message if isinstance(cause, ApplicationError) else str(cause)
    # The workflow begins with the order's name.
    return said.split(" ", 2)[-1]


def _give_up_unless_ended(stopped: Stopped, refusal: str | None) -> None:
    """An open order without a workflow is put right by the reconciler, within a minute."""
    if refusal == _NOT_RUNNING and not stopped.status.is_final:
        raise unavailable("The order is not being processed at this moment: try again.")


def _unwanted(body: CancelWanted) -> dict[str, int]:
    """Units by line id."""
    unwanted: dict[str, int] = {}
    faults = []
    for position, line in enumerate(body.lines or ()):
        if line.line_id in unwanted:
            message = f"{line.line_id!r} stands on another line already"
            faults.append(FieldError(field=f"lines[{position}].line_id", message=message))
        unwanted[line.line_id] = line.quantity
    if body.version is not None and body.lines is None:
        faults.append(FieldError(field="version", message="only goes with lines"))
    if faults:
        raise invalid(faults)
    return unwanted


async def _is_all(
    services: Services,
    stopped: Stopped,
    order_id: str,
    body: CancelWanted,
    unwanted: dict[str, int],
) -> bool:
    """Whether an order is cancelled as a whole by losing these units, or was by the same request.

    How the order stands was read before this looks at what was done to it: a repeat must not take
    what the first has left.
    """
    wanted = _cancellation(body, unwanted)
    async with services.engine.connect() as conn:
        present = await amendable.read_present(conn, order_id)
        known = await amendments.find_asked(conn, order_id, body.version, wanted.body_hash)
    if any(a.state == "applied" and a.body_hash == wanted.body_hash for a in known):
        return False
    if present is None or body.version not in (None, present.version):
        return False
    if stopped.is_cancelled:
        ordered = {line.line_id: line.ordered for line in stopped.lines}
        return all(ordered.get(line, 0) >= units for line, units in unwanted.items())
    left = {line.line_id: line.ordered - line.cancelled for line in stopped.lines}
    return {line: units for line, units in left.items() if units} == unwanted


def _cancellation(body: CancelWanted, unwanted: dict[str, int]) -> Change:
    meant = [sorted(unwanted.items()), body.by, body.reason]
    return Change(
        base_version=body.version,
        body_hash=hashlib.sha256(json.dumps(["cancel", meant]).encode()).hexdigest(),
        lines=lambda present: fewer(present, unwanted),
        cancels=True,
        by=body.by,
        reason=body.reason,
    )
