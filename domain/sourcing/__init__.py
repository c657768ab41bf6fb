"""From where an order ships: a pure decision on a complete snapshot."""

from domain.sourcing.plan import plan
from domain.sourcing.problem import (
    Alternative,
    Availability,
    Costs,
    Line,
    Location,
    Service,
    SourcedShipment,
    SourcingPlan,
    SourcingProblem,
)

__all__ = [
    "Alternative",
    "Availability",
    "Costs",
    "Line",
    "Location",
    "Service",
    "SourcedShipment",
    "SourcingPlan",
    "SourcingProblem",
    "plan",
]
