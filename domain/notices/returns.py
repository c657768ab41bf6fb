"""The words for what customers send back."""

from domain.notices.templates import Spoken, Template

RETURN_WORDS: dict[Template, Spoken] = {
    Template.RETURN_LABEL: {
        "en": (
            "Your return for order {reference}",
            (
                "Please stick this label on the parcel with the {units} unit(s) of your order "
                "{reference} and hand it to {carrier} by {until}: {label_url}"
            ),
        ),
        "fr": (
            "Votre retour pour la commande {reference}",
            (
                "Collez cette étiquette sur le colis contenant les {units} unité(s) de votre "
                "commande {reference} et remettez-le à {carrier} avant le {until} : {label_url}"
            ),
        ),
    },
    Template.RETURN_WITHOUT_LABEL: {
        "en": (
            "Your return for order {reference}",
            (
                "Please bring or send the {units} unit(s) of your order {reference} to {location} "
                "by {until}, with the number {return}."
            ),
        ),
        "fr": (
            "Votre retour pour la commande {reference}",
            (
                "Apportez ou envoyez les {units} unité(s) de votre commande {reference} à "
                "{location} avant le {until}, avec le numéro {return}."
            ),
        ),
    },
    Template.RETURN_RECEIVED: {
        "en": (
            "We have your return for order {reference}",
            "{units} unit(s) of your order {reference} came back to us.",
        ),
        "fr": (
            "Nous avons reçu votre retour pour la commande {reference}",
            "{units} unité(s) de votre commande {reference} nous sont revenues.",
        ),
    },
    Template.RETURN_REFUNDED: {
        "en": (
            "{amount} for what you sent back of order {reference}",
            (
                "We credit you {amount} for {units} unit(s) of your order {reference} (credit note "
                "{number}), in the way in which you paid."
            ),
        ),
        "fr": (
            "{amount} pour votre retour de la commande {reference}",
            (
                "Nous vous créditons {amount} pour {units} unité(s) de votre commande {reference} "
                "(avoir {number}), par le moyen que vous aviez utilisé pour payer."
            ),
        ),
    },
    Template.RETURN_NOT_REFUNDED: {
        "en": (
            "Your return for order {reference}",
            (
                "{units} unit(s) of your order {reference} came back in a state in which we "
                "cannot refund them."
            ),
        ),
        "fr": (
            "Votre retour pour la commande {reference}",
            (
                "{units} unité(s) de votre commande {reference} sont revenues dans un état qui ne "
                "permet pas de les rembourser."
            ),
        ),
    },
    Template.RETURN_EXPIRED: {
        "en": (
            "Your return for order {reference} has expired",
            (
                "Nothing of your order {reference} has come back to us in time: its label is no "
                "longer valid."
            ),
        ),
        "fr": (
            "Votre retour pour la commande {reference} a expiré",
            (
                "Rien de votre commande {reference} ne nous est revenu à temps : l'étiquette n'est "
                "plus valable."
            ),
        ),
    },
}
