"""Public holidays of countries and their regions, from the tables of the package `holidays`.

The package computes: no network, no clock. It is imported when the first calendar asks for it: that
takes a third of a second, which most commands need not spend.
"""

import warnings
from functools import lru_cache

_ANY_YEAR = 2026


@lru_cache(maxsize=4096)
def public_holidays(country: str, region: str | None, year: int) -> frozenset[int]:
    """The holidays of a year as ordinals (`date.toordinal`), days in lieu included.

    `country` is ISO 3166-1 alpha-2, `region` a code or name that `holidays` knows as a subdivision
    ('BY' of 'DE', 'Alsace' of 'FR'). A region that it does not know has those of its country, a
    country that it does not know has none; `is_known` tells when data are loaded.
    """
    found = _table(country, region, year)
    if found is None and region is not None:
        found = _table(country, None, year)
    return found or frozenset()


def is_known(country: str, region: str | None = None) -> bool:
    """Whether there is a table of holidays for a country, and for a region of it."""
    return _table(country, region, _ANY_YEAR) is not None


def _table(country: str, region: str | None, year: int) -> frozenset[int] | None:
    import holidays

    with warnings.catch_warnings():
        # Some names of regions are deprecated there; they are data here and go on being read.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            days = holidays.country_holidays(country, subdiv=region, years=year, expand=False)
        except NotImplementedError:
            return None
    return frozenset(day.toordinal() for day in days)
