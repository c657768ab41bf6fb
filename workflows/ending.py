"""What the workflow of an order or a return is told when it runs on after its end."""

from temporalio import workflow

from domain.messages.events import EndedInBooks
from domain.messages.returns import ReturnState
from domain.messages.state import OrderState


class HearsOfItsEnd:
    """The signal of a workflow whose end is in the books already.

    A task that was lost may have written it, and what had led to it came with that task alone.
    """

    _state: OrderState | ReturnState

    @workflow.signal
    def ended_in_books(self, event: EndedInBooks) -> None:  # noqa: ARG002 - true however often
        self._state.ended_in_books = True
