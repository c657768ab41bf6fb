"""Why a shipment goes on though its order was cancelled or put on hold, in words."""

from datetime import datetime
from enum import StrEnum

from domain.messages.orders import ShipmentStatus
from domain.values import Value
from domain.wording import in_words


class WhyOn(StrEnum):
    """`being_stopped`: nobody knows yet whether it can be; its location has not answered."""

    CANNOT_BE_STOPPED = "cannot_be_stopped"
    FETCHED = "fetched"
    GOES_TO_STORE = "goes_to_store"
    HAS_LEFT = "has_left"
    BEING_STOPPED = "being_stopped"


class Course(Value):
    """What is known of a shipment that was not given up. `refusal` is what its location said when
    it was to stop it, `store` where it is sent to be fetched."""

    shipment_id: str
    location_id: str
    location_name: str
    status: ShipmentStatus
    refusal: str | None = None
    left_at: datetime | None = None
    fetched_at: datetime | None = None
    store: str | None = None

    @property
    def why(self) -> WhyOn:
        if self.fetched_at is not None:
            return WhyOn.FETCHED
        if self.store is not None and self.left_at is not None:
            return WhyOn.GOES_TO_STORE
        if self.refusal is not None:
            return WhyOn.CANNOT_BE_STOPPED
        return WhyOn.BEING_STOPPED if self.left_at is None else WhyOn.HAS_LEFT


_WORDS: dict[WhyOn, dict[str, str]] = {
    WhyOn.CANNOT_BE_STOPPED: {
        "en": "{location} cannot stop it: {refusal}",
        "fr": "{location} ne peut pas l'arrêter : {refusal}",
    },
    WhyOn.FETCHED: {
        "en": "the customer fetched it on {occurred_at}",
        "fr": "le client l'a retirée le {occurred_at}",
    },
    WhyOn.GOES_TO_STORE: {
        "en": "it is on its way to {store}, or there",
        "fr": "elle est en route vers {store}, ou y est arrivée",
    },
    WhyOn.HAS_LEFT: {
        "en": "it left {location} on {occurred_at}",
        "fr": "elle a quitté {location} le {occurred_at}",
    },
    WhyOn.BEING_STOPPED: {
        "en": "{location} has not answered yet whether it can stop it",
        "fr": "{location} n'a pas encore répondu si elle peut l'arrêter",
    },
}


def why_it_goes_on(course: Course, language: str) -> str:
    """The reason in one of `domain.wording.LANGUAGES`."""
    detail = {
        "location": course.location_name,
        "refusal": course.refusal,
        "store": course.store,
        "occurred_at": course.fetched_at or course.left_at,
    }
    return in_words(_WORDS[course.why][language], detail, language)
