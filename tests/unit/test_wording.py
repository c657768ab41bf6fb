"""Amounts and moments in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.wording import in_words, language_of, moment, money


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (0, "EUR", "0.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (123456, "EUR", "1,234.56 EUR"),
        (-250, "GBP", "-2.50 GBP"),
        (1500, "JPY", "1,500 JPY"),
        (1500, "KWD", "1.500 KWD"),
        (12500, "XPF", "12,500 XPF"),
        (1500, "OMR", "1.500 OMR"),
        (15000, "CLF", "1.5000 CLF"),
        (10**12, "EUR", "10,000,000,000.00 EUR"),
        (100, "", "1.00"),
    ],
)
def test_amounts_are_written_in_the_units_of_their_currency(
    amount: int, currency: str, words: str
) -> None:
    assert money(amount, currency) == words


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("fr", "fr"), ("fr-BE", "fr"), ("FR_ca", "fr"), ("en-GB", "en"), ("de", "en"), ("", "en")],
)
def test_who_asks_for_a_language_that_is_not_ours_gets_english(asked: str, spoken: str) -> None:
    assert language_of(asked) == spoken


def test_a_moment_names_its_zone() -> None:
    at = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
    assert moment(at, "en") == "2026-03-05 20:00 UTC"
    assert moment(at, "fr") == "05/03/2026 20:00 UTC"
    summer = datetime(2026, 7, 5, 20, 0, tzinfo=timezone(timedelta(hours=2)))
    assert moment(summer.isoformat(), "en") == "2026-07-05 18:00 UTC"


def test_a_moment_that_is_not_known_is_said_to_be_unknown() -> None:
    assert moment(None, "en") == "a date to be confirmed"
    assert moment(None, "fr") == "une date à confirmer"


def test_a_template_writes_amounts_and_moments_by_their_names() -> None:
    detail = {"amount": 1000, "currency": "EUR", "until": "2026-03-05T20:00:00+00:00", "who": "X"}
    words = in_words("{who} pays {amount} until {until}", detail, "en")
    assert words == "X pays 10.00 EUR until 2026-03-05 20:00 UTC"


def test_braces_in_what_people_write_stay_as_they_are() -> None:
    assert in_words("Refused: {reason}.", {"reason": "{not} {a} {field}"}, "en") == (
        "Refused: {not} {a} {field}."
    )
