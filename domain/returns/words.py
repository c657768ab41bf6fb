"""What happens to returns in the words of the timeline, by the kind of the event."""

RETURN_WORDS: dict[str, dict[str, str]] = {
    "return_opened": {
        "en": "{by} opened return {return}: {units} unit(s) are to come back to {location}.",
        "fr": "{by} a ouvert le retour {return} : {units} unité(s) doivent revenir à {location}.",
    },
    "return_labelled": {
        "en": "{carrier} {service} brings return {return} back, tracking {tracking_number}.",
        "fr": "{carrier} {service} rapporte le retour {return}, suivi {tracking_number}.",
    },
    "return_label_refused": {
        "en": "{carrier} does not bring return {return} back by {service}: {reason}.",
        "fr": "{carrier} ne rapporte pas le retour {return} par {service} : {reason}.",
    },
    "return_received": {
        "en": "{units} unit(s) of return {return} came to {location}, taken in by {by}.",
        "fr": "{units} unité(s) du retour {return} sont arrivées à {location}, reçues par {by}.",
    },
    "return_inspected": {
        "en": "{by} inspected {units} unit(s) of return {return} at {location}: {findings}.",
        "fr": "{by} a contrôlé {units} unité(s) du retour {return} à {location} : {findings}.",
    },
    "return_credited": {
        "en": "Credit note {number} of {amount} for return {return}.",
        "fr": "Avoir {number} de {amount} pour le retour {return}.",
    },
    "return_closed": {
        "en": "Return {return} is closed: {units} unit(s) came back.",
        "fr": "Le retour {return} est clos : {units} unité(s) sont revenues.",
    },
    "return_expired": {
        "en": "Return {return} has expired: nothing came in time.",
        "fr": "Le retour {return} a expiré : rien n'est arrivé à temps.",
    },
    "return_cancelled": {
        "en": "Return {return} is cancelled by {by}: {explanation}.",
        "fr": "Le retour {return} est annulé par {by} : {explanation}.",
    },
    "exchange_placed": {
        "en": "Order {order} brings what the customer wants instead of return {return}.",
        "fr": "La commande {order} apporte ce que le client veut à la place du retour {return}.",
    },
    "exchange_for": {
        "en": "Placed in exchange for return {return}.",
        "fr": "Passée en échange du retour {return}.",
    },
}

_DISPOSITIONS = {
    "restock": {"en": "back on sale", "fr": "remis en vente"},
    "refurbish": {"en": "to be refurbished", "fr": "à remettre en état"},
    "return_to_supplier": {"en": "back to the supplier", "fr": "renvoyé au fournisseur"},
    "scrap": {"en": "scrapped", "fr": "mis au rebut"},
}
_REFUNDED = {True: {"en": "", "fr": ""}, False: {"en": ", not refunded", "fr": ", non remboursé"}}


def findings(found: list[tuple[int, str, str, str, bool]]) -> dict[str, str]:
    """What was inspected, in each language: units, SKU, grade, disposition, whether refunded."""
    return {
        language: "; ".join(
            f"{units} x {sku} {grade}, {_DISPOSITIONS[disposition][language]}"
            f"{_REFUNDED[refunded][language]}"
            for units, sku, grade, disposition, refunded in found
        )
        for language in ("en", "fr")
    }
