"""What the Temporal UI shows of a return: search attributes, and current details in words."""

from temporalio import workflow

from domain.messages.returns import ReturnFacts, ReturnReport, ReturnState, ReturnStatus
from domain.wording import moment
from workflows.attributes import CHANNEL, CUSTOMER, LOCATIONS, STATUS

_STATUS = {
    ReturnStatus.REQUESTED: "asked for",
    ReturnStatus.AUTHORISED: "authorised",
    ReturnStatus.RECEIVED: "received in part or whole",
    ReturnStatus.REFUND_REFUSED: "received, a refund was refused",
    ReturnStatus.CLOSED: "closed",
    ReturnStatus.EXPIRED: "expired, nothing came in time",
    ReturnStatus.CANCELLED: "cancelled",
}


class ReturnDisplay:
    """What the UI shows of a return, and whether it still is what the return is."""

    def __init__(self, facts: ReturnFacts, state: ReturnState) -> None:
        self._facts = facts
        self._state = state
        self._found: ReturnStatus | None = None
        self._shown: str | None = None

    @property
    def is_stale(self) -> bool:
        return details(self._facts, self._state) != self._shown

    def refresh(self) -> None:
        facts, status = self._facts, self._state.status
        if self._found is None:
            workflow.upsert_search_attributes(
                [
                    CHANNEL.value_set(facts.channel),
                    CUSTOMER.value_set(facts.customer_id),
                    LOCATIONS.value_set([facts.return_to]),
                    STATUS.value_set(status.value),
                ]
            )
        elif self._found is not status:
            workflow.upsert_search_attributes([STATUS.value_set(status.value)])
        self._found = status
        self._shown = details(facts, self._state)
        workflow.set_current_details(self._shown)


def details(facts: ReturnFacts, state: ReturnState) -> str:
    """Status, what the return waits for and until when, and line by line what came of it."""
    parts = [
        f"**{_STATUS[state.status].capitalize()}**, return of order {facts.order_id}",
        "",
        "### Waits for",
        *[f"- {wait}" for wait in _waits(facts, state)],
    ]
    if state.label is not None:
        label = f"- {state.label.carrier} {state.label.service}, {state.label.tracking_number}"
        parts += ["", "### The way back", label]
    lines = sorted({*facts.announced, *state.received}, key=lambda line: (len(line), line))
    parts += ["", "### Lines"]
    parts += [
        f"- line {line}: {facts.announced.get(line, 0)} announced, "
        f"{state.received.get(line, 0)} came, {state.inspected.get(line, 0)} inspected"
        for line in lines
    ]
    if state.exchange_order is not None:
        parts += ["", f"### In exchange: order {state.exchange_order}"]
    return "\n".join(parts)


def _waits(facts: ReturnFacts, state: ReturnState) -> list[str]:
    if state.status.is_final:
        return ["nothing"]
    if not state.has_begun:
        return ["a carrier to take the way back"]
    waits = [f"refund {refund} to be made" for refund in state.refunds]
    waits += [
        f"a person to have refund {refund} tried again, or to settle it otherwise: {reason}"
        for refund, reason in state.refused.items()
    ]
    if state.awaits_inspection:
        waits.append(f"{state.awaits_inspection} unit(s) to be inspected")
    if any(state.received.get(line, 0) < units for line, units in facts.announced.items()):
        until = moment(facts.expires_at, "en")
        waits.append(f"the goods to come to {facts.return_to_name}, until {until}")
    return waits or ["nothing"]


def what_is_said(report: ReturnReport) -> str:
    """A report in a line."""
    came = sum(units.quantity for units in report.arrived)
    seen = sum(units.quantity for units in report.inspected)
    said = [f"take in {came} unit(s)"] if came else []
    said += [f"inspect {seen} unit(s)"] if seen else []
    return f"At {report.location_id}: {', '.join(said)}"
