"""Value added tax on goods: which rate, and which category of EN 16931 it is stated as.

Goods are taken to be supplied from the seller's own country. Within the European Union they are
taxed where they arrive (Directive 2006/112/EC, articles 32 and 33 a), unless a business that is
registered in another member state than the seller acquires them (article 138). What leaves the
Union is exempt (article 146).
"""

from collections.abc import Iterable
from datetime import date

from pydantic import Field

from domain.values import Value

STANDARD = "standard"
"""The category of products of which nothing else is said."""

# Monaco belongs to it here: what goes there is treated as going to France (article 7).
_UNION = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT"}
    | {"LT", "LU", "LV", "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
# Greek numbers begin otherwise than the country's code in ISO 3166.
_PREFIXES = {"EL": "GR"}

_STANDARD_RATED, _ZERO_RATED, _INTRA_COMMUNITY, _EXPORT = "S", "Z", "K", "G"


class Rate(Value):
    """What a country levies on a category of products: `bps` basis points, since `valid_from`."""

    country: str
    category: str
    bps: int = Field(ge=0)
    valid_from: date


class VatTerms(Value):
    """How a line is taxed: the category's code in EN 16931 (UNTDID 5305), and basis points."""

    category: str
    bps: int


UNTAXED = VatTerms(category=_ZERO_RATED, bps=0)
"""Where nothing is known of who sells: no tax is stated."""


def vat_terms(
    seller_country: str,
    country: str,
    vat_id: str | None,
    category: str,
    rates: Iterable[Rate],
    on: date,
) -> VatTerms | None:
    """How goods of a `category` are taxed that a seller sends to a customer's country.

    `vat_id` is the number under which the customer is registered for VAT, if it is. None where no
    rate is known.
    """
    if country != seller_country:
        if not _UNION.issuperset((country, seller_country)):
            return VatTerms(category=_EXPORT, bps=0)
        if vat_id is not None and _registered_in(vat_id) in _UNION - {seller_country}:
            return VatTerms(category=_INTRA_COMMUNITY, bps=0)
    known = [
        rate
        for rate in rates
        if rate.country == country and rate.category == category and rate.valid_from <= on
    ]
    if not known:
        return None
    bps = max(known, key=lambda rate: rate.valid_from).bps
    return VatTerms(category=_STANDARD_RATED if bps else _ZERO_RATED, bps=bps)


def _registered_in(vat_id: str) -> str:
    prefix = vat_id[:2].upper()
    return _PREFIXES.get(prefix, prefix)
