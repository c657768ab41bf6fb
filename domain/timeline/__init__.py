"""The timeline of an order: what happened, and each event in words."""

from collections.abc import Mapping
from typing import Any

from domain.timeline.kinds import EventKind
from domain.timeline.reasons import in_language
from domain.timeline.words import WORDS
from domain.wording import in_words, language_of

__all__ = ["EventKind", "describe"]


def describe(kind: str, detail: Mapping[str, Any], language: str = "en") -> str:
    """One event in words. `detail` holds what the event was written with."""
    chosen = language_of(language)
    if isinstance(detail.get("reason"), str):
        detail = {**detail, "reason": in_language(detail["reason"], chosen)}
    return in_words(WORDS[EventKind(kind)][chosen], detail, chosen)
