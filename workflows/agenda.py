"""What an order's process has to see to next, of all that its state says: the most urgent first."""

from enum import Enum, auto

from domain.messages.orders import HoldReason
from domain.messages.state import OrderState
from workflows import cancelling
from workflows.amending import Amending
from workflows.clock import is_past
from workflows.renewals import Renewals


class Task(Enum):
    """One thing that the process does before it looks again."""

    END_AS_WRITTEN = auto()
    AMEND = auto()
    CANCEL = auto()
    HOLD = auto()
    REJECT = auto()
    RELEASE = auto()
    MOVE = auto()
    GO_ON_WITH_CREDIT = auto()
    SOURCE_AGAIN = auto()
    END = auto()
    CANCEL_REST = auto()
    LOOK_FOR_STOCK = auto()
    SEE_TO_PAYMENTS = auto()
    BACKORDER_EXPIRED = auto()
    CAPTURE_REFUSED = auto()
    HOLD_EXPIRED = auto()


class Agenda:
    """The tasks of an order's process. Cheap to look at: the conditions of a workflow are looked at
    very often."""

    def __init__(self, state: OrderState, amending: Amending, renewals: Renewals) -> None:
        self._state = state
        self._amending = amending
        self._renewals = renewals

    @property
    def next(self) -> Task | None:
        """What is to be done now; None where the process waits for a report, a request or a
        deadline. Before an amendment is decided nothing else is done, but what stops the order, or
        lets it go on: what is kept on hold waits for its locations however long that takes. An end
        that the books know of goes before everything."""
        if self._state.is_to_end_as_written:
            return Task.END_AS_WRITTEN
        if self._amending.is_next:
            waits = Task.RELEASE if self._state.release is not None else None
            return Task.AMEND if self._amending.can_go_on else waits
        return self._wanted or self._open or self._waited_for

    @property
    def is_through(self) -> bool:
        """Nothing is under way of the order itself and nothing is owed."""
        state = self._state
        return (
            state.hold is None
            and state.stopping is None
            and not state.is_to_end_as_written
            and state.amending is None
            and not state.is_being_decided
            and not state.backordered
            and not state.abandoned
            and not state.reopened
            and state.uncaptured is None
            and all(shipment.is_over for shipment in state.shipments.values())
        )

    @property
    def _wanted(self) -> Task | None:
        """What people have decided. A cancellation goes before everything else, then a hold."""
        state = self._state
        wanted = {
            Task.CANCEL: state.cancelling,
            Task.HOLD: state.holding,
            Task.REJECT: state.rejection,
            Task.RELEASE: state.release,
            Task.MOVE: state.moving,
        }
        return next((task for task, request in wanted.items() if request is not None), None)

    @property
    def _open(self) -> Task | None:
        """What has become possible, or has failed, or is to end."""
        state = self._state
        if self._is_funded_meanwhile:
            return Task.GO_ON_WITH_CREDIT
        if state.abandoned or state.reopened:
            return Task.SOURCE_AGAIN
        if state.can_be_ended:
            return Task.END
        return Task.CANCEL_REST if cancelling.has_rest(state) else None

    @property
    def _waited_for(self) -> Task | None:
        """What the order waits for has come, or has not come in time."""
        state = self._state
        if state.stock_arrived:
            return Task.LOOK_FOR_STOCK
        if self._renewals.is_due:
            return Task.SEE_TO_PAYMENTS
        if is_past(state.backordered_until):
            return Task.BACKORDER_EXPIRED
        if state.uncaptured is not None and state.hold is None and state.stopping is None:
            return Task.CAPTURE_REFUSED
        return Task.HOLD_EXPIRED if self._is_hold_over else None

    @property
    def _is_funded_meanwhile(self) -> bool:
        state = self._state
        waits = state.hold is not None and state.hold.reason is HoldReason.CREDIT_LIMIT
        return waits and state.funds_arrived and state.stopping is None

    @property
    def _is_hold_over(self) -> bool:
        """Shipments under way end first: what they still are decides what there is to give up."""
        state = self._state
        is_over = state.hold is not None and is_past(state.hold.until)
        return is_over and all(shipment.is_over for shipment in state.shipments.values())
