"""Invented buyers: every name, street and number is made up, and no such address exists."""

from dataclasses import dataclass
from random import Random

from cli.demo.places import Places

_FRENCH_SPEAKING = frozenset({"FR", "BE", "LU", "CH"})
_FIRST_NAMES = (
    "Aline", "Bastien", "Chloé", "Daniel", "Edith", "Florian", "Grace", "Hugo", "Ines", "Jack",
    "Karima", "Louis", "Maud", "Noah", "Olive", "Paul", "Quentin", "Rose", "Sam", "Théo",
)  # fmt: skip
_LAST_NAMES = (
    "Arnaud", "Bell", "Carlier", "Dumont", "Evans", "Fabre", "Goossens", "Hale", "Imbert", "Jacobs",
    "Keller", "Lambert", "Moreau", "Nash", "Oliver", "Perrin", "Quinn", "Renard", "Stone", "Vidal",
)  # fmt: skip
_TRADES = (
    "Quincaillerie", "Fournitures", "Maison", "Atelier", "Comptoir", "Supplies", "Trading",
    "Hardware", "Stores", "Workshop",
)  # fmt: skip
_STREETS = {
    "fr": ("rue des Tanneurs", "avenue du Canal", "place du Marché", "rue de la Scierie"),
    "en": ("Mill Lane", "Canal Street", "Market Place", "Sawyer Road"),
}
_TOWNS = {
    "fr": ("Saint-Aubin", "Villeneuve", "Beaulieu", "Montfort"),
    "en": ("Kirkby", "Newtown", "Ashford", "Northfield"),
}


@dataclass(frozen=True)
class Buyer:
    """A customer with the one address that its orders go to."""

    id: str
    segment: str
    currency: str
    language: str
    ship_to: dict[str, str]

    @property
    def is_business(self) -> bool:
        return self.segment == "business"


def invent(
    dice: Random, buyer_id: str, segment: str, country: str, currency: str, places: Places
) -> Buyer:
    """A buyer who lives at a postal code of the country."""
    language = "fr" if country in _FRENCH_SPEAKING else "en"
    first, last = dice.choice(_FIRST_NAMES), dice.choice(_LAST_NAMES)
    name = f"{dice.choice(_TRADES)} {last}" if segment == "business" else f"{first} {last}"
    return Buyer(
        id=buyer_id,
        segment=segment,
        currency=currency,
        language=language,
        ship_to={
            "name": name,
            "street": f"{dice.randrange(1, 200)} {dice.choice(_STREETS[language])}",
            "city": dice.choice(_TOWNS[language]),
            "postal_code": places.draw(dice, country),
            "country": country,
            "email": f"{buyer_id.lower()}@buyers.example",
            "phone": f"+33 1 99 00 {dice.randrange(100):02} {dice.randrange(100):02}",
        },
    )
