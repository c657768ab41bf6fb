"""A workflow that stands in for the order's: what the API meets at Temporal, without the rest."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.messages.events import CarrierEvent, HoldRejection, HoldRelease, WarehouseEvent
from domain.messages.orders import (
    Hold,
    HoldReason,
    OrderStatus,
    Placement,
    PlannedShipment,
)
from domain.messages.state import OrderClosed, OrderStart, OrderState

THEN = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)


@workflow.defn(name="Order", sandboxed=False)
class OrderDouble:
    """Stands in for the order's workflow: places everything in one shipment of line 1, and waits.

    A reference that begins with `held` goes on hold, with `slow` is not answered until `finish`.
    """

    @workflow.init
    def __init__(self, start: OrderStart) -> None:
        self._start = start
        self._finished = False
        self._again = False
        self._decided = False
        self._seen: list[str] = []

    @workflow.run
    async def run(self, start: OrderStart) -> OrderClosed:
        await workflow.wait_condition(lambda: self._finished or self._again)
        if self._again:
            state = OrderState(placement=self._placement())
            workflow.continue_as_new(start.model_copy(update={"state": state}))
        return OrderClosed(
            order_id=start.order.order_id, status=OrderStatus.CLOSED, shipments=1, resourcings=0
        )

    @workflow.update
    async def place(self) -> Placement:
        if self._start.order.reference.startswith("slow"):
            await workflow.wait_condition(lambda: self._finished)
        return self._placement()

    @workflow.update
    async def release_hold(self, release: HoldRelease) -> OrderStatus:
        self._decided = True
        self._seen.append(f"{release.released_by}: {release.note}")
        return OrderStatus.IN_FULFILMENT

    @release_hold.validator
    def _can_be_released(self, release: HoldRelease) -> None:
        if self._decided or not self._start.order.reference.startswith("held"):
            raise ApplicationError(f"not on hold, {release.released_by}")

    @workflow.update
    async def reject_hold(self, rejection: HoldRejection) -> OrderStatus:
        self._decided = True
        self._seen.append(f"no, {rejection.rejected_by}: {rejection.note}")
        return OrderStatus.CANCELLED

    @reject_hold.validator
    def _can_be_rejected(self, rejection: HoldRejection) -> None:
        if self._decided or not self._start.order.reference.startswith("held"):
            raise ApplicationError(f"not on hold, {rejection.rejected_by}")

    @workflow.signal
    async def warehouse_event(self, event: WarehouseEvent) -> None:
        self._seen.append(f"{event.shipment_id} {event.kind.value} {event.quantities}")

    @workflow.signal
    async def carrier_event(self, event: CarrierEvent) -> None:
        self._seen.append(f"{event.shipment_id} {event.kind.value} {event.occurred_at:%H:%M %Z}")

    @workflow.signal
    async def finish(self) -> None:
        self._finished = True

    @workflow.signal
    async def continue_as_new(self) -> None:
        self._again = True

    @workflow.query
    def seen(self) -> list[str]:
        return self._seen

    def _placement(self) -> Placement:
        order = self._start.order
        if self._start.state is not None and self._start.state.placement is not None:
            return self._start.state.placement
        if order.reference.startswith("held"):
            hold = Hold(
                reason=HoldReason.CREDIT_LIMIT,
                explanation="Over the limit",
                since=order.ordered_at,
                until=order.ordered_at + timedelta(days=7),
            )
            return Placement(order_id=order.order_id, status=OrderStatus.ON_HOLD, hold=hold)
        shipment = PlannedShipment(
            shipment_id=f"{order.order_id}:1",
            location_id="PAR",
            location_name="Paris",
            carrier="swift",
            service="day",
            service_name="Next day",
            lines={"1": 2},
            promise=THEN.astimezone(ZoneInfo("Europe/Paris")),
            why="nearest",
        )
        return Placement(
            order_id=order.order_id,
            status=OrderStatus.IN_FULFILMENT,
            promise=THEN,
            shipments=(shipment,),
        )
