"""What clocks and public holidays go by where the demo's customers live."""

import re

TIMEZONES = {
    "AE": "Asia/Dubai",
    "AT": "Europe/Vienna",
    "AU": "Australia/Sydney",
    "BE": "Europe/Brussels",
    "BH": "Asia/Bahrain",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CH": "Europe/Zurich",
    "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "DK": "Europe/Copenhagen",
    "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "GR": "Europe/Athens",
    "HK": "Asia/Hong_Kong",
    "IE": "Europe/Dublin",
    "IL": "Asia/Jerusalem",
    "IS": "Atlantic/Reykjavik",
    "IT": "Europe/Rome",
    "JE": "Europe/Jersey",
    "JP": "Asia/Tokyo",
    "LB": "Asia/Beirut",
    "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg",
    "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo",
    "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon",
    "SA": "Asia/Riyadh",
    "SE": "Europe/Stockholm",
    "SG": "Asia/Singapore",
    "US": "America/Chicago",
    "ZA": "Africa/Johannesburg",
}
"""A zone for each country; of one with several, where most people live or near the middle."""

_OUTSIDE_ENGLAND = {
    "BT": "NIR",
    **dict.fromkeys(("AB", "DD", "DG", "EH", "FK", "G", "HS", "IV", "KA", "KW", "KY", "ML", "PA",
                     "PH", "TD", "ZE"), "SCT"),
    **dict.fromkeys(("CF", "LD", "LL", "NP", "SA"), "WLS"),
}  # fmt: skip
_DEPARTMENTS = {"57": "57", "67": "6AE", "68": "6AE"}


def region_of(country: str, postal_code: str) -> str | None:
    """The region whose public holidays count there, as the package `holidays` names it; None where
    those of the country do. Alsace and Moselle have two of their own, each part of Britain some."""
    if country == "FR":
        return _DEPARTMENTS.get(postal_code[:2])
    if country == "GB":
        area = re.match("[A-Z]*", postal_code)
        return _OUTSIDE_ENGLAND.get(area[0] if area else "", "ENG")
    return None
