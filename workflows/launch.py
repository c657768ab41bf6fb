"""What an order's workflow is started with besides its input."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import Priority, TypedSearchAttributes

from domain.messages.orders import OrderFacts, Tender
from domain.messages.state import OrderState
from domain.wording import money
from workflows.attributes import attributes_at_start

# A worker that dies with an order in hand gives it back after this time.
_TASK_TIMEOUT = timedelta(seconds=4)
_URGENT = Priority(priority_key=1)


@dataclass(frozen=True)
class Launch:
    task_timeout: timedelta
    search_attributes: TypedSearchAttributes
    static_summary: str
    static_details: str
    priority: Priority


def launch(order: OrderFacts, state: OrderState | None = None) -> Launch:
    """How the UI shows an order, and finds it, from the start; `state` is where it goes on from."""
    return Launch(
        task_timeout=_TASK_TIMEOUT,
        search_attributes=attributes_at_start(order, state or OrderState()),
        static_summary=_summary(order),
        static_details=_details(order),
        priority=_URGENT if order.critical else Priority.default,
    )


def _summary(order: OrderFacts) -> str:
    urgent = ", critical" if order.critical else ""
    return (
        f"{order.channel} order {order.reference} of customer {order.customer_id}: "
        f"{order.line_count} line(s), {money(order.total, order.currency)}{urgent}"
    )


def _where(order: OrderFacts) -> dict[str, str]:
    if order.type.is_fetched:
        return {"Fetched at": order.collect_name or order.collect_at or ""}
    return {"Goes to": f"{order.country} {order.postal_code}"}


def _details(order: OrderFacts) -> str:
    wanted = f"{order.requested_date:%Y-%m-%d}" if order.requested_date else "as soon as possible"
    facts = {
        "Customer": order.customer_id,
        **_where(order),
        "Wanted": wanted,
        "Paid": "by card" if order.tender == Tender.CARD else "on account",
        "Ships": "only when complete" if order.ship_complete else "in parts if need be",
        "Received": f"{order.ordered_at:%Y-%m-%d %H:%M} UTC",
    }
    return "\n".join(f"- **{name}**: {value}" for name, value in facts.items())
