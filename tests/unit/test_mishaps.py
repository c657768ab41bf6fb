"""Reasons that histories keep in English, told in French."""

import pytest

from domain.mishaps import _SHAPES, in_language


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("colibri cannot be reached", "colibri est injoignable"),
        ("Lille refused: closed today", "Lille a refusé : closed today"),
        (
            "colibri refused Colibri Standard: too heavy: 40 kg",
            "colibri a refusé Colibri Standard : too heavy: 40 kg",
        ),
        (
            "Lille refused: he refused Express: no",
            "Lille a refusé : he refused Express: no",
        ),
        ("Saint-Ouen l'Aumône could not find SKU-1", "Saint-Ouen l'Aumône n'a pas trouvé SKU-1"),
        ("planned anew together with other orders", "replanifiée avec d'autres commandes"),
        ("Lille refused: {said}", "Lille a refusé : {said}"),
        ("something else happened", "something else happened"),
        ("", ""),
    ],
)
def test_a_reason_is_told_in_french_but_for_what_others_have_said(
    english: str, french: str
) -> None:
    assert in_language(english, "fr") == french
    assert in_language(english, "en") == english


@pytest.mark.parametrize(("english", "french"), _SHAPES, ids=[shape for shape, _ in _SHAPES])
def test_every_shape_is_found_again_with_all_that_it_holds(english: str, french: str) -> None:
    facts = {"name": "Lille", "service": "Express", "sku": "SKU-1", "said": "no"}
    assert in_language(english.format_map(facts), "fr") == french.format_map(facts)
