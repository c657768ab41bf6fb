"""What a calendar answers: milestones, or why there are none."""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from domain.values import Value


class Milestones(Value):
    """The moments on which an arrival rests, each the latest that keeps it.

    What the location has before `order_by` and has picked by `pick_by`, the carrier collects at
    `dispatch_by`; it is then delivered until `promise` on `arrival_day`. The first three are in the
    location's zone, the promise is in the destination's. `dispatch_day` is the location's day on
    which it is collected: where a location closes at midnight, `dispatch_by` is the end of it.
    """

    order_by: AwareDatetime
    pick_by: AwareDatetime
    dispatch_by: AwareDatetime
    dispatch_day: date
    arrival_day: date
    promise: AwareDatetime


class Obstacle(StrEnum):
    """Why no parcel can leave or arrive."""

    NOT_OFFERED = "not_offered"
    NO_PICKUP = "no_pickup"
    NEVER_OPEN = "never_open"
    FULL = "full"
    NO_DAY = "no_day"
    OUT_OF_RANGE = "out_of_range"

    def words(self, language: str = "en") -> str:
        """In words; `language` is one of `domain.wording.LANGUAGES`."""
        return _WORDS[language][self]


class NotPossible(Value):
    """That there are no milestones, and why."""

    reason: Obstacle


_WORDS = {
    "en": {
        Obstacle.NOT_OFFERED: "the service does not run to this destination",
        Obstacle.NO_PICKUP: "the carrier does not collect at such locations",
        Obstacle.NEVER_OPEN: "the location is never open",
        Obstacle.FULL: "the location has no capacity left on any day within a year",
        Obstacle.NO_DAY: "there is no day within a year on which it can be collected and delivered",
        Obstacle.OUT_OF_RANGE: "the calendars do not reach that far",
    },
    "fr": {
        Obstacle.NOT_OFFERED: "le service ne dessert pas cette destination",
        Obstacle.NO_PICKUP: "le transporteur ne collecte pas auprès de tels sites",
        Obstacle.NEVER_OPEN: "le site n'est jamais ouvert",
        Obstacle.FULL: "le site n'a plus de capacité sur une année entière",
        Obstacle.NO_DAY: "aucun jour d'ici un an ne permet l'enlèvement et la livraison",
        Obstacle.OUT_OF_RANGE: "les calendriers ne vont pas jusque-là",
    },
}
