"""What a policy that decides beside the live one would have done differently.

Costs are what is paid, parcels and handling: the other terms of the objective are weights of each
policy and not to be compared.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.sourcing import SourcingPlan

MOST = 10
"""How many orders are shown that differ most."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """A decision in figures. `cost` is in minor units, `days` run from the decision to the last
    promise of what is sent and are None where nothing is; `missing` are units not sent."""

    cost: int
    shipments: int
    missing: int
    days: float | None
    co2_grams: int


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on an order with the one that a shadow made of the same snapshot; `live_version`
    and `shadow_version` are those of the policies."""

    order_id: str
    generation: int
    at: datetime
    currency: str
    live_version: str
    shadow_version: str
    live: SourcingPlan
    shadow: SourcingPlan


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision on an order that the shadow would have made otherwise."""

    order_id: str
    generation: int
    live: Figures
    shadow: Figures

    @property
    def _size(self) -> tuple[int, ...]:
        return (
            -abs(self.shadow.missing - self.live.missing),
            -abs(self.shadow.cost - self.live.cost),
            -abs(self.shadow.co2_grams - self.live.co2_grams),
        )

    @property
    def rank(self) -> tuple[tuple[int, ...], str, int]:
        """The smallest differs most: in units sent, then in cost, then in CO2."""
        return self._size, self.order_id, self.generation


@dataclass(slots=True)
class Comparison:
    """All decisions of a live policy that a shadow decided too, in one currency. `live` and
    `shadow` are sums; their `days` are over the `dated` decisions in which both send something.
    `most` are the decisions that differ most."""

    live_version: str
    shadow_version: str
    currency: str
    decisions: int = 0
    differing: int = 0
    dated: int = 0
    live: Figures = Figures(0, 0, 0, 0.0, 0)
    shadow: Figures = Figures(0, 0, 0, 0.0, 0)
    most: list[Difference] = field(default_factory=list)

    def add(self, decided: Decided) -> None:
        live, shadow = _figures(decided.live, decided.at), _figures(decided.shadow, decided.at)
        self.decisions += 1
        both = live.days is not None and shadow.days is not None
        self.dated += both
        self.live = _sum(self.live, live, dated=both)
        self.shadow = _sum(self.shadow, shadow, dated=both)
        if _meant(decided.live) != _meant(decided.shadow):
            self.differing += 1
            found = Difference(decided.order_id, decided.generation, live, shadow)
            self.most = sorted([*self.most, found], key=lambda one: one.rank)[:MOST]


class Comparisons:
    """One comparison for each pair of policies and each currency."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], Comparison] = {}

    def add(self, decided: Decided) -> None:
        pair = decided.live_version, decided.shadow_version, decided.currency
        self._pairs.setdefault(pair, Comparison(*pair)).add(decided)

    def all(self) -> list[Comparison]:
        """In the order of their names."""
        return [self._pairs[pair] for pair in sorted(self._pairs)]


def _figures(plan: SourcingPlan, at: datetime) -> Figures:
    promise = max((shipment.promise for shipment in plan.shipments), default=None)
    return Figures(
        cost=sum(s.costs.parcel + s.costs.handling for s in plan.shipments),
        shipments=len(plan.shipments),
        missing=sum(plan.backordered.values()),
        days=None if promise is None else (promise - at) / _DAY,
        co2_grams=sum(shipment.co2_grams for shipment in plan.shipments),
    )


def _sum(total: Figures, one: Figures, *, dated: bool) -> Figures:
    return Figures(
        cost=total.cost + one.cost,
        shipments=total.shipments + one.shipments,
        missing=total.missing + one.missing,
        days=(total.days or 0.0) + ((one.days or 0.0) if dated else 0.0),
        co2_grams=total.co2_grams + one.co2_grams,
    )


def _meant(plan: SourcingPlan) -> object:
    """What of a plan makes it another one: who sends what, and how."""
    sent = [
        (shipment.location_id, shipment.carrier, shipment.service, sorted(shipment.lines.items()))
        for shipment in plan.shipments
    ]
    return sorted(sent), plan.backordered
