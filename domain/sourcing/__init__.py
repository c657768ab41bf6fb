"""From where an order ships: a pure decision on a complete snapshot."""

from domain.sourcing.carriers import COLLECTED
from domain.sourcing.decision import Alternative, Costs, Excluded, SourcedShipment, SourcingPlan
from domain.sourcing.plan import plan
from domain.sourcing.problem import (
    Availability,
    Capacity,
    Line,
    Location,
    Pin,
    PlannedDay,
    Scarcity,
    Service,
    SourcingProblem,
    WeightBreak,
)

__all__ = [
    "COLLECTED",
    "Alternative",
    "Availability",
    "Capacity",
    "Costs",
    "Excluded",
    "Line",
    "Location",
    "Pin",
    "PlannedDay",
    "Scarcity",
    "Service",
    "SourcedShipment",
    "SourcingPlan",
    "SourcingProblem",
    "WeightBreak",
    "plan",
]
