"""What an order's workflow is told by locations, carriers and our own books, each event once.

A report is noted in the state; the process acts on it.
"""

from temporalio import workflow

from domain.messages.events import (
    CarrierEvent,
    FundsArrived,
    LocationClosed,
    PlannedAnew,
    StockArrived,
    StockTaken,
    WarehouseEvent,
    WarehouseEventKind,
    YieldShipment,
)
from domain.messages.orders import OrderFacts, ShipmentStatus
from domain.messages.policy import OrderPolicy
from domain.messages.shipments import Withdrawal
from domain.messages.state import OrderState
from domain.progress import first_time, report_from_carrier, report_from_warehouse
from workflows.ending import HearsOfItsEnd
from workflows.giving_up import PLANNED_ANEW


class Reports(HearsOfItsEnd):
    """The signals of an order's workflow."""

    _order: OrderFacts
    _policy: OrderPolicy
    _state: OrderState

    @workflow.signal
    def warehouse_event(self, event: WarehouseEvent) -> None:
        shipment = self._state.shipments.get(event.shipment_id)
        if shipment is None:
            return
        sender = shipment.plan.location_id
        if event.kind is WarehouseEventKind.COLLECTED:
            if shipment.plan.collect_at is None:
                return
            sender = shipment.plan.collect_at
        if self._is_new(sender, event.event_id):
            report_from_warehouse(shipment, event)

    @workflow.signal
    def carrier_event(self, event: CarrierEvent) -> None:
        shipment = self._state.shipments.get(event.shipment_id)
        if shipment is not None and self._is_new(shipment.plan.carrier, event.event_id):
            report_from_carrier(shipment, event)

    @workflow.signal
    def stock_arrived(self, event: StockArrived) -> None:
        if self._is_new("stock", event.event_id):
            self._state.stock_arrived = True

    @workflow.signal
    def stock_taken(self, event: StockTaken) -> None:
        shipment = self._state.shipments.get(event.shipment_id)
        if shipment is not None and self._is_new("count", event.event_id):
            self._state.reopened = True
            if event.nothing_left or shipment.status is not ShipmentStatus.PLANNED:
                # The location may have been told to send more than the shipment now has.
                shipment.want_back(Withdrawal(reason=event.reason))

    @workflow.signal
    def yield_shipment(self, event: YieldShipment) -> None:
        shipment = self._state.shipments.get(event.shipment_id)
        if shipment is not None and self._is_new("yield", event.event_id):
            shipment.want_back(Withdrawal(reason=event.reason, yields=event.skus))

    @workflow.signal
    def location_closed(self, event: LocationClosed) -> None:
        shipment = self._state.shipments.get(event.shipment_id)
        if shipment is not None and self._is_new("closure", event.event_id):
            shipment.want_back(Withdrawal(reason=event.reason, even_if_unreachable=True))

    @workflow.signal
    def planned_anew(self, event: PlannedAnew) -> None:
        if self._is_new("settling", event.event_id):
            for shipment_id in event.shipments:
                shipment = self._state.shipments.get(shipment_id)
                if shipment is not None and shipment.status is ShipmentStatus.PLANNED:
                    shipment.want_back(Withdrawal(reason=PLANNED_ANEW))

    @workflow.signal
    def funds_arrived(self, event: FundsArrived) -> None:
        if self._is_new("funds", event.event_id):
            self._state.funds_arrived = True

    def _is_new(self, sender: str, event_id: str) -> bool:
        """Event ids are their sender's own: two senders may use the same one."""
        remembered = self._policy.remembered_events
        return first_time(self._state, f"{sender}/{event_id}", remembered)
