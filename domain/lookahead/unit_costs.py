"""What it costs to send one unit of a SKU from a location to a region."""

from collections.abc import Mapping
from math import log2

from domain.messages.policy import SourcingPolicy
from domain.sourcing import Line, SourcingProblem
from domain.sourcing.offers import best_offer

# Weights within a factor of the square root of two count as one: a price is asked for few of them.
_STEPS_PER_DOUBLING = 2


class UnitCosts:
    """The costs of a usual shipment by its best service, shared by its units.

    `regions` are decisions without lines, one for each region; `grams` are weights by SKU,
    `units` is how many units a usual shipment has.
    """

    def __init__(
        self,
        regions: Mapping[str, SourcingProblem],
        policy: SourcingPolicy,
        grams: Mapping[str, int],
        units: int,
    ) -> None:
        self._regions = regions
        self._policy = policy
        self._grams = grams
        self._units = units
        locations = {place for problem in regions.values() for place in problem.locations}
        self._locations = {location.location_id: location for location in locations}
        self._known: dict[tuple[int, str, str], float | None] = {}

    def __call__(self, sku: str, location_id: str, region: str) -> float | None:
        """Minor units for one unit; None where no service takes it there."""
        step = round(_STEPS_PER_DOUBLING * log2(self._grams[sku]))
        key = (step, location_id, region)
        if key not in self._known:
            self._known[key] = self._ask(*key)
        return self._known[key]

    def _ask(self, step: int, location_id: str, region: str) -> float | None:
        location = self._locations.get(location_id)
        if location is None:
            return None
        grams = max(1, round(2 ** (step / _STEPS_PER_DOUBLING)))
        line = Line(line_id="1", sku="", quantity=self._units, weight_grams=grams)
        offer = best_offer(self._regions[region], self._policy, location, {line: self._units})
        return None if offer is None else offer.costs.total / self._units
