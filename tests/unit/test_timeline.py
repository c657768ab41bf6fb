"""Every kind of event in words; what the activities write with each is held against these words in
the tests of the activities."""

import pytest

from domain.timeline import EventKind, describe
from domain.wording import LANGUAGES

EVERYTHING = {
    "channel": "web",
    "reference": "R-1",
    "lines": 2,
    "total": 123456,
    "currency": "EUR",
    "exposure": 1000,
    "limit": 5000,
    "amount": 700,
    "by": "Marie",
    "reason": "closed today",
    "explanation": "they paid",
    "shipment": "web:R-1:1",
    "units": 3,
    "going_on": 2,
    "missing": 1,
    "skus": "SKU-1",
    "location": "Lille",
    "carrier": "colibri",
    "service": "standard",
    "promise": "2026-03-05T20:00:00+01:00",
    "until": "2026-03-06T20:00:00+01:00",
    "pick_by": "2026-03-07T20:00:00+01:00",
    "occurred_at": "2026-03-08T20:00:00+01:00",
    "why": "nearest",
    "tracking_number": "T-1",
    "invoice": "INV-1",
    "sku": "SKU-1",
    "supply": "PO-7",
    "due": "2026-03-09T08:00:00+01:00",
    "shipments": 2,
    "store": "Paris",
    "before": "Lyon",
    "then": {"en": "it now arrives by Friday", "fr": "elle arrive désormais vendredi"},
    "version": 2,
    "number": 1,
    "changes": {"en": "SKU-1: 5 → 8", "fr": "SKU-1 : 5 → 8"},
    "return": "web:R-1:R1",
    "order": "web:R-1-X1",
    "findings": {"en": "1 x SKU-1 as new, scrapped", "fr": "1 x SKU-1 as new, mis au rebut"},
    "finding": {"en": "its workflow had ended", "fr": "son workflow était terminé"},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_has_words_in_every_language(kind: EventKind, language: str) -> None:
    words = describe(kind, EVERYTHING, language)
    assert words.endswith(".")
    assert "{" not in words


def test_the_languages_differ() -> None:
    for kind in EventKind:
        assert describe(kind, EVERYTHING, "en") != describe(kind, EVERYTHING, "fr")


def test_amounts_and_moments_are_written_out() -> None:
    assert describe("received", EVERYTHING) == (
        "Received from channel web as R-1: 2 line(s), 1,234.56 EUR."
    )
    assert describe("held", EVERYTHING, "fr") == (
        "En attente : they paid. Une personne doit décider avant le 06/03/2026 19:00 UTC, "
        "sinon ce qui n'est pas parti est annulé."
    )


def test_a_kind_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="teleported"):
        describe("teleported", EVERYTHING)


@pytest.mark.parametrize(
    ("reason", "french"),
    [
        ("the order is amended", "la commande est modifiée"),
        ("on hold: she calls back", "mise en attente : she calls back"),
        ("Lille could not find SKU-1", "Lille n'a pas trouvé SKU-1"),
        ("a word of the location's own", "a word of the location's own"),
    ],
)
def test_reasons_of_ours_that_histories_hold_in_english_are_told_in_french(
    reason: str, french: str
) -> None:
    detail = EVERYTHING | {"reason": reason}
    assert describe(EventKind.ABANDONED, detail, "en").endswith(f": {reason}.")
    assert describe(EventKind.ABANDONED, detail, "fr").endswith(f" : {french}.")
