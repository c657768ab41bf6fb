"""Words of others without the personal data that they may repeat.

Partners and people explain themselves in their own words, and those are kept: in the timeline, in
histories, in logs. A name or an address that they mention stays out of all of these.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from domain.values import Value

WITHHELD = "[...]"
"""What stands where something was left out."""

_SHORTEST_NAME = 3
# Of a telephone number, what is left of it however it is written: with or without the country.
_TELLING_DIGITS = 8
_BETWEEN = r"[\W_]*"
_WORD = re.compile(r"[^\W_]+")


class Contact(Value):
    """Who must not be named: the personal data of one address of an order."""

    name: str = ""
    street: str = ""
    email: str | None = None
    phone: str | None = None
    payment_tokens: dict[str, str] | None = None


def discreet(text: str, contacts: Iterable[Contact], *, given_names: bool = True) -> str:
    """`text` without what it says of these contacts, whatever the case, accents or punctuation.

    Names go word by word, of three letters or more; streets also without their number; telephone
    numbers in every way of writing them. A town is no secret: an order's postal code stands openly.
    Without `given_names` the first word of a name may stand alone: so are many called, and who
    decided something is to be known.
    """
    composed = unicodedata.normalize("NFC", text)
    patterns = [pattern for contact in contacts for pattern in _patterns(contact, given_names)]
    if not patterns:
        return text
    telling = re.compile("|".join(sorted(set(patterns), key=len, reverse=True)))
    kept, end = [], 0
    for found in telling.finditer(_folded(composed)):
        kept.append(composed[end : found.start()])
        end = found.end()
    return text if end == 0 else WITHHELD.join([*kept, composed[end:]])


def _patterns(contact: Contact, given_names: bool) -> Iterator[str]:
    name = _words(contact.name)
    yield from _sequence(name)
    for word in name if given_names else name[1:]:
        if len(word) >= _SHORTEST_NAME:
            yield from _sequence([word])
    street = _words(contact.street)
    yield from _sequence(street)
    named = [word for word in street if not word[0].isdigit()]
    for start in range(max(len(named) - 1, 1)):
        yield from _sequence(named[start:])
    for whole in (contact.email, *(contact.payment_tokens or {}).values()):
        yield from _sequence(_words(whole or ""))
    digits = re.sub(r"\D", "", contact.phone or "")
    if digits:
        telling = _BETWEEN.join(digits[-_TELLING_DIGITS:])
        yield rf"(?:\+?[\d(][\d ().-]*)?{telling}(?!\d)"


def _sequence(words: list[str]) -> Iterator[str]:
    if words:
        yield rf"\b{_BETWEEN.join(map(re.escape, words))}\b"


def _words(text: str) -> list[str]:
    return _WORD.findall(_folded(unicodedata.normalize("NFC", text)))


def _folded(composed: str) -> str:
    """The same letters without case and accents, one for one, so that places stay the same."""
    return "".join(_base(character) for character in composed)


def _base(character: str) -> str:
    folded = unicodedata.normalize("NFKD", character).lower()
    return folded[0] if folded else character
