"""What partners and people say is kept without the personal data that they repeat."""

import pytest

from domain.discretion import Contact, discreet

_ZOE = Contact(
    name="Zoé de Lefèvre-Müller",
    street="12 bis, rue des Lilas",
    email="zoe.lm@example.org",
    phone="+33 4 72 00 11 22",
    payment_tokens={"1": "tok_4242"},
)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Zoé de Lefèvre-Müller is unknown here", "[...] is unknown here"),
        ("ZOE DE LEFEVRE MULLER is unknown", "[...] is unknown"),
        ("M. LEFEVRE was absent", "M. [...] was absent"),
        ("nobody at 12 bis rue des lilas", "nobody at [...]"),
        ("Rue des Lilas is closed", "[...] is closed"),
        ("wrote to <ZOE.LM@EXAMPLE.ORG>", "wrote to <[...]>"),
        ("called 04 72 00 11 22 twice", "called [...] twice"),
        ("called +33472001122", "called [...]"),
        ("called 0033 (0)4.72.00.11.22.", "called [...]."),
        ("token tok_4242 has expired", "token [...] has expired"),
        ("Zoe\u0301 was not there", "[...] was not there"),
        ("the depot de Lyon is closed", "the depot de Lyon is closed"),
        ("no room for 472 parcels", "no room for 472 parcels"),
    ],
)
def test_what_is_known_of_a_contact_is_left_out_and_nothing_else(said: str, kept: str) -> None:
    assert discreet(said, [_ZOE]) == kept


@pytest.mark.parametrize(
    ("who", "kept"),
    [
        ("Zoé", "Zoé"),
        ("Zoé Durand", "Zoé Durand"),
        ("Mme Lefevre-Müller", "Mme [...]-[...]"),
        ("Zoé de Lefèvre-Müller", "[...]"),
        ("zoe.lm@example.org", "[...]"),
    ],
)
def test_who_decided_is_told_unless_it_is_the_customer(who: str, kept: str) -> None:
    assert discreet(who, [_ZOE], given_names=False) == kept


def test_every_address_of_an_order_is_left_out() -> None:
    said = "Ada Byron moved, now it is Grace Hopper"
    contacts = [Contact(name="Ada Byron"), Contact(name="Grace Hopper")]
    assert discreet(said, contacts) == "[...] moved, now it is [...]"


def test_without_contacts_the_words_stay_as_they_are() -> None:
    assert discreet("closed today", []) == "closed today"
    assert discreet("closed today", [Contact()]) == "closed today"
