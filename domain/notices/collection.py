"""The words for orders that customers fetch at a store."""

from domain.notices.templates import Spoken, Template

COLLECT_WORDS: dict[Template, Spoken] = {
    Template.CONFIRMED: {
        "en": (
            "Your order {reference} is confirmed",
            (
                "Thank you for your order {reference}. It is ready for you at {store} by "
                "{promise}; we write to you when it is."
            ),
        ),
        "fr": (
            "Votre commande {reference} est confirmée",
            (
                "Merci pour votre commande {reference}. Elle sera prête à {store} au plus tard le "
                "{promise} ; nous vous écrirons alors."
            ),
        ),
    },
    Template.PROMISE_CHANGED: {
        "en": (
            "A new date for your order {reference}",
            "Your order {reference} is now ready for you at {store} by {promise}.",
        ),
        "fr": (
            "Une nouvelle date pour votre commande {reference}",
            "Votre commande {reference} sera désormais prête à {store} au plus tard le {promise}.",
        ),
    },
    Template.BACKORDERED: {
        "en": (
            "Part of your order {reference} will follow",
            (
                "{units} unit(s) of your order {reference} are not in stock and follow as soon as "
                "they arrive. What we have is ready for you at {store} by {promise}."
            ),
        ),
        "fr": (
            "Une partie de votre commande {reference} suivra",
            (
                "{units} unité(s) de votre commande {reference} ne sont pas en stock et suivront "
                "dès leur arrivée. Ce que nous avons sera prêt à {store} au plus tard le {promise}."
            ),
        ),
    },
    Template.ALL_BACKORDERED: {
        "en": (
            "Your order {reference} waits for stock",
            (
                "Thank you for your order {reference}. Its {units} unit(s) are not in stock for "
                "{store}; we tell you the day as soon as they are."
            ),
        ),
        "fr": (
            "Votre commande {reference} attend du stock",
            (
                "Merci pour votre commande {reference}. Ses {units} unité(s) ne sont pas en stock "
                "pour {store} ; nous vous dirons le jour dès qu'elles le sont."
            ),
        ),
    },
    Template.REST_EXPECTED: {
        "en": (
            "Part of your order {reference} will follow",
            (
                "{units} unit(s) of your order {reference} are not in stock yet and are ready for "
                "you at {store} by {expected}, what we have by {promise}."
            ),
        ),
        "fr": (
            "Une partie de votre commande {reference} suivra",
            (
                "{units} unité(s) de votre commande {reference} ne sont pas encore en stock et "
                "seront prêtes à {store} au plus tard le {expected}, ce que nous avons au plus "
                "tard le {promise}."
            ),
        ),
    },
    Template.REST_EXPECTED_IN_PART: {
        "en": (
            "Part of your order {reference} will follow",
            (
                "{units} unit(s) of your order {reference} are not in stock. {expected_units} of "
                "them are ready for you at {store} by {expected}, the others as soon as we get "
                "them, and what we have by {promise}."
            ),
        ),
        "fr": (
            "Une partie de votre commande {reference} suivra",
            (
                "{units} unité(s) de votre commande {reference} ne sont pas en stock. "
                "{expected_units} d'entre elles seront prêtes à {store} au plus tard le "
                "{expected}, les autres dès que nous les recevons, et ce que nous avons au plus "
                "tard le {promise}."
            ),
        ),
    },
    Template.ALL_EXPECTED: {
        "en": (
            "Your order {reference} is confirmed",
            (
                "Thank you for your order {reference}. Its {units} unit(s) are not in stock yet "
                "and are ready for you at {store} by {expected}."
            ),
        ),
        "fr": (
            "Votre commande {reference} est confirmée",
            (
                "Merci pour votre commande {reference}. Ses {units} unité(s) ne sont pas encore "
                "en stock et seront prêtes à {store} au plus tard le {expected}."
            ),
        ),
    },
    Template.ALL_EXPECTED_IN_PART: {
        "en": (
            "Your order {reference} waits for stock",
            (
                "Thank you for your order {reference}. {expected_units} of its {units} unit(s) "
                "are ready for you at {store} by {expected}; for the others we tell you the day "
                "as soon as we get them."
            ),
        ),
        "fr": (
            "Votre commande {reference} attend du stock",
            (
                "Merci pour votre commande {reference}. {expected_units} de ses {units} unité(s) "
                "seront prêtes à {store} au plus tard le {expected} ; pour les autres, nous vous "
                "dirons le jour dès que nous les recevons."
            ),
        ),
    },
    Template.EXPECTED_CHANGED: {
        "en": (
            "A new date for your order {reference}",
            (
                "The {units} unit(s) of your order {reference} that are still to come are now "
                "ready for you at {store} by {expected}."
            ),
        ),
        "fr": (
            "Une nouvelle date pour votre commande {reference}",
            (
                "Les {units} unité(s) de votre commande {reference} encore attendues seront "
                "désormais prêtes à {store} au plus tard le {expected}."
            ),
        ),
    },
    Template.READY_TO_COLLECT: {
        "en": (
            "Your order {reference} is ready at {store}",
            (
                "{units} unit(s) of your order {reference} are ready for you at {store}. They are "
                "kept until {until}. Please show this message."
            ),
        ),
        "fr": (
            "Votre commande {reference} est prête à {store}",
            (
                "{units} unité(s) de votre commande {reference} sont prêtes à {store}. Elles y "
                "sont gardées jusqu'au {until}. Merci de présenter ce message."
            ),
        ),
    },
    Template.COLLECT_REMINDER: {
        "en": (
            "Your order {reference} still waits for you at {store}",
            "{units} unit(s) of your order {reference} are kept at {store} until {until} only.",
        ),
        "fr": (
            "Votre commande {reference} vous attend toujours à {store}",
            (
                "{units} unité(s) de votre commande {reference} ne sont plus gardées à {store} que "
                "jusqu'au {until}."
            ),
        ),
    },
    Template.COLLECTED: {
        "en": (
            "You have fetched your order {reference}",
            "{units} unit(s) of your order {reference} were handed over at {store}. Thank you.",
        ),
        "fr": (
            "Vous avez retiré votre commande {reference}",
            "{units} unité(s) de votre commande {reference} ont été remises à {store}. Merci.",
        ),
    },
    Template.COLLECTION_EXPIRED: {
        "en": (
            "Your order {reference} is not kept any longer",
            (
                "{units} unit(s) of your order {reference} were not fetched at {store}, and are "
                "cancelled. You owe nothing for them."
            ),
        ),
        "fr": (
            "Votre commande {reference} n'est plus gardée",
            (
                "{units} unité(s) de votre commande {reference} n'ont pas été retirées à {store} "
                "et sont annulées. Vous ne devez rien pour elles."
            ),
        ),
    },
}
"""Used where an order has a `store`; what is not here is said as of any other order."""
