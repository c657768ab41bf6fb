"""Amendments of orders in books: asked for, and taken step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from activities.amending import AmendingActivities
from adapters.postgres import amendable, amendments, outlook
from adapters.postgres.network_cache import NetworkCache
from domain.amending import total_of
from domain.amending.words import reason_of
from domain.messages.amending import (
    AmendmentRefused,
    ApplyAmendment,
    CoverAmendment,
    ExamineAmendment,
    Obstacle,
    RefuseAmendment,
)
from domain.messages.steps import Abandon
from tests.support.books import AT
from tests.support.house import SHORT

if TYPE_CHECKING:
    from tests.support.books import Books

_REFUSAL = AmendmentRefused(obstacle=Obstacle.ORDER_ENDED, reason=reason_of(Obstacle.ORDER_ENDED))


class Amender:
    """Asks for amendments of orders in the books, and takes their steps."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.steps = AmendingActivities(
            books.engine, NetworkCache(books.engine, max_age=0), books.desk
        )

    async def ask(self, order: str, *, to: dict[str, int], **changes: Any) -> int:
        """An amendment of an order to so many units of its lines; gives its number."""
        async with self.books.engine.begin() as conn:
            await outlook.lock_order(conn, order)
            present = await amendable.read_present(conn, order)
            assert present is not None
            lines = [line.as_wanted(to[line.line_id]) for line in present.lines]
            lines += changes.pop("more", [])
            fields: dict[str, Any] = {
                "kind": "amendment",
                "base_version": present.version,
                "body_hash": "hash",
                "country": present.country,
                "postal_code": present.postal_code,
                "requested_date": present.requested_date,
                "contact_revision": present.contact_revision,
                "backorder": False,
            } | changes
            total = total_of(lines, tax_included=present.tax_included)
            new = amendments.NewAmendment(order_id=order, lines=lines, total=total, **fields)
            return await amendments.intend(conn, new, AT)

    async def examine(self, order: str, number: int, *stoppable: str) -> Any:
        return await self.steps.examine_amendment(
            ExamineAmendment(order_id=order, number=number, stoppable=stoppable, at=AT)
        )

    async def cover(self, order: str, number: int, **changes: Any) -> Any:
        fields: dict[str, Any] = {
            "policy_version": SHORT.version,
            "policy": SHORT.sourcing,
            "lacking": {},
        }
        return await self.steps.cover_amendment(
            CoverAmendment(order_id=order, number=number, at=AT, **(fields | changes))
        )

    async def apply(self, order: str, number: int, **changes: Any) -> Any:
        return await self.steps.apply_amendment(
            ApplyAmendment(order_id=order, number=number, at=AT, **({"funded": True} | changes))
        )

    async def refuse(self, order: str, number: int, refusal: AmendmentRefused = _REFUSAL) -> Any:
        return await self.steps.refuse_amendment(
            RefuseAmendment(order_id=order, number=number, refusal=refusal, at=AT)
        )


def given_up(shipment: str) -> tuple[Abandon, ...]:
    return (Abandon(shipment_id=shipment, location_name="Lille", reason="the order is amended"),)
