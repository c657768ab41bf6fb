"""What the UI says of a return from its start."""

from domain.messages.returns import ReturnStart


def summary_of(start: ReturnStart) -> str:
    """All of it in one line."""
    facts = start.facts
    units = sum(facts.announced.values())
    return (
        f"Return {facts.return_id} of customer {facts.customer_id}: {units} unit(s) to "
        f"{facts.return_to_name}, {facts.resolution.value}"
    )


def details_of(start: ReturnStart) -> str:
    """The same at length, a line each."""
    facts = start.facts
    shown = {
        "Order": facts.order_id,
        "Customer": facts.customer_id,
        "Opened": f"{facts.opened_at:%Y-%m-%d %H:%M} UTC, {facts.origin.value.replace('_', ' ')}",
        "Goes to": facts.return_to_name,
        "Awaited until": f"{facts.expires_at:%Y-%m-%d %H:%M} UTC",
    }
    return "\n".join(f"- **{name}**: {value}" for name, value in shown.items())
