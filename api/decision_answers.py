"""What the API answers about decisions on where to ship from."""

from pydantic import Field

from api.answers import Answer, Instant, Links, Money, Units
from domain.messages.policy import Limit
from domain.sourcing.decision import ExclusionCode


class CostAnswer(Answer):
    """A term of the costs. `risk` is the cost of finding another way times how often the location
    fails, `lateness` that of arriving after the requested date, `scarcity` what taking these units
    there costs later orders, `split` that of each further shipment, `backorder` that of each unit
    that is not sent."""

    term: str = Field(examples=["parcel"])
    name: str = Field(description="The same in words.", examples=["parcel"])
    amount: Money


class PlaceAnswer(Answer):
    """A location by its id and its name."""

    location_id: str
    name: str


class SourcedAnswer(Answer):
    """What one location would send. Without a `carrier` the customer fetches it there. `pick_by`
    and `dispatch_by` are the last moments that keep the promise; `distance_km` is as the crow
    flies; `co2_grams` is CO2 equivalent, well to wheel."""

    location_id: str
    location_name: str
    carrier: str
    service: str
    service_name: str
    lines: list[Units]
    promise: Instant
    pick_by: Instant | None
    dispatch_by: Instant | None
    distance_km: int
    weight_grams: int
    parcels: int
    co2_grams: int
    cost: Money
    costs: list[CostAnswer]


class ChosenAnswer(SourcedAnswer):
    """A shipment that was decided; `why` tells why it comes from there."""

    shipment_id: str | None = Field(description="Null where it is not known any more.")
    why: str


class RejectedAnswer(Answer):
    """A plan that was not chosen. `difference` is what it costs more than the chosen one; one that
    costs less leaves more units out."""

    locations: list[PlaceAnswer]
    shipments: list[SourcedAnswer]
    missing_units: int
    cost: Money
    difference: Money
    costs: list[CostAnswer]
    text: str


class ExcludedAnswer(Answer):
    """Locations that could not take part, for the same reason."""

    code: ExclusionCode
    reason: str
    locations: list[PlaceAnswer]


class ReliefAnswer(Answer):
    """A limit of the policy that gave way, so that less is left out."""

    limit: Limit
    text: str


class GivenUpAnswer(Answer):
    """A shipment that did not happen; its units are what was decided again."""

    shipment_id: str
    location_name: str
    reason: str


class RuledOutAnswer(Answer):
    """A way that this order did not try (again), by what a person, a partner or a time limit said.
    What is null stands for all: a location alone, a location for one SKU, a carrier's service from
    everywhere. `new` says that it was not so yet for the decision before."""

    reason: str
    location_id: str | None
    location_name: str | None
    sku: str | None
    carrier: str | None
    service: str | None
    new: bool


class DecisionAnswer(Answer):
    """A decision on all units that were open at a moment, and why.

    `told` is all of it in sentences, to be read out; the other fields are its parts. `method` is
    how the plan was found; no other can cost less by more than `gap`, which `search` says in words.
    `backordered` are the units that are not sent, `shortage` says why. `cost` is the sum of
    `costs`, those of the shipments among them.
    """

    generation: int = Field(description="Numbers the decisions on an order, not without gaps.")
    at: Instant
    policy_version: str
    told: list[str]
    cause: str = Field(description="Why there was something to decide.")
    given_up: list[GivenUpAnswer]
    ruled_out: list[RuledOutAnswer]
    outcome: str = Field(description="What is sent from where and when it arrives, what is not.")
    method: str = Field(examples=["exact"])
    search: str = Field(examples=["Exact search: no plan is cheaper."])
    gap: Money
    gap_ratio: float = Field(description="`gap` as a share of `cost`.")
    cost: Money
    costs: list[CostAnswer]
    co2_grams: int
    shipments: list[ChosenAnswer]
    backordered: list[Units]
    shortage: str | None
    relaxed: list[ReliefAnswer]
    rejected: list[RejectedAnswer]
    excluded: list[ExcludedAnswer]


class DecisionsAnswer(Answer):
    """All decisions on an order, newest last; amounts in minor units of `currency`."""

    order_id: str
    currency: str
    language: str = Field(description="Of the words.", examples=["en"])
    decisions: list[DecisionAnswer]
    links: Links
