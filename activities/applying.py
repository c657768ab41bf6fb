"""An order becomes what it was asked to: its lines, amounts, funds and address in one transaction.

What stands against that is looked at once more, under the locks: a refusal has changed nothing.
"""

from adapters.postgres import (
    amendable,
    amending,
    amendments,
    credit,
    credit_room,
    expectations,
    outlook,
    stock,
)
from adapters.postgres.amendable import Present
from adapters.postgres.amendments import Amendment
from adapters.postgres.steps import Step
from domain.amending import choose
from domain.amending.words import (
    LineChange,
    changes_in_words,
    price_stands,
    reason_of,
    what_is_left,
)
from domain.messages.amending import (
    AmendmentApplied,
    AmendmentRefused,
    ApplyAmendment,
    Obstacle,
)
from domain.notices import Template
from domain.timeline import EventKind
from domain.wording import LANGUAGES, money


async def apply(
    step: Step, request: ApplyAmendment, free: set[str]
) -> AmendmentApplied | AmendmentRefused:
    """Write what the amendment of that number says; or tell why the order stays as it is.

    The SKUs of what has come free for others are added to `free`.
    """
    account = await credit.lock_account_of(step.conn, step.order_id)
    await outlook.lock_order(step.conn, step.order_id)
    present = await amendable.read_present(step.conn, step.order_id)
    assert present is not None
    amendment = await amendments.read_amendment(step.conn, step.order_id, request.number)
    refusal = why_not_at_all(present, amendment) or await _why_not_now(step, present, amendment)
    if refusal is None and account is not None and request.funded:
        refusal = await _claim(step, present, amendment)
    if refusal is not None:
        return refusal
    await amending.write_applied(step.conn, step.order_id, amendment)
    await amendments.decide(step.conn, step.order_id, request.number, request.at)
    event = f"{step.order_id}:amend:{request.number}"
    if account is not None:
        await credit.settle(step.conn, step.order_id)
        if amendment.total < present.total:
            await credit_room.let_go_on(step.conn, account, event, step.at)
    if request.keeps:
        await release_surplus(step, free)
    freed = await amending.cut_supply_claims(step.conn, step.order_id)
    await expectations.offer(step.conn, freed, event, but=step.order_id)
    _tell(step, present, amendment)
    return AmendmentApplied(
        version=present.version + 1,
        total=amendment.total,
        open_units=await amending.read_open_units(step.conn, step.order_id),
        moves=moves(present, amendment),
        total_before=present.total,
    )


def moves(present: Present, amendment: Amendment) -> bool:
    """Whether the way to the customer is another one."""
    return (present.contact_revision, present.requested_date) != (
        amendment.contact_revision,
        amendment.requested_date,
    )


async def release_surplus(step: Step, free: set[str]) -> None:
    """Give back what is reserved for the order beyond what it lacks."""
    surplus = await amending.drop_surplus(step.conn, step.order_id)
    await stock.release(step.conn, step.order_id, surplus)
    free.update(sku for sku, _ in surplus)


def why_not_at_all(present: Present, amendment: Amendment) -> AmendmentRefused | None:
    """Why an order is not amended whatever is under way: it has ended, it is of another version by
    now, or a line that is invoiced in part was to have another price."""
    if present.status.is_final or amendment.state != "pending":
        return AmendmentRefused(
            obstacle=Obstacle.ORDER_ENDED, reason=reason_of(Obstacle.ORDER_ENDED)
        )
    if present.version != amendment.base_version:
        reason = reason_of(Obstacle.VERSION_CONFLICT, version=present.version)
        return AmendmentRefused(obstacle=Obstacle.VERSION_CONFLICT, reason=reason)
    wanted = {line.line_id: line for line in amendment.lines}
    for line in present.lines:
        same = wanted.get(line.line_id)
        if line.invoiced and same is not None and same.terms != line.as_wanted(0).terms:
            reason = price_stands(line.sku)
            return AmendmentRefused(obstacle=Obstacle.NOT_AMENDABLE, reason=reason)
    return None


async def _why_not_now(
    step: Step, present: Present, amendment: Amendment
) -> AmendmentRefused | None:
    """What is in shipments stays in them now."""
    shipments, _ = await amendable.read_carried(step.conn, step.order_id, (), ())
    choice = choose(amendable.lines_of(present, {}), shipments, amendment.wanted)
    if not choice.impossible:
        return None
    return AmendmentRefused(
        obstacle=Obstacle.NOT_AMENDABLE,
        reason=what_is_left(choice.impossible),
        lines=choice.impossible,
    )


async def _claim(step: Step, present: Present, amendment: Amendment) -> AmendmentRefused | None:
    """Claim on the account what that is to bear of the order more than it does."""
    claim = await credit.claim(
        step.conn, step.order_id, 0, None, step.at, for_total=amendment.total
    )
    if claim is not None and claim.granted:
        return None
    told = {language: _no_room(claim, present.currency, language) for language in LANGUAGES}
    reason = reason_of(Obstacle.CREDIT_LIMIT, told=told)
    return AmendmentRefused(obstacle=Obstacle.CREDIT_LIMIT, reason=reason)


_NO_ROOM = {
    "en": "{amount} on top of an exposure of {exposure} exceeds the limit of {limit}",
    "fr": "{amount} en plus d'un encours de {exposure} dépassent la limite de {limit}",
}
_NO_ACCOUNT = {
    "en": "the customer has no account in {currency}",
    "fr": "le client n'a pas de compte en {currency}",
}


def _no_room(claim: credit.Claim | None, currency: str, language: str) -> str:
    if claim is None:
        return _NO_ACCOUNT[language].format(currency=currency)
    return _NO_ROOM[language].format(
        amount=money(claim.amount, currency),
        exposure=money(claim.standing.exposure, currency),
        limit=money(claim.standing.limit, currency),
    )


def _tell(step: Step, present: Present, amendment: Amendment) -> None:
    changes = changes_in_words(
        _line_changes(present, amendment),
        address=present.contact_revision != amendment.contact_revision,
        date=present.requested_date != amendment.requested_date,
    )
    detail = {"changes": changes, "total": amendment.total, "currency": present.currency}
    if amendment.cancels:
        step.tell(
            EventKind.LINES_CANCELLED, by=amendment.by, explanation=amendment.reason, **detail
        )
    else:
        step.tell(EventKind.AMENDED, version=present.version + 1, **detail)
    step.notify(
        f"version:{present.version + 1}",
        Template.LINES_CANCELLED if amendment.cancels else Template.AMENDED,
        reference=present.reference,
        total=amendment.total,
        currency=present.currency,
    )


def _line_changes(present: Present, amendment: Amendment) -> list[LineChange]:
    before = {line.line_id: line for line in present.lines}
    after = {line.line_id: line for line in amendment.lines}
    changes = []
    for line_id in [*before, *(line_id for line_id in after if line_id not in before)]:
        was, is_now = before.get(line_id), after.get(line_id)
        line = was or is_now
        assert line is not None
        changes.append(
            LineChange(
                sku=line.sku,
                before=was.agreed if was else 0,
                after=is_now.quantity if is_now else 0,
                repriced=bool(was and is_now and was.as_wanted(0).terms != is_now.terms),
            )
        )
    return changes
