"""How the outside world behaves: seeded odds, its pace, and exceptions for single partners."""

import random
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Chance = Literal[
    "carrier_refuses",  # a booking is refused, 409
    "carrier_hangs_after_booking",  # it books, and its answer does not come in time
    "carrier_unavailable",  # 503; drawn anew for each attempt
    "warehouse_refuses",  # a release is refused, 409
    "warehouse_hangs_after_accepting",  # it accepts, and its answer does not come in time
    "warehouse_unavailable",  # 503; drawn anew for each attempt
    "warehouse_rejects",  # it accepts, and rejects later by webhook
    "warehouse_silent",  # it accepts, and is never heard of again
    "short_pick",  # one line of the release is short; of every ten such, one finds nothing at all
    "payment_declines",  # 402
    "payment_hangs_after_authorising",  # it authorises, and its answer does not come in time
    "payment_hangs_after_capturing",  # it captures, and its answer does not come in time
    "payment_hangs_after_refunding",  # it gives back, and its answer does not come in time
    "refund_refuses",  # a refund is refused, 409
    "payment_unavailable",  # 503; drawn anew for each attempt
    "notifier_unavailable",  # 503; drawn anew for each attempt
    "duplicate_webhook",  # an event is reported twice, the second time at once or later
    "late_webhook",  # an event is reported 6 to 24 hours after it happened
    "reordered_webhook",  # an event is reported after the next one of its shipment
    "collected_event",  # the carrier reports that it collected the parcel
    "in_transit_event",  # the carrier reports a parcel under way
    "exception_event",  # a first delivery fails, and the parcel arrives a working day later
    "no_show",  # nobody comes to fetch what is ready at a store
    "indiscreet",  # a refusal or a report repeats who the recipient is, and where
    "late_delivery",  # the parcel arrives one to four days after the day agreed
]
Probability = Annotated[float, Field(ge=0, le=1)]
Odds = dict[Chance, Probability]
Hours = tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]]


@dataclass(frozen=True)
class Subject:
    """Whom a chance is about, as far as it is known."""

    carrier: str | None = None
    service: str | None = None
    location: str | None = None


class Override(BaseModel):
    """Other odds for the partners that match every selector given.

    `picks_at_most` caps the units of `sku` that `location` finds for one release, over its lines.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    carrier: str | None = None
    service: str | None = None
    location: str | None = None
    sku: str | None = None
    odds: Odds = {}
    picks_at_most: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _a_cap_and_a_sku_go_together(self) -> Self:
        if (self.sku is None) != (self.picks_at_most is None):
            raise ValueError("sku and picks_at_most are given together or not at all")
        if self.sku is not None and self.odds:
            raise ValueError("odds are for partners, not for one sku")
        return self

    def applies_to(self, subject: Subject) -> bool:
        """Whether every selector given names this subject."""
        return (
            self.carrier in (None, subject.carrier)
            and self.service in (None, subject.service)
            and self.location in (None, subject.location)
        )


class Behaviour(BaseModel):
    """The whole of it, replaceable at run time.

    Odds not given are 0; of the overrides that fit, the last one wins.

    `speed` is simulated seconds per real second. `pick_hours` and `dispatch_hours` are simulated
    hours from acceptance to pick and from there to dispatch, `collect_hours` those from being ready
    at a store to its customer's coming. `authorisation_hours` is how many simulated hours an
    authorised payment can be captured, None for ever. `hang_seconds` and `retry_seconds` are
    real: how long a lost answer is held back, and the first pause before a webhook is repeated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    speed: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    odds: Odds = {}
    overrides: tuple[Override, ...] = ()
    pick_hours: Hours = (0.5, 3.0)
    dispatch_hours: Hours = (0.5, 4.0)
    collect_hours: Hours = (2.0, 48.0)
    authorisation_hours: Annotated[float, Field(gt=0)] | None = None
    hang_seconds: Annotated[float, Field(ge=0)] = 60.0
    retry_seconds: Annotated[float, Field(gt=0)] = 0.2

    def dice(self, kind: str, reference: str) -> random.Random:
        """Random numbers that depend on the seed, the kind and the reference: not on the order."""
        return random.Random(f"{self.seed}:{kind}:{reference}")

    def probability(self, chance: Chance, subject: Subject) -> float:
        """The odds of `chance` for a partner, with the overrides."""
        for override in reversed(self.overrides):
            if chance in override.odds and override.applies_to(subject):
                return override.odds[chance]
        return self.odds.get(chance, 0.0)

    def happens(self, chance: Chance, reference: str, subject: Subject, attempt: int = 0) -> bool:
        """Draw; `attempt` counts from 0 where each repetition has a chance of its own."""
        dice = self.dice(chance, reference)
        for _ in range(attempt):
            dice.random()
        return dice.random() < self.probability(chance, subject)

    def authorised_until(self, now: float) -> float | None:
        """Until when a payment that is authorised now can be captured; None for ever."""
        if self.authorisation_hours is None:
            return None
        return now + self.authorisation_hours * 3600 / self.speed

    def pick_limit(self, location: str, sku: str) -> int | None:
        """How many units of `sku` the location finds at most for one release; None: no limit."""
        subject = Subject(location=location)
        for override in reversed(self.overrides):
            if override.sku == sku and override.applies_to(subject):
                return override.picks_at_most
        return None
