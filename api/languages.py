"""Which language to speak to a caller."""

from typing import Annotated

from fastapi import Header

from api.negotiation import offers
from domain.wording import LANGUAGES, language_of

AcceptLanguage = Annotated[
    str | None,
    Header(description="The language of the words in the answer: en or fr.", examples=["fr"]),
]


def chosen_language(accept_language: str | None) -> str:
    """The language of ours that an Accept-Language header likes best, English if none."""
    best, most = language_of(""), 0.0
    for tag, quality in offers(accept_language):
        primary = tag.split("-")[0]
        if primary in LANGUAGES and quality > most:
            best, most = primary, quality
    return best
