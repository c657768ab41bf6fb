"""What customers are told, in their language."""

from collections.abc import Mapping
from typing import Any

from domain.notices.collection import COLLECT_WORDS
from domain.notices.returns import RETURN_WORDS
from domain.notices.templates import Template
from domain.notices.words import WORDS
from domain.values import Value
from domain.wording import day, in_words, language_of

__all__ = ["Template", "Told", "Words", "news", "render"]


class Told(Value):
    """What a customer last heard about when an order arrives: a day for what we have, and units
    still to come, `expected_units` of them by `expected_day`."""

    promised_day: str | None
    backordered_units: int
    expected_day: str | None = None
    expected_units: int = 0

    @property
    def complete_day(self) -> str | None:
        """The day by which all has arrived; None when there is none for some of it."""
        if self.expected_units < self.backordered_units:
            return None
        return max((day for day in (self.promised_day, self.expected_day) if day), default=None)


class Words(Value):
    subject: str
    body: str


def render(template: str, language: str, detail: Mapping[str, Any]) -> Words:
    """A notice in words. `detail` holds what the notice was queued with."""
    chosen = language_of(language)
    words = WORDS | RETURN_WORDS | (COLLECT_WORDS if "store" in detail else {})
    subject, body = words[Template(template)][chosen]
    return Words(
        subject=in_words(subject, detail, chosen, moments=day),
        body=in_words(body, detail, chosen, moments=day),
    )


def news(told: Told | None, now: Told) -> Template | None:
    """What to tell a customer when the promise stands at `now`; None when it is no news.

    A later check against the same promise says None, so each change is told once, however many
    attempts it took.
    """
    if told == now or (told is not None and _is_kept(told, now)):
        return None
    is_rest_new = told is None or _rest(told) != _rest(now)
    if now.backordered_units and (is_rest_new or now.expected_units):
        return _of_the_rest(told, now)
    if now.promised_day is None:
        return None
    first = told is None or (told.promised_day is None and told.expected_day is None)
    return Template.CONFIRMED if first else Template.PROMISE_CHANGED


def _is_kept(told: Told, now: Told) -> bool:
    """All still arrives by the day that was told, though more of it may be with us by now."""
    nothing_later = (
        now.backordered_units < told.backordered_units or now.promised_day == told.promised_day
    )
    return nothing_later and told.complete_day == now.complete_day is not None


def _rest(told: Told) -> tuple[int, str | None, int]:
    return told.backordered_units, told.expected_day, told.expected_units


def _of_the_rest(told: Told | None, now: Told) -> Template:
    """What is still to come: with a date, in part with a date, or without; and what we have."""
    nothing_yet = now.promised_day is None
    if now.expected_units == 0:
        return Template.ALL_BACKORDERED if nothing_yet else Template.BACKORDERED
    if now.expected_units < now.backordered_units:
        return Template.ALL_EXPECTED_IN_PART if nothing_yet else Template.REST_EXPECTED_IN_PART
    had_date = told is not None and told.expected_day is not None and told.complete_day is not None
    if told is not None and had_date and told.promised_day == now.promised_day:
        return Template.EXPECTED_CHANGED
    return Template.ALL_EXPECTED if nothing_yet else Template.REST_EXPECTED
