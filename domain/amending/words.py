"""Amendments in words, in each language that people read."""

from collections.abc import Mapping, Sequence

from domain.messages.amending import NotCovered, Obstacle, StillPossible
from domain.values import Value
from domain.wording import LANGUAGES

_UNITS = {"en": "{sku}: {before} → {after}", "fr": "{sku} : {before} → {after}"}
_PRICE = {"en": "{sku}: another price", "fr": "{sku} : autre prix"}
_ADDRESS = {"en": "another address", "fr": "autre adresse"}
_DATE = {"en": "another requested date", "fr": "autre date souhaitée"}
_NOTHING = {"en": "nothing", "fr": "rien"}
_AT_LEAST = {
    "en": "{at_least} unit(s) of {sku} are picked or gone, {wanted} are wanted",
    "fr": "{at_least} unité(s) de {sku} sont préparées ou parties, il en est voulu {wanted}",
}
_MISSING = {
    "en": "{units} unit(s) of {sku} are not in stock",
    "fr": "{units} unité(s) de {sku} ne sont pas en stock",
}
_REASONS: dict[Obstacle, dict[str, str]] = {
    Obstacle.VERSION_CONFLICT: {
        "en": "the order has changed since: it is of version {version}",
        "fr": "la commande a changé depuis : elle en est à la version {version}",
    },
    Obstacle.ORDER_ENDED: {
        "en": "the order has ended or is being ended",
        "fr": "la commande est finie, ou prend fin",
    },
    Obstacle.NOT_AMENDABLE: {"en": "{told}", "fr": "{told}"},
    Obstacle.NOT_COVERED: {"en": "{told}", "fr": "{told}"},
    Obstacle.CREDIT_LIMIT: {"en": "no credit: {told}", "fr": "pas de crédit : {told}"},
    Obstacle.PAYMENT_DECLINED: {"en": "not paid for: {told}", "fr": "non payée : {told}"},
    Obstacle.PAYMENT_UNANSWERED: {
        "en": "the payment provider does not answer",
        "fr": "le prestataire de paiement ne répond pas",
    },
}
_ALL_UNDER_WAY = {
    "en": "all of it is picked or gone, and nothing can go elsewhere or at another time",
    "fr": "tout est préparé ou parti : rien ne peut aller ailleurs ou à un autre moment",
}
_PRICE_STANDS = {
    "en": "{sku} is invoiced in part, and keeps its price",
    "fr": "{sku} est facturé en partie et garde son prix",
}


class LineChange(Value):
    """Units of a line, `before` and `after`; `repriced` says that its price is another one."""

    sku: str
    before: int
    after: int
    repriced: bool = False


def changes_in_words(lines: Sequence[LineChange], *, address: bool, date: bool) -> dict[str, str]:
    """What an amendment changes, for the timeline."""
    told: dict[str, str] = {}
    for language in LANGUAGES:
        parts = [_of_line(line, language) for line in lines]
        parts += [_ADDRESS[language]] if address else []
        parts += [_DATE[language]] if date else []
        told[language] = "; ".join(part for part in parts if part) or _NOTHING[language]
    return told


def reason_of(
    obstacle: Obstacle,
    *,
    version: int = 0,
    told: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Why an amendment cannot be met; `told` are the particulars, where the obstacle has some."""
    return {
        language: _REASONS[obstacle][language].format(
            version=version, told=told[language] if told else ""
        )
        for language in LANGUAGES
    }


def what_is_left(lines: Sequence[StillPossible]) -> dict[str, str]:
    """Which lines cannot go as low as they were wanted."""
    return {
        language: "; ".join(_AT_LEAST[language].format(**line.model_dump()) for line in lines)
        for language in LANGUAGES
    }


def what_is_missing(missing: Sequence[NotCovered]) -> dict[str, str]:
    """Which units stock does not cover."""
    return {
        language: "; ".join(_MISSING[language].format(**units.model_dump()) for units in missing)
        for language in LANGUAGES
    }


def all_under_way() -> dict[str, str]:
    """Nothing of the order can take another way any more."""
    return dict(_ALL_UNDER_WAY)


def price_stands(sku: str) -> dict[str, str]:
    """A line that is invoiced in part was to have another price."""
    return {language: _PRICE_STANDS[language].format(sku=sku) for language in LANGUAGES}


def _of_line(line: LineChange, language: str) -> str:
    if line.before != line.after:
        return _UNITS[language].format(**line.model_dump())
    return _PRICE[language].format(sku=line.sku) if line.repriced else ""
