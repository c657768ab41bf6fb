"""A change of an order after it was placed: into the books first, then into its workflow's hands.

An order has one change that is pending at most. Whoever finds another one sees it through first, so
that none stays behind when a caller has gone away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres import amendable, amendments, outlook
from adapters.postgres.amendable import Address, Present
from adapters.postgres.amendments import Amendment, NewAmendment
from adapters.postgres.contacts import Contacts
from api import thread
from api.changed_lines import AskedLine, wanted_lines
from api.placing import MAX_TOTAL
from api.problems import FieldError, ProblemError, invalid, not_found, unavailable
from api.services import Services
from domain.amending import total_of
from domain.amending.words import reason_of
from domain.messages.amending import AmendmentRefused, AmendOrder, Obstacle

_log = structlog.stdlib.get_logger(__name__)
_MAX_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """Another address: who receives it there, and where that is (None: where it was)."""

    address: Address
    country: str | None
    postal_code: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked of an order of `base_version`, None for whichever it is; `body_hash` stands for
    all of it, so that the same is not done twice.

    `lines` gives the whole new state of its lines, of what they are now; None leaves them as they
    are. With `cancels` they keep their prices and only lose units, which count as cancelled, `by`
    somebody for a `reason`. `place` is None where the order goes where it went; with `redates`
    `requested_date` is another one.
    """

    base_version: int | None
    body_hash: str
    lines: Callable[[Present], Sequence[AskedLine]] | None = None
    place: AskedPlace | None = None
    redates: bool = False
    requested_date: date | None = None
    backorder: bool = False
    cancels: bool = False
    by: str | None = None
    reason: str | None = None


async def change(services: Services, order_id: str, wanted: Change) -> bool:
    """Change an order; False when it is taken, and not known yet whether it can be met.

    Raises problems: 404 for an unknown order, 409 for another version and for what cannot be met,
    with what is still possible, 422 for fields that no order could be changed to, 503 when the
    workflow server is out of reach. Safe to repeat: what was done is not done again, what was
    refused is tried again.
    """
    for _ in range(_MAX_ROUNDS):
        number, is_own = await _intend(services, order_id, wanted)
        amendment = await _see_through(services, order_id, number)
        if not is_own and amendment.state != "pending":
            continue
        if not is_own:
            detail = f"Order {order_id!r} is being amended: try again."
            raise ProblemError(HTTPStatus.CONFLICT, "being-amended", detail)
        if amendment.refusal is not None:
            raise _refused(amendment.refusal)
        return amendment.state == "applied"
    raise unavailable(f"Order {order_id!r} is amended by others all the time: try again.")


async def _intend(services: Services, order_id: str, wanted: Change) -> tuple[int, bool]:
    """The number of the amendment to see through, and whether it is the one that is `wanted`."""
    contacts = Contacts(services.engine)
    by = wanted.by and await contacts.who(wanted.by, order_id)
    reason = wanted.reason and await contacts.without(wanted.reason, order_id)
    wanted = replace(wanted, by=by, reason=reason)
    async with services.engine.begin() as conn:
        if await amendable.read_present(conn, order_id) is None:
            raise not_found(f"There is no order {order_id!r}.")
        await outlook.lock_order(conn, order_id)
        # Statements of their own: they see what those who had the lock have committed.
        present = await amendable.read_present(conn, order_id)
        assert present is not None
        for asked in await amendments.find_asked(
            conn, order_id, wanted.base_version, wanted.body_hash
        ):
            of_version = wanted.base_version in (None, asked.base_version)
            return asked.number, of_version and asked.body_hash == wanted.body_hash
        _hold_against(present, wanted)
        new = await _new(conn, present, wanted)
        return await amendments.intend(conn, new, datetime.now(UTC)), True


async def _see_through(services: Services, order_id: str, number: int) -> Amendment:
    """Have the order's workflow decide about an amendment; gives it as it stands then."""
    amendment = await _read(services, order_id, number)
    if amendment.state != "pending":
        return amendment
    is_answered = False
    try:
        is_answered = await thread.amend(
            services, order_id, AmendOrder(number=number, written_first=True)
        )
    except WorkflowUpdateFailedError:
        await _refuse_ended(services, order_id, number)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        async with services.engine.connect() as conn:
            present = await amendable.read_present(conn, order_id)
        if present is None or not present.status.is_final:
            # An open order without a workflow is put right by the reconciler, within a minute.
            message = "The order is not being processed at this moment: try again."
            raise unavailable(message) from error
        await _refuse_ended(services, order_id, number)
    if is_answered:
        # One that began to end before it could take it up has left it as it was.
        await _refuse_ended(services, order_id, number)
    return await _read(services, order_id, number)


async def _refuse_ended(services: Services, order_id: str, number: int) -> None:
    """An amendment that nobody has decided about comes too late for its order."""
    refusal = AmendmentRefused(
        obstacle=Obstacle.ORDER_ENDED, reason=reason_of(Obstacle.ORDER_ENDED)
    )
    async with services.engine.begin() as conn:
        await amendments.decide(conn, order_id, number, datetime.now(UTC), refusal)


async def _read(services: Services, order_id: str, number: int) -> Amendment:
    async with services.engine.connect() as conn:
        return await amendments.read_amendment(conn, order_id, number)


def _hold_against(present: Present, wanted: Change) -> None:
    """An order that has ended, or has changed since, is not amended: 409."""
    if present.status.is_final:
        detail = f"Order {present.order_id!r} has ended."
        raise ProblemError(HTTPStatus.CONFLICT, Obstacle.ORDER_ENDED, detail)
    if wanted.base_version not in (None, present.version):
        detail = f"Order {present.order_id!r} is of version {present.version} by now."
        raise ProblemError(
            HTTPStatus.CONFLICT, Obstacle.VERSION_CONFLICT, detail, version=present.version
        )


async def _new(conn: AsyncConnection, present: Present, wanted: Change) -> NewAmendment:
    """The whole new state of an order. Raises a 422 problem where there is no such order."""
    place = wanted.place
    country = (place and place.country) or present.country
    asked = None if wanted.lines is None else wanted.lines(present)
    taxed_in = present.store_country or country
    lines = await wanted_lines(conn, present, asked, taxed_in, as_priced=wanted.cancels)
    total = total_of(lines, tax_included=present.tax_included)
    if total > MAX_TOTAL:
        message = f"must come to at most {MAX_TOTAL} minor units"
        raise invalid([FieldError(field="lines", message=message)])
    postal_code = (place and place.postal_code) or present.postal_code
    revision = present.contact_revision
    if place is not None:
        revision = await amendable.readdress(conn, present, place.address, country, postal_code)
    return NewAmendment(
        order_id=present.order_id,
        kind="cancellation" if wanted.cancels else "amendment",
        base_version=present.version,
        body_hash=wanted.body_hash,
        lines=lines,
        total=total,
        country=country,
        postal_code=postal_code,
        requested_date=wanted.requested_date if wanted.redates else present.requested_date,
        contact_revision=revision,
        backorder=wanted.backorder,
        by=wanted.by,
        reason=wanted.reason,
    )


def _refused(refusal: AmendmentRefused) -> ProblemError:
    """Why an amendment cannot be met: 409, with what is still possible."""
    members: dict[str, Any] = {}
    if refusal.lines:
        members["lines"] = [line.model_dump() for line in refusal.lines]
    if refusal.missing:
        members["missing"] = [units.model_dump() for units in refusal.missing]
    why = refusal.reason["en"]
    detail = f"The order stays as it was: {why}."
    return ProblemError(HTTPStatus.CONFLICT, refusal.obstacle.value, detail, **members)
