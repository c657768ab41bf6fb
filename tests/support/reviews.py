"""What a shipment's thread asks of the books when a milestone has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.messages.milestones import (
    ChangeService,
    FasterService,
    KeepService,
    Relabel,
    ReviewMilestone,
)
from tests.support.house import SHORT

# Lille closes at midnight, by its own clock.
CLOSED = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)


def look(shipment: str, generation: int = 1, **changes: Any) -> ReviewMilestone:
    request = {
        "shipment_id": shipment,
        "generation": generation,
        "at": CLOSED,
        "due": CLOSED,
        "released": True,
        "picked": False,
        "policy_version": SHORT.version,
        "policy": SHORT.sourcing,
    }
    return ReviewMilestone.model_validate(request | changes)


def paying(cents: int) -> dict[str, Any]:
    return {"policy": SHORT.sourcing.model_copy(update={"max_upgrade_cost": cents})}


def change(shipment: str, service: FasterService) -> ChangeService:
    return ChangeService(shipment_id=shipment, attempt=2, replaces=1, faster=service, at=CLOSED)


def keep(shipment: str, service: FasterService) -> KeepService:
    return KeepService(shipment_id=shipment, attempt=2, replaces=1, faster=service, at=CLOSED)


def relabel(shipment: str) -> Relabel:
    return Relabel(shipment_id=shipment, attempt=2, at=CLOSED)
