"""Why a way is not tried again, or a shipment given up, in the languages that Ariane speaks.

Histories keep these reasons as English sentences. What a partner has said in its own words stays
as it was said.
"""

import re
from functools import cache

_SHAPES = (
    ("{name} cannot be reached", "{name} est injoignable"),
    ("{name} did not confirm in time", "{name} n'a pas confirmé à temps"),
    ("{name} refused: {said}", "{name} a refusé : {said}"),
    ("{name} refused {service}: {said}", "{name} a refusé {service} : {said}"),
    ("{name} rejected it: {said}", "{name} l'a rejetée : {said}"),
    ("{name} could not find {sku}", "{name} n'a pas trouvé {sku}"),
    ("{name} found nothing of it", "{name} n'en a rien trouvé"),
    ("{name} has less than was reserved: {said}", "{name} a moins que le réservé : {said}"),
    ("{name} could not keep the promise any more", "{name} ne pouvait plus tenir la promesse"),
    ("{name} has given up {service}: {said}", "{name} a renoncé à {service} : {said}"),
    (
        "{name} gives its stock to a critical order",
        "{name} cède son stock à une commande critique",
    ),
    ("the customer fetches it at {name}", "le client vient la chercher à {name}"),
    ("nobody came to {name} to fetch it", "personne n'est venu la chercher à {name}"),
    (
        "planned anew together with other orders",
        "replanifiée avec d'autres commandes",
    ),
)


def in_language(reason: str, language: str) -> str:
    """A reason that was given in English, in one of `domain.wording.LANGUAGES`; one of which the
    shape is not known stays as it is."""
    if language == "en":
        return reason
    for shape, french in _shapes():
        found = shape.fullmatch(reason)
        if found is not None:
            return french.format_map(found.groupdict())
    return reason


@cache
def _shapes() -> list[tuple[re.Pattern[str], str]]:
    return [(_pattern(english), french) for english, french in _SHAPES]


def _pattern(template: str) -> re.Pattern[str]:
    # Names are as short as can be, so that what somebody said may hold anything.
    words = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template))
    return re.compile(words, re.DOTALL)
