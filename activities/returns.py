"""Returns: opened, begun, reported on, ended."""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities import settling_refunds
from adapters.postgres import arrivals
from adapters.postgres.returns import ending, reading, reporting
from adapters.postgres.returns.opening import NewReturn, lock_order, open_return
from adapters.postgres.returns.reading import Standing
from adapters.postgres.steps import Step, answered, once
from adapters.return_launch import start_return
from domain.identity import order_of_return
from domain.messages.return_money import (
    RecordSettlement,
    RefundSettled,
    SettlementRefused,
    SettlementResult,
)
from domain.messages.returns import (
    BeginReturn,
    EndRecorded,
    EndReturn,
    OpenReturn,
    OpenReturnResult,
    RecordReport,
    ReportRecorded,
    ReportResult,
    ReturnOpened,
    ReturnRefused,
    ReturnStart,
    ReturnStatus,
    TakeUpReturn,
)
from domain.messages.steps import Recorded
from domain.notices import Template
from domain.returns import Asked, NotReturnable
from domain.returns.words import findings
from domain.timeline import EventKind

_OPENED: TypeAdapter[ReturnOpened | ReturnRefused] = TypeAdapter(OpenReturnResult)
_REPORT = TypeAdapter(ReportRecorded)
_RECORDED = TypeAdapter(Recorded)
_SETTLED = TypeAdapter(RefundSettled)
_ENDS = {
    ReturnStatus.CLOSED: EventKind.RETURN_CLOSED,
    ReturnStatus.EXPIRED: EventKind.RETURN_EXPIRED,
    ReturnStatus.CANCELLED: EventKind.RETURN_CANCELLED,
}


class ReturnActivities:
    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def open_return(self, request: OpenReturn) -> OpenReturnResult:
        """Open a return for what has left of an order, and start its workflow."""
        opened = await self.write_return(request)
        if isinstance(opened, ReturnOpened):
            async with self._engine.connect() as conn:
                start = await reading.read_start(conn, opened.return_id)
            try:
                await start_return(self._client, activity.info().task_queue, start)
            except WorkflowAlreadyStartedError:
                activity.logger.info("return %s has ended already", opened.return_id)
        return opened

    async def write_return(self, request: OpenReturn) -> OpenReturnResult:
        """Write the return down, or say why nothing may come back; no workflow is started."""
        what = request.shipment_id or ",".join(sorted(request.lines))
        return await once(
            self._engine,
            key=f"{request.order_id}:return:{request.origin.value}:{what}",
            order_id=request.order_id,
            at=request.at,
            # Why may read otherwise when a lost workflow task is run again; the first words stand.
            request=request.model_copy(update={"reason": ""}),
            result=_OPENED,
            act=lambda step: _open(step, request),
        )

    @activity.defn
    async def begin_return(self, request: BeginReturn) -> Recorded:
        """It is authorised; without a label the customer is told where to bring or send it."""
        return await once(
            self._engine,
            key=f"{request.return_id}:begin:{request.label}",
            order_id=order_of_return(request.return_id),
            at=request.at,
            request=request,
            result=_RECORDED,
            act=lambda step: _begin(step, request),
        )

    @activity.defn
    async def record_report(self, request: RecordReport) -> ReportResult:
        """Write down what a location says: take it in, move stock, credit, give back.

        What is refused leaves nothing behind: a corrected report may come under the same event id.
        """
        key = reading.report_key(request.return_id, request.report.event_id)
        # The first report under an event id stands: the workflow has refused any other.
        named = TakeUpReturn(return_id=request.return_id, run=request.report.event_id)
        free: set[str] = set()
        try:
            done = await once(
                self._engine,
                key=key,
                order_id=order_of_return(request.return_id),
                at=request.at,
                request=named,
                result=_REPORT,
                act=lambda step: _report(step, request, free),
            )
        except reporting.Refused as refused:
            # An earlier attempt may have taken the very units that are missing now.
            earlier = await answered(self._engine, key=key, request=named, result=_REPORT)
            return refused.refusal if earlier is None else earlier
        await arrivals.serve_all(self._engine, free, event_id=key, at=request.at)
        return done

    @activity.defn
    async def settle_refund(self, request: RecordSettlement) -> SettlementResult:
        """Write down how a refund goes back that the provider refused."""
        key = f"{request.settle.refund_id}:settled"
        # However it was settled first: nothing more goes back for it.
        named = TakeUpReturn(return_id=request.return_id, run=request.settle.refund_id)
        try:
            return await once(
                self._engine,
                key=key,
                order_id=order_of_return(request.return_id),
                at=request.at,
                request=named,
                result=_SETTLED,
                act=lambda step: settling_refunds.settle(step, request),
            )
        except settling_refunds.NotSettled as refused:
            earlier = await answered(self._engine, key=key, request=named, result=_SETTLED)
            return SettlementRefused(reason=str(refused)) if earlier is None else earlier

    @activity.defn
    async def end_return(self, request: EndReturn) -> EndRecorded:
        """It ends: closed, expired or cancelled, and as it was ended first. Where units have come
        that its workflow does not know of, for a task of it was lost, it goes on."""
        # What it knows is compared while the return is open; it is no part of what is asked for.
        named = request.model_copy(update={"received": {}, "inspected": {}})
        try:
            await once(
                self._engine,
                key=f"{request.return_id}:end",
                order_id=order_of_return(request.return_id),
                at=request.at,
                request=named,
                result=_RECORDED,
                act=lambda step: _end(step, request),
            )
        except ending.MoreHasCome:
            async with self._engine.connect() as conn:
                start = await reading.read_start(conn, request.return_id)
            return EndRecorded(goes_on=start.state)
        except ending.HasEnded as earlier:
            return EndRecorded(status=earlier.status)
        return EndRecorded(status=request.status)

    @activity.defn
    async def take_up_return(self, request: TakeUpReturn) -> ReturnStart:
        """How the workflow of a return goes on that nobody looks after."""
        async with self._engine.connect() as conn:
            return await reading.read_start(conn, request.return_id)


async def _open(step: Step, request: OpenReturn) -> ReturnOpened | ReturnRefused:
    await lock_order(step.conn, request.order_id)
    sold = await reading.read_sold(step.conn, request.order_id)
    lines = request.lines or reading.by_line(
        [(s.line_id, s.open) for s in sold if s.shipment_id == request.shipment_id and s.open]
    )
    if not lines:
        return ReturnRefused(reason="nothing of it is on an invoice")
    new = NewReturn(
        order_id=request.order_id,
        origin=request.origin,
        by="Ariane",
        lines=[
            Asked(line_id=line, quantity=units, reason=request.reason)
            for line, units in lines.items()
        ],
        shipment_id=request.shipment_id,
    )
    opened = await open_return(step.conn, new, request.at)
    if isinstance(opened, NotReturnable):
        return ReturnRefused(reason=", ".join(sorted({r.why for r in opened.refusals})))
    return ReturnOpened(return_id=opened)


async def _begin(step: Step, request: BeginReturn) -> Recorded:
    await lock_order(step.conn, step.order_id)
    await ending.write_begun(step.conn, request.return_id)
    standing = await _standing(step, request.return_id)
    if not request.label and standing.facts.origin.needs_label:
        step.notify(
            request.return_id,
            Template.RETURN_WITHOUT_LABEL,
            reference=standing.reference,
            units=sum(standing.facts.announced.values()),
            location=standing.facts.return_to_name,
            until=standing.facts.expires_at.isoformat(),
            **{"return": request.return_id},
        )
    return Recorded()


async def _report(step: Step, request: RecordReport, free: set[str]) -> ReportRecorded:
    """The SKUs of what is on sale again are added to `free`."""
    standing = await _standing(step, request.return_id)
    done = await reporting.record_report(step.conn, request, standing)
    free.update(i.part.sku for i in done.inspected if i.said.disposition == "restock")
    report, reference = request.report, standing.reference
    place = await reading.read_place(step.conn, report.location_id)
    said: dict[str, Any] = {"return": request.return_id, "location": place, "by": report.by}
    occasion = f"{request.return_id}:{report.event_id}"
    if done.arrived:
        step.tell(EventKind.RETURN_RECEIVED, units=done.arrived, **said)
        step.notify(occasion, Template.RETURN_RECEIVED, reference=reference, units=done.arrived)
    if done.inspected:
        _tell_inspected(step, done, said)
        _tell_money(step, occasion, done, standing)
    return done.recorded


def _tell_inspected(step: Step, done: reporting.Done, said: dict[str, Any]) -> None:
    found = findings(
        [
            (i.part.units, i.part.sku, i.said.grade or "", i.said.disposition or "", i.refunded)
            for i in done.inspected
        ]
    )
    units = sum(i.part.units for i in done.inspected)
    step.tell(EventKind.RETURN_INSPECTED, units=units, findings=found, **said)


def _tell_money(step: Step, occasion: str, done: reporting.Done, standing: Standing) -> None:
    """What the customer gets for it, and for what nothing."""
    facts = standing.facts
    if done.credit_note is not None:
        money = {
            "number": done.credit_note,
            "amount": done.recorded.credited,
            "currency": facts.currency,
        }
        step.tell(EventKind.RETURN_CREDITED, **money, **{"return": facts.return_id})
        refunded = sum(i.part.units for i in done.inspected if i.refunded)
        step.notify(
            occasion,
            Template.RETURN_REFUNDED,
            reference=standing.reference,
            units=refunded,
            **money,
        )
    rest = sum(i.part.units for i in done.inspected if not i.refunded)
    if rest:
        template = Template.RETURN_NOT_REFUNDED
        step.notify(occasion, template, reference=standing.reference, units=rest)


async def _end(step: Step, request: EndReturn) -> Recorded:
    await lock_order(step.conn, step.order_id)
    await ending.write_ended(step.conn, request)
    units = await reading.read_units(step.conn, request.return_id)
    step.tell(
        _ENDS[request.status],
        by=request.by,
        explanation=request.note,
        units=sum(units.received.values()),
        **{"return": request.return_id},
    )
    if request.status is ReturnStatus.EXPIRED:
        standing = await _standing(step, request.return_id)
        template = Template.RETURN_EXPIRED
        step.notify(request.return_id, template, reference=standing.reference)
    return Recorded()


async def _standing(step: Step, return_id: str) -> Standing:
    standing = await reading.read_standing(step.conn, return_id)
    assert standing is not None
    return standing
