"""What becomes of an order in a simulation, and the figures of all of them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from domain.messages.policy import SourcingPolicy
from domain.messages.steps import Exclusion
from domain.simulation.scenario import PlacedOrder
from domain.sourcing import Line, SourcedShipment

_GRAMS_PER_TONNE = 1_000_000
_GRAMS_PER_KG = 1000


@dataclass(slots=True)
class Sent:
    """A shipment that left, as planned but for when it `arrives`."""

    planned: SourcedShipment
    arrives: datetime


@dataclass(slots=True, eq=False)
class Course:
    """An order under way. `number` is its place in the stream; `lacking` are the units by line that
    are on no shipment; `promise` is the first one, None where it did not cover all; `tries` counts
    its shipments by location."""

    order: PlacedOrder
    number: int
    skus: Mapping[str, str]
    lacking: dict[str, int]
    promise: datetime | None = None
    backordered: int = 0
    resourcings: int = 0
    decisions: int = 0
    given_up: bool = False
    sent: list[Sent] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)

    @property
    def rank(self) -> tuple[bool, int]:
        """Who is served first: the critical ones, then by age."""
        return not self.order.critical, self.number

    def lines(self) -> tuple[Line, ...]:
        """The order's lines with what they still lack."""
        if not self.decisions:
            return self.order.lines
        return tuple(
            line.model_copy(update={"quantity": units})
            for line in self.order.lines
            if (units := self.lacking.get(line.line_id))
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What an outcome costs, in minor units. `freight` and `handling` are money; the others are
    priced by the scenario's weights: days after the requested date, shipments beyond an order's
    first, attempts to find another way, CO2."""

    freight: int = 0
    handling: int = 0
    lateness: int = 0
    splits: int = 0
    resourcing: int = 0
    co2: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, term.name) for term in fields(self))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule made of a scenario.

    `served` counts the orders of which something was sent, `otif` those that arrived complete in
    the window promised when they were placed, `requested` those with a requested date, `in_time`
    those of them that arrived complete by the end of it. `backordered` are the units, and
    `backordered_orders` the orders, that waited at the first decision; `unsent` the units that had
    not left at the end. `load` counts the shipments of each location.
    """

    orders: int
    units: int
    cost: Cost
    shipments: int
    served: int
    otif: int
    requested: int
    in_time: int
    backordered: int
    backordered_orders: int
    unsent: int
    resourcings: int
    decisions: int
    co2_grams: int
    km: int
    load: Mapping[str, int]

    def figures(self) -> dict[str, float]:
        """The figures that reports compare, by name; amounts in minor units."""
        shares = {
            "otif": _share(self.otif, self.orders),
            "in_time": _share(self.in_time, self.requested),
            "fill": 1.0 - _share(self.backordered, self.units),
        }
        terms = {term.name: float(getattr(self.cost, term.name)) for term in fields(self.cost)}
        return {
            "cost": float(self.cost.total),
            **terms,
            "cost_per_order": _share(self.cost.total, self.served),
            "shipments_per_order": _share(self.shipments, self.served),
            **shares,
            "backordered_orders": float(self.backordered_orders),
            "backordered_units": float(self.backordered),
            "unsent_units": float(self.unsent),
            "resourcings": float(self.resourcings),
            "co2_kg": self.co2_grams / _GRAMS_PER_KG,
            "km": float(self.km),
        }


def _share(count: int, of: int) -> float:
    return count / of if of else 0.0


def tally(courses: Iterable[Course], weights: SourcingPolicy) -> Outcome:
    """Sum up what became of the orders."""
    total: Counter[str] = Counter()
    load: Counter[str] = Counter()
    for course in courses:
        _add(total, course, weights)
        for sent in course.sent:
            load[sent.planned.location_id] += 1
    co2 = -(-total["co2_grams"] * weights.co2_price_per_tonne // _GRAMS_PER_TONNE)
    terms = ("freight", "handling", "lateness", "splits", "resourcing")
    counts = (
        "orders", "units", "shipments", "served", "otif", "requested", "in_time", "backordered",
        "backordered_orders", "unsent", "resourcings", "decisions", "co2_grams", "km",
    )  # fmt: skip
    return Outcome(
        cost=Cost(**{name: total[name] for name in terms}, co2=co2),
        load=dict(sorted(load.items())),
        **{name: total[name] for name in counts},
    )


def _add(total: Counter[str], course: Course, weights: SourcingPolicy) -> None:
    order, sent = course.order, course.sent
    lacking = sum(course.lacking.values())
    arrived = max((one.arrives for one in sent), default=None) if not lacking else None
    total["orders"] += 1
    total["units"] += sum(line.quantity for line in order.lines)
    total["decisions"] += course.decisions
    total["shipments"] += len(sent)
    total["served"] += bool(sent)
    total["splits"] += weights.split_penalty * max(0, len(sent) - 1)
    total["resourcings"] += course.resourcings
    total["resourcing"] += weights.resourcing_cost * course.resourcings
    total["backordered"] += course.backordered
    total["backordered_orders"] += course.backordered > 0
    total["unsent"] += lacking
    if arrived is not None and course.promise is not None:
        total["otif"] += arrived <= course.promise
    if order.requested_date is not None:
        total["requested"] += 1
        total["in_time"] += arrived is not None and arrived.date() <= order.requested_date
    for one in sent:
        planned = one.planned
        total["freight"] += planned.costs.parcel
        total["handling"] += planned.costs.handling
        total["lateness"] += _lateness(order, weights, one.arrives)
        total["co2_grams"] += planned.co2_grams
        total["km"] += planned.distance_km


def _lateness(order: PlacedOrder, weights: SourcingPolicy, arrives: datetime) -> int:
    """As the objective has it, of the day on which a shipment really arrives."""
    per_day = weights.lateness_per_day
    if order.critical:
        per_day *= weights.criticality
    elif order.requested_date is None:
        return 0
    wanted = order.requested_date or order.at.date()
    return max(0, (arrives.date() - wanted).days) * per_day
