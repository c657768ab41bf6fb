"""A stream of orders played on simulated days, to see what a way of sourcing makes of it.

Everything here is a function of its arguments: chance is drawn from a seed, by name.
"""

from domain.simulation.chance import Chance
from domain.simulation.course import Cost, Outcome
from domain.simulation.engine import simulate
from domain.simulation.rules import Decide, Rule, Watch, by_policy
from domain.simulation.scenario import (
    NOTHING_FAILS,
    Closure,
    Delivery,
    Disruptions,
    PlacedOrder,
    Scenario,
    SimulationError,
)

__all__ = [
    "NOTHING_FAILS",
    "Chance",
    "Closure",
    "Cost",
    "Decide",
    "Delivery",
    "Disruptions",
    "Outcome",
    "PlacedOrder",
    "Rule",
    "Scenario",
    "SimulationError",
    "Watch",
    "by_policy",
    "simulate",
]
