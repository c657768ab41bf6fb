"""Answers from what the books and the workflows know."""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode

from adapters.postgres.listing import ListedOrder
from adapters.postgres.order_views import OrderView
from api.answers import (
    Answer,
    Destination,
    ExpectedUnits,
    HoldAnswer,
    ListedOrderAnswer,
    OrderAnswer,
    OrderPlaced,
    ShipmentPlanned,
    TimelineEntry,
    Units,
)
from domain.messages.orders import OrderStatus, Placement, ShipmentStatus
from domain.timeline import EventKind, describe

Shown = TypeVar("Shown", bound=Answer)


def links_of(
    order_id: str, status: OrderStatus | None = None, *, is_fetched: bool = False
) -> dict[str, str]:
    """Where to go on from an order."""
    # A colon is a plain character in a path.
    itself = f"/orders/{quote(order_id, safe=':')}"
    links = {"self": itself}
    if status == OrderStatus.ON_HOLD:
        links["release_hold"] = f"{itself}/hold/release"
        links["reject_hold"] = f"{itself}/hold/reject"
    if is_fetched and status is not None and not status.is_final:
        links["collect_at"] = f"{itself}/collect-at"
    return links


def decisions_path(order_id: str) -> str:
    """Where it says why an order ships from where."""
    return f"/orders/{quote(order_id, safe=':')}/decisions"


def _parts_of(order: OrderView) -> dict[str, str]:
    """Where more is told of an order, and how it can still be changed."""
    itself = f"/orders/{quote(order.order_id, safe=':')}"
    links = {
        "decisions": decisions_path(order.order_id),
        "returns": f"{itself}/returns",
        "invoices": f"/invoices?{urlencode({'order': order.order_id})}",
        "customer": f"/customers/{quote(order.customer_id, safe='')}",
    }
    return links | {name: itself + path for name, path in _changes(order).items()}


def _changes(order: OrderView) -> dict[str, str]:
    """What can be asked of an order, as far as the books know; one that is being cancelled is only
    asked for that again."""
    if order.status.is_final:
        return {}
    under_way = [shipment for shipment in order.shipments if not shipment.status.is_over]
    lacks = not order.shipments or any(line.backordered for line in order.lines)
    changes = {"cancel": "/cancel"} if lacks or under_way else {}
    if any(event.kind == EventKind.CANCEL_ASKED for event in order.events):
        return changes
    stoppable = any(not shipment.status.has_left for shipment in under_way)
    if order.status != OrderStatus.ON_HOLD and (lacks or stoppable):
        changes["hold"] = "/hold"
    return changes | {"amend": ""}


def placed_from_thread(placement: Placement, skus: Mapping[str, str]) -> OrderPlaced:
    """The answer that the order's workflow gives; `skus` maps its line ids."""

    def units(lines: Mapping[str, int]) -> list[Units]:
        return [
            Units(line_id=line, sku=skus[line], quantity=quantity)
            for line, quantity in lines.items()
        ]

    hold = placement.hold
    return OrderPlaced(
        order_id=placement.order_id,
        status=placement.status,
        promise=placement.promise,
        shipments=[
            ShipmentPlanned(
                **shipment.model_dump(
                    include=set(ShipmentPlanned.model_fields) - {"lines"},
                ),
                lines=units(shipment.lines),
            )
            for shipment in placement.shipments
        ],
        backordered=units(placement.backordered),
        expected=[
            ExpectedUnits(
                quantity=claim.units, **claim.model_dump(include=set(ExpectedUnits.model_fields))
            )
            for claim in placement.expected
        ],
        expected_by=placement.expected_by,
        hold=None if hold is None else HoldAnswer.model_validate(hold),
        links=links_of(placement.order_id, placement.status),
    )


def placed_from_books(order: OrderView) -> OrderPlaced:
    """The same for an order whose workflow has ended: how it stands now."""
    expected = [claim for line in order.lines for claim in line.expected]
    return OrderPlaced(
        order_id=order.order_id,
        status=order.status,
        promise=order.promise,
        shipments=[
            ShipmentPlanned.model_validate(shipment)
            for shipment in order.shipments
            if shipment.status not in (ShipmentStatus.ABANDONED, ShipmentStatus.EXPIRED)
        ],
        backordered=[
            Units(line_id=line.line_id, sku=line.sku, quantity=line.backordered)
            for line in order.lines
            if line.backordered
        ],
        expected=[ExpectedUnits.model_validate(claim) for claim in expected],
        expected_by=max((claim.promise for claim in expected), default=None),
        hold=_hold(order),
        links=links_of(order.order_id, order.status),
    )


def order_answer(order: OrderView, language: str) -> OrderAnswer:
    """All of an order, its timeline in words of that language."""
    parts = {
        name: getattr(order, name) for name in OrderAnswer.model_fields if hasattr(order, name)
    }
    return OrderAnswer.model_validate(
        {
            **parts,
            "ship_to": Destination(country=order.country, postal_code=order.postal_code),
            "timeline": [
                TimelineEntry(
                    at=event.at, kind=event.kind, text=describe(event.kind, event.detail, language)
                )
                for event in order.events
            ],
            "hold": _hold(order),
            "links": links_of(order.order_id, order.status, is_fetched=order.type.is_fetched)
            | _parts_of(order),
        }
    )


def listed(order: ListedOrder) -> ListedOrderAnswer:
    """One order of a list."""
    return linked(ListedOrderAnswer, order, **links_of(order.order_id, order.status))


def linked(kind: type[Shown], view: object, **links: str) -> Shown:
    """An answer of what a view has under the same names, with its links."""
    parts = {name: getattr(view, name) for name in kind.model_fields if name != "links"}
    return kind.model_validate({**parts, "links": links})


def _hold(order: OrderView) -> HoldAnswer | None:
    if order.status != OrderStatus.ON_HOLD or order.hold_reason is None:
        return None
    held = [event for event in order.events if event.kind in (EventKind.HELD, EventKind.HELD_BY)]
    last = held[-1] if held else None
    return HoldAnswer(
        reason=order.hold_reason,
        explanation=last.detail.get("explanation", "") if last else "",
        by=last.detail.get("by") if last else None,
        since=last.at if last else None,
        until=last.detail.get("until") if last else None,
    )
