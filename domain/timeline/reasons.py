"""Reasons that histories hold in English, in French."""

import re

_PHRASES = (
    ("the order is amended", "la commande est modifiée"),
    ("on hold: (.*)", r"mise en attente : \1"),
    ("planned anew together with other orders", "choisie à nouveau avec d'autres commandes"),
    ("the customer fetches it at (.*)", r"le client vient la chercher à \1"),
    ("nobody decided in time: (.*)", r"personne n'a décidé à temps : \1"),
    ("(.*) is closed: (.*)", r"\1 est fermé : \2"),
    ("(.*) cannot be reached", r"\1 est injoignable"),
    ("(.*) could not keep the promise any more", r"\1 ne pouvait plus tenir la promesse"),
    ("(.*) could not find (.*)", r"\1 n'a pas trouvé \2"),
    ("(.*) found nothing of it", r"\1 n'en a rien trouvé"),
    ("(.*) rejected it: (.*)", r"\1 l'a rejetée : \2"),
    ("(.*) refused: (.*)", r"\1 a refusé : \2"),
)
_FRENCH = tuple((re.compile(english), french) for english, french in _PHRASES)


def in_language(reason: str, language: str) -> str:
    """A reason in that language; one in somebody's own words stays as it is."""
    if language == "fr":
        for english, french in _FRENCH:
            found = english.fullmatch(reason)
            if found:
                return found.expand(french)
    return reason
