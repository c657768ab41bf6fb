"""What customers are told, and when it is news."""

import pytest

from domain.notices import Template, Told, news, render

DETAIL = {
    "reference": "R-1",
    "promise": "2026-03-05T20:00:00+01:00",
    "units": 3,
    "carrier": "Colibri",
    "tracking_number": "T-1",
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("template", list(Template))
def test_every_template_has_words_in_every_language(template: Template, language: str) -> None:
    words = render(template, language, DETAIL)
    for text in (words.subject, words.body):
        assert "R-1" in text or template is Template.DELIVERED
        assert "{" not in text
        assert "None" not in text


def test_the_languages_differ() -> None:
    for template in Template:
        assert render(template, "en", DETAIL) != render(template, "fr", DETAIL)


def _told(day: str | None, backordered: int = 0) -> Told:
    return Told(promised_day=day, backordered_units=backordered)


@pytest.mark.parametrize(
    ("told", "now", "template"),
    [
        (None, _told(None), None),
        (None, _told("2026-03-05"), Template.CONFIRMED),
        (None, _told(None, 3), Template.ALL_BACKORDERED),
        (None, _told("2026-03-05", 3), Template.BACKORDERED),
        (_told("2026-03-05"), _told("2026-03-05"), None),
        (_told("2026-03-05"), _told("2026-03-06"), Template.PROMISE_CHANGED),
        (_told("2026-03-05"), _told("2026-03-04"), Template.PROMISE_CHANGED),
        (_told("2026-03-05"), _told("2026-03-05", 1), Template.BACKORDERED),
        (_told("2026-03-05", 3), _told("2026-03-05", 3), None),
        (_told("2026-03-05", 3), _told("2026-03-05", 2), Template.BACKORDERED),
        (_told("2026-03-05", 3), _told("2026-03-06", 3), Template.PROMISE_CHANGED),
        (_told(None, 3), _told("2026-03-05"), Template.CONFIRMED),
        (_told("2026-03-05", 3), _told("2026-03-09"), Template.PROMISE_CHANGED),
        (_told("2026-03-05"), _told(None), None),
    ],
)
def test_a_customer_is_told_what_is_new_to_them(
    told: Told | None, now: Told, template: Template | None
) -> None:
    assert news(told, now) is template
