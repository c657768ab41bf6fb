"""Keeping the Temporal UI up to date: search attributes and current details."""

from temporalio import workflow

from domain.messages.state import OrderState
from workflows.attributes import Found, found, updates
from workflows.details import details


class Display:
    """What the UI shows of an order, and whether it still is what the order is."""

    def __init__(self, state: OrderState, currency: str) -> None:
        self._state = state
        self._currency = currency
        # The workflow was started with these, or continues a run that had them.
        self._found: Found = found(state)
        self._shown: tuple[object, ...] = ()

    @property
    def is_stale(self) -> bool:
        return self._glance() != self._shown

    def refresh(self) -> None:
        changes = updates(found(self._state), self._found)
        if changes:
            workflow.upsert_search_attributes(changes)
            self._found = found(self._state)
        workflow.set_current_details(details(self._state, self._currency))
        self._shown = self._glance()

    def _glance(self) -> tuple[object, ...]:
        """Cheap to compare: the conditions of a workflow are looked at very often."""
        state = self._state
        shipments = ((s.id, s.status, s.note, s.due) for s in state.shipments.values())
        told = state.explanation
        now = state.status, state.hold, state.stopping, state.promise, told
        return *now, state.version, state.amending, *shipments
