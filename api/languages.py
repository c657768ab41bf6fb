"""Which language to speak to a caller."""

from domain.wording import LANGUAGES, language_of


def chosen_language(accept_language: str | None) -> str:
    """The language of ours that an Accept-Language header likes best, English if none."""
    best, most = language_of(""), 0.0
    for offer in (accept_language or "").split(","):
        tag, _, parameter = offer.partition(";")
        primary = tag.strip().lower().split("-")[0]
        quality = _quality(parameter)
        if primary in LANGUAGES and quality > most:
            best, most = primary, quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        # Not worth refusing a request: such an offer counts for nothing.
        return 0.0
