"""Who sells in the demo, and the value added tax of the countries it sells to.

The seller is invented, and so are the numbers under which it and its customers are registered. The
rates are real: those of Annex III and article 97 of Directive 2006/112/EC as the countries have set
them.
"""

from datetime import date
from zlib import crc32

from adapters.postgres.network import Seller, VatRate
from cli.demo.people import Buyer
from domain.pricing import STANDARD

SELLER = Seller(
    name="Ariane Distribution SAS",
    vat_id="FR42999999006",
    legal_id="999999006",
    street="1 rue de l'Entrepôt",
    city="Lesquin",
    postal_code="59810",
    country="FR",
    iban="FR7630006000011234567890189",
    timezone="Europe/Paris",
)

_SOURCE = "European Commission, Taxes in Europe Database"
_SOURCES = {"GB": "HM Revenue & Customs, VAT rates"}
# Where nothing older is needed: rates that are in force on that day.
_SINCE = date(2026, 1, 1)
_STANDARD = {
    "AT": 2000, "BE": 2100, "BG": 2000, "CY": 1900, "CZ": 2100, "DE": 1900, "DK": 2500, "EE": 2400,
    "ES": 2100, "FI": 2550, "FR": 2000, "GB": 2000, "GR": 2400, "HR": 2500, "HU": 2700, "IE": 2300,
    "IT": 2200, "LT": 2100, "LU": 1700, "LV": 2100, "MC": 2000, "MT": 1800, "NL": 2100, "PL": 2300,
    "PT": 2300, "RO": 2100, "SE": 2500, "SI": 2200, "SK": 2300,
}  # fmt: skip
_REDUCED = {
    "BE": 600, "DE": 700, "ES": 1000, "FR": 550, "GB": 500, "IE": 1350, "IT": 1000, "LU": 800,
    "NL": 900,
}  # fmt: skip
# How the countries' numbers look after the prefix: so many digits, and letters where they stand.
_NUMBERS = {
    "BE": "0#########", "DE": "#########", "ES": "B########", "FR": "###########",
    "IE": "#######A", "IT": "###########", "LU": "########", "NL": "#########B01",
}  # fmt: skip


def rates() -> tuple[VatRate, ...]:
    """The standard rates of the European Union and Britain, the reduced ones of the countries that
    most customers are in."""
    categories = {STANDARD: _STANDARD, "reduced": _REDUCED}
    return tuple(
        VatRate(country, category, _SINCE, bps, _SOURCES.get(country, _SOURCE))
        for category, by_country in categories.items()
        for country, bps in sorted(by_country.items())
    )


def vat_id(buyer: Buyer) -> str | None:
    """A number of the right shape for a business in the Union, the same each time."""
    shape = _NUMBERS.get(buyer.ship_to["country"])
    if shape is None or not buyer.is_business:
        return None
    digits = iter(f"{crc32(buyer.id.encode()):010}{crc32(buyer.id.encode()[::-1]):010}")
    number = "".join(next(digits) if sign == "#" else sign for sign in shape)
    return buyer.ship_to["country"] + number
