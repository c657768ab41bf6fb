"""The words for orders that are sent to their customers."""

from domain.notices.templates import Spoken, Template

WORDS: dict[Template, Spoken] = {
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
    Template.AMENDED: {
        "en": (
            "Your order {reference} is changed",
            "Your order {reference} is changed as you asked. It comes to {total}.",
        ),
        "fr": (
            "Votre commande {reference} est modifiée",
            "Votre commande {reference} est modifiée comme demandé. Elle revient à {total}.",
        ),
    },
    Template.LINES_CANCELLED: {
        "en": (
            "A part of your order {reference} is cancelled",
            "A part of your order {reference} is cancelled. The rest comes to {total}.",
        ),
        "fr": (
            "Une partie de votre commande {reference} est annulée",
            "Une partie de votre commande {reference} est annulée. Le reste revient à {total}.",
        ),
    },
    Template.CANCELLED_IN_PART: {
        "en": (
            "Your order {reference} is cancelled in part",
            (
                "{units} unit(s) of your order {reference} are cancelled, and you owe nothing for "
                "them. {going_on} unit(s) could not be stopped any more and still reach you; you "
                "can send them back."
            ),
        ),
        "fr": (
            "Votre commande {reference} est annulée en partie",
            (
                "{units} unité(s) de votre commande {reference} sont annulées et vous ne devez "
                "rien pour elles. {going_on} unité(s) n'ont plus pu être arrêtées et vous "
                "parviendront ; vous pouvez les renvoyer."
            ),
        ),
    },
    Template.CANCELLED_TOO_LATE: {
        "en": (
            "Your order {reference} could not be cancelled any more",
            (
                "The {going_on} unit(s) of your order {reference} that are not with you yet could "
                "not be stopped any more and still reach you; you can send them back."
            ),
        ),
        "fr": (
            "Votre commande {reference} n'a plus pu être annulée",
            (
                "Les {going_on} unité(s) de votre commande {reference} que vous n'avez pas encore "
                "reçues n'ont plus pu être arrêtées et vous parviendront ; vous pouvez les "
                "renvoyer."
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
