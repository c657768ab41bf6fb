"""Amounts and moments in words, in the languages that Ariane speaks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

LANGUAGES = ("en", "fr")
_MOMENTS = frozenset({"promise", "until", "pick_by", "occurred_at", "due", "expected"})
_AMOUNTS = frozenset({"amount", "total", "exposure", "limit"})
# Currencies whose minor unit is not a hundredth (ISO 4217).
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = (
    dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3) | {"CLF": 4, "UYW": 4}
)
_UNKNOWN_MOMENT = {"en": "a date to be confirmed", "fr": "une date à confirmer"}


def language_of(language: str) -> str:
    """The language to speak to somebody who asked for `language`: English where it is not ours."""
    primary = language.lower().replace("_", "-").split("-")[0]
    return primary if primary in LANGUAGES else "en"


def exponent_of(currency: str) -> int:
    """How many decimals a currency's minor unit is."""
    return _EXPONENTS.get(currency, 2)


def money(amount: int, currency: str) -> str:
    """Minor units as people write them: `money(123456, "EUR") == "1,234.56 EUR"`."""
    exponent = exponent_of(currency)
    return f"{amount / 10**exponent:,.{exponent}f} {currency}".strip()


def moment(at: datetime | str | None, language: str) -> str:
    """A day and an hour in UTC, as staff read it; `at` may be an ISO 8601 string."""
    if at is None:
        return _UNKNOWN_MOMENT[language]
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    at = at.astimezone(UTC)
    return f"{at:%d/%m/%Y %H:%M} UTC" if language == "fr" else f"{at:%Y-%m-%d %H:%M} UTC"


def local(at: datetime, timezone: str | None) -> datetime:
    """A moment by the clock of where it is waited for; as it is where that clock is not known."""
    return at if timezone is None else at.astimezone(ZoneInfo(timezone))


def day(at: datetime | str | None, language: str) -> str:
    """A day by the clock that `at` is given in, as customers read it."""
    if at is None:
        return _UNKNOWN_MOMENT[language]
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return f"{at:%d/%m/%Y}" if language == "fr" else f"{at:%Y-%m-%d}"


def in_words(
    template: str,
    detail: Mapping[str, Any],
    language: str,
    moments: Callable[[Any, str], str] = moment,
) -> str:
    """Fill a template's `{names}`: moments and amounts by their names, what is given in several
    languages in the one asked for, the rest as it is."""
    currency = str(detail.get("currency", ""))
    words: dict[str, Any] = {}
    for name, value in detail.items():
        if name in _MOMENTS:
            words[name] = moments(value, language)
        elif isinstance(value, Mapping):
            words[name] = value[language]
        elif name in _AMOUNTS and isinstance(value, int):
            words[name] = money(value, currency)
        else:
            words[name] = value
    return template.format_map(words)
