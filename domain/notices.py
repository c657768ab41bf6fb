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
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REMAINDER_CANCELLED = "remainder_cancelled"


class Told(Value):
    """What a customer last heard about when an order arrives: a day, and units still to come."""

    promised_day: str | None
    backordered_units: int


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
    if told == now:
        return None
    if now.backordered_units and (told is None or told.backordered_units != now.backordered_units):
        return Template.ALL_BACKORDERED if now.promised_day is None else Template.BACKORDERED
    if now.promised_day is None:
        return None
    first = told is None or told.promised_day is None
    return Template.CONFIRMED if first else Template.PROMISE_CHANGED
