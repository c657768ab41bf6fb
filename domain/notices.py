"""What customers are told, in their language."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from domain.values import Value
from domain.wording import day, in_words, language_of


class Template(StrEnum):
    CONFIRMED = "confirmed"
    PROMISE_CHANGED = "promise_changed"
    BACKORDERED = "backordered"
    ALL_BACKORDERED = "all_backordered"
    REST_EXPECTED = "rest_expected"
    REST_EXPECTED_IN_PART = "rest_expected_in_part"
    ALL_EXPECTED = "all_expected"
    ALL_EXPECTED_IN_PART = "all_expected_in_part"
    EXPECTED_CHANGED = "expected_changed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REMAINDER_CANCELLED = "remainder_cancelled"


class Told(Value):
    """What a customer last heard about when an order arrives: a day for what we have, and units
    still to come, `expected_units` of them by `expected_day`."""

    promised_day: str | None
    backordered_units: int
    expected_day: str | None = None
    expected_units: int = 0

    @property
    def complete_day(self) -> str | None:
        """The day by which all has arrived; None when there is none for some of it."""
        if self.expected_units < self.backordered_units:
            return None
        return max((day for day in (self.promised_day, self.expected_day) if day), default=None)


class Words(Value):
    subject: str
    body: str


_WORDS: dict[Template, dict[str, tuple[str, str]]] = {
    Template.CONFIRMED: {
        "en": (
            "Your order {reference} is confirmed",
            "Thank you for your order {reference}. It arrives by {promise}.",
        ),
        "fr": (
            "Votre commande {reference} est confirmée",
            "Merci pour votre commande {reference}. Elle arrive au plus tard le {promise}.",
        ),
    },
    Template.PROMISE_CHANGED: {
        "en": (
            "A new date for your order {reference}",
            "Your order {reference} now arrives by {promise}.",
        ),
        "fr": (
            "Une nouvelle date pour votre commande {reference}",
            "Votre commande {reference} arrive désormais au plus tard le {promise}.",
        ),
    },
    Template.BACKORDERED: {
        "en": (
            "Part of your order {reference} will follow",
            (
                "{units} unit(s) of your order {reference} are not in stock and follow as soon "
                "as they arrive. What we have arrives by {promise}."
            ),
        ),
        "fr": (
            "Une partie de votre commande {reference} suivra",
            (
                "{units} unité(s) de votre commande {reference} ne sont pas en stock. Nous les "
                "envoyons dès leur arrivée. Ce que nous avons arrive au plus tard le {promise}."
            ),
        ),
    },
    Template.ALL_BACKORDERED: {
        "en": (
            "Your order {reference} waits for stock",
            (
                "Thank you for your order {reference}. Its {units} unit(s) are not in stock and "
                "are sent as soon as they arrive; we tell you the day then."
            ),
        ),
        "fr": (
            "Votre commande {reference} attend du stock",
            (
                "Merci pour votre commande {reference}. Ses {units} unité(s) ne sont pas en stock "
                "et partent dès leur arrivée ; nous vous dirons alors le jour."
            ),
        ),
    },
    Template.REST_EXPECTED: {
        "en": (
            "Part of your order {reference} will follow",
            (
                "{units} unit(s) of your order {reference} are not in stock yet and arrive by "
                "{expected}. What we have arrives by {promise}."
            ),
        ),
        "fr": (
            "Une partie de votre commande {reference} suivra",
            (
                "{units} unité(s) de votre commande {reference} ne sont pas encore en stock et "
                "arrivent au plus tard le {expected}. Ce que nous avons arrive au plus tard le "
                "{promise}."
            ),
        ),
    },
    Template.REST_EXPECTED_IN_PART: {
        "en": (
            "Part of your order {reference} will follow",
            (
                "{units} unit(s) of your order {reference} are not in stock. {expected_units} of "
                "them arrive by {expected}, the others as soon as we get them. What we have "
                "arrives by {promise}."
            ),
        ),
        "fr": (
            "Une partie de votre commande {reference} suivra",
            (
                "{units} unité(s) de votre commande {reference} ne sont pas en stock. "
                "{expected_units} d'entre elles arrivent au plus tard le {expected}, les autres "
                "dès que nous les recevons. Ce que nous avons arrive au plus tard le {promise}."
            ),
        ),
    },
    Template.ALL_EXPECTED: {
        "en": (
            "Your order {reference} is confirmed",
            (
                "Thank you for your order {reference}. Its {units} unit(s) are not in stock yet "
                "and arrive by {expected}."
            ),
        ),
        "fr": (
            "Votre commande {reference} est confirmée",
            (
                "Merci pour votre commande {reference}. Ses {units} unité(s) ne sont pas encore en "
                "stock et arrivent au plus tard le {expected}."
            ),
        ),
    },
    Template.ALL_EXPECTED_IN_PART: {
        "en": (
            "Your order {reference} waits for stock",
            (
                "Thank you for your order {reference}. {expected_units} of its {units} unit(s) "
                "arrive by {expected}; the others are sent as soon as we get them, and we tell "
                "you the day then."
            ),
        ),
        "fr": (
            "Votre commande {reference} attend du stock",
            (
                "Merci pour votre commande {reference}. {expected_units} de ses {units} unité(s) "
                "arrivent au plus tard le {expected} ; les autres partent dès que nous les "
                "recevons, et nous vous dirons alors le jour."
            ),
        ),
    },
    Template.EXPECTED_CHANGED: {
        "en": (
            "A new date for your order {reference}",
            (
                "The {units} unit(s) of your order {reference} that are still to come now arrive "
                "by {expected}."
            ),
        ),
        "fr": (
            "Une nouvelle date pour votre commande {reference}",
            (
                "Les {units} unité(s) de votre commande {reference} encore attendues arrivent "
                "désormais au plus tard le {expected}."
            ),
        ),
    },
    Template.DISPATCHED: {
        "en": (
            "Your order {reference} is on its way",
            (
                "{units} unit(s) of your order {reference} left us with {carrier}, tracking number "
                "{tracking_number}."
            ),
        ),
        "fr": (
            "Votre commande {reference} est en route",
            (
                "{units} unité(s) de votre commande {reference} sont parties avec {carrier}, "
                "numéro de suivi {tracking_number}."
            ),
        ),
    },
    Template.DELIVERED: {
        "en": (
            "Your parcel for order {reference} has arrived",
            "The parcel {tracking_number} of your order {reference} was delivered.",
        ),
        "fr": (
            "Votre colis pour la commande {reference} est arrivé",
            "Le colis {tracking_number} de votre commande {reference} a été livré.",
        ),
    },
    Template.CANCELLED: {
        "en": (
            "Your order {reference} is cancelled",
            "Your order {reference} is cancelled. You owe nothing for what was not sent.",
        ),
        "fr": (
            "Votre commande {reference} est annulée",
            (
                "Votre commande {reference} est annulée. Vous ne devez rien pour ce qui n'est pas "
                "parti."
            ),
        ),
    },
    Template.REMAINDER_CANCELLED: {
        "en": (
            "The rest of your order {reference} is cancelled",
            (
                "We cannot send the rest of your order {reference}. You owe nothing for what was "
                "not sent."
            ),
        ),
        "fr": (
            "Le reste de votre commande {reference} est annulé",
            (
                "Nous ne pouvons pas envoyer le reste de votre commande {reference}. Vous ne devez "
                "rien pour ce qui n'est pas parti."
            ),
        ),
    },
}


def render(template: str, language: str, detail: Mapping[str, Any]) -> Words:
    """A notice in words. `detail` holds what the notice was queued with."""
    chosen = language_of(language)
    subject, body = _WORDS[Template(template)][chosen]
    return Words(
        subject=in_words(subject, detail, chosen, moments=day),
        body=in_words(body, detail, chosen, moments=day),
    )


def news(told: Told | None, now: Told) -> Template | None:
    """What to tell a customer when the promise stands at `now`; None when it is no news.

    A later check against the same promise says None, so each change is told once, however many
    attempts it took.
    """
    if told == now or (told is not None and _is_kept(told, now)):
        return None
    is_rest_new = told is None or _rest(told) != _rest(now)
    if now.backordered_units and (is_rest_new or now.expected_units):
        return _of_the_rest(told, now)
    if now.promised_day is None:
        return None
    first = told is None or (told.promised_day is None and told.expected_day is None)
    return Template.CONFIRMED if first else Template.PROMISE_CHANGED


def _is_kept(told: Told, now: Told) -> bool:
    """All still arrives by the day that was told, though more of it may be with us by now."""
    nothing_later = (
        now.backordered_units < told.backordered_units or now.promised_day == told.promised_day
    )
    return nothing_later and told.complete_day == now.complete_day is not None


def _rest(told: Told) -> tuple[int, str | None, int]:
    return told.backordered_units, told.expected_day, told.expected_units


def _of_the_rest(told: Told | None, now: Told) -> Template:
    """What is still to come: with a date, in part with a date, or without; and what we have."""
    nothing_yet = now.promised_day is None
    if now.expected_units == 0:
        return Template.ALL_BACKORDERED if nothing_yet else Template.BACKORDERED
    if now.expected_units < now.backordered_units:
        return Template.ALL_EXPECTED_IN_PART if nothing_yet else Template.REST_EXPECTED_IN_PART
    had_date = told is not None and told.expected_day is not None and told.complete_day is not None
    if told is not None and had_date and told.promised_day == now.promised_day:
        return Template.EXPECTED_CHANGED
    return Template.ALL_EXPECTED if nothing_yet else Template.REST_EXPECTED
