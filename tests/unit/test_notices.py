"""What customers are told, and when it is news."""

import pytest

from domain.notices import Template, Told, news, render

DETAIL = {
    "reference": "R-1",
    "promise": "2026-03-05T20:00:00+01:00",
    "units": 3,
    "going_on": 2,
    "expected": "2026-03-09T20:00:00+01:00",
    "expected_units": 2,
    "carrier": "Colibri",
    "tracking_number": "T-1",
    "return": "web:R-1:R1",
    "label_url": "http://labels.example/1",
    "location": "Lille",
    "until": "2026-03-12T19:00:00+01:00",
    "amount": 540,
    "number": "CN-2026-000001",
    "total": 12345,
    "currency": "EUR",
}


FETCHED = DETAIL | {"store": "Paris Bourse", "until": "2026-03-12T19:00:00+01:00"}
OF_STORES = {
    Template.READY_TO_COLLECT,
    Template.COLLECT_REMINDER,
    Template.COLLECTED,
    Template.COLLECTION_EXPIRED,
}
EVERY_NOTICE = [(template, FETCHED) for template in Template] + [
    (template, DETAIL) for template in Template if template not in OF_STORES
]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("template", "detail"), EVERY_NOTICE)
def test_every_template_has_words_in_every_language(
    template: Template, detail: dict[str, object], language: str
) -> None:
    words = render(template, language, detail)
    for text in (words.subject, words.body):
        assert "R-1" in text or template is Template.DELIVERED
        assert "{" not in text
        assert "None" not in text


def test_the_languages_differ() -> None:
    for template, detail in EVERY_NOTICE:
        assert render(template, "en", detail) != render(template, "fr", detail)


def test_who_fetches_an_order_is_told_where_and_not_that_it_arrives() -> None:
    told = render(Template.CONFIRMED, "en", FETCHED)
    assert told.body == (
        "Thank you for your order R-1. It is ready for you at Paris Bourse by 2026-03-05; we "
        "write to you when it is."
    )
    ready = render(Template.READY_TO_COLLECT, "fr", FETCHED)
    assert ready.subject == "Votre commande R-1 est prête à Paris Bourse"
    assert "gardées jusqu'au 12/03/2026" in ready.body


def _told(
    day: str | None, backordered: int = 0, expected: str | None = None, units: int = 0
) -> Told:
    return Told(
        promised_day=day,
        backordered_units=backordered,
        expected_day=expected,
        expected_units=units,
    )


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
        (None, _told("2026-03-05", 3, "2026-03-09", 3), Template.REST_EXPECTED),
        (None, _told("2026-03-05", 3, "2026-03-09", 2), Template.REST_EXPECTED_IN_PART),
        (None, _told(None, 3, "2026-03-09", 3), Template.ALL_EXPECTED),
        (None, _told(None, 3, "2026-03-09", 2), Template.ALL_EXPECTED_IN_PART),
    ],
)
def test_a_customer_is_told_what_is_new_to_them(
    told: Told | None, now: Told, template: Template | None
) -> None:
    assert news(told, now) is template


_RESTS = _told("2026-03-05", 10, "2026-03-09", 10)


@pytest.mark.parametrize(
    ("told", "now", "template"),
    [
        (_RESTS, _RESTS, None),
        # It slips, or it comes earlier.
        (_RESTS, _told("2026-03-05", 10, "2026-03-11", 10), Template.EXPECTED_CHANGED),
        (_RESTS, _told("2026-03-05", 10, "2026-03-08", 10), Template.EXPECTED_CHANGED),
        # It does not come at all, or not all of it.
        (_RESTS, _told("2026-03-05", 10), Template.BACKORDERED),
        (_RESTS, _told("2026-03-05", 10, "2026-03-09", 4), Template.REST_EXPECTED_IN_PART),
        # It has come in time: the customer knows.
        (_RESTS, _told("2026-03-09"), None),
        (_RESTS, _told("2026-03-06", 4, "2026-03-09", 4), None),
        # It has come, and is sent for another day.
        (_RESTS, _told("2026-03-10"), Template.PROMISE_CHANGED),
        (_told(None, 3, "2026-03-09", 3), _told("2026-03-09"), None),
        (_told(None, 3, "2026-03-09", 3), _told("2026-03-10"), Template.PROMISE_CHANGED),
        # What we have comes later, the rest as before.
        (_RESTS, _told("2026-03-06", 10, "2026-03-09", 10), Template.REST_EXPECTED),
        # What was all there is not any more.
        (_told("2026-03-05"), _told("2026-03-05", 2, "2026-03-09", 2), Template.REST_EXPECTED),
        # What had no date has one.
        (_told(None, 3), _told(None, 3, "2026-03-09", 3), Template.ALL_EXPECTED),
    ],
)
def test_a_customer_who_waits_is_told_each_new_date_once(
    told: Told, now: Told, template: Template | None
) -> None:
    assert news(told, now) is template


def test_what_was_told_before_there_were_supplies_can_still_be_read() -> None:
    earlier = Told.model_validate({"promised_day": "2026-03-05", "backordered_units": 3})
    assert earlier == _told("2026-03-05", 3)
