"""Where the demo's customers live: postal codes with coordinates, from a file or built in."""

import csv
import lzma
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean

from adapters.postgres.network import PostalCode
from cli.demo.regions import TIMEZONES, region_of

_COLUMNS = ("country", "postal_code", "latitude", "longitude")


class UnreadablePlaces(Exception):
    """The file of postal codes is not what it should be; the message says why, in words."""


@dataclass(frozen=True)
class Places:
    """Every known postal code, the countries' middles among them, and those to draw from."""

    all: Sequence[PostalCode]
    addresses: Mapping[str, Sequence[str]]

    def draw(self, dice: Random, country: str) -> str:
        """A postal code of the country; one that no map knows where none is known."""
        known = self.addresses.get(country)
        return dice.choice(known) if known else f"{dice.randrange(1000, 99_999)}"


def built_in() -> Places:
    """Some cities of the countries near the network, and the middles of those further away."""
    return _places(_code(*city) for city in _CITIES)


def _code(country: str, code: str, latitude: float, longitude: float) -> PostalCode:
    return PostalCode(country, code, latitude, longitude, region=region_of(country, code))


def read_places(path: Path) -> Places:
    """Read a CSV with the columns country, postal_code, latitude and longitude, plain or `.xz`.

    A code that stands there several times, once for each village, is placed in their middle.
    Countries that the file lacks keep what is built in. Raises `UnreadablePlaces`.
    """
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    opened = lzma.open if path.suffix == ".xz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                country, code, latitude, longitude = (row[name] for name in _COLUMNS)
                points[country, code].append((float(latitude), float(longitude)))
    except (EOFError, KeyError, OSError, TypeError, ValueError, lzma.LZMAError) as error:
        raise UnreadablePlaces(f"{path} is no table of postal codes: {error!r}") from error
    read = {country for country, _ in points}
    kept = [_code(*city) for city in _CITIES if city[0] not in read]
    return _places([_code(*key, *_middle(spots)) for key, spots in points.items()] + kept)


def _places(codes: Iterable[PostalCode]) -> Places:
    known = sorted(codes, key=lambda c: (c.country, c.postal_code))
    spots: dict[str, list[tuple[float, float]]] = defaultdict(list)
    addresses: dict[str, list[str]] = defaultdict(list)
    for code in known:
        spots[code.country].append((code.latitude, code.longitude))
        # One with words in it is a company's post box, and takes no parcels.
        if " " not in code.postal_code:
            addresses[code.country].append(code.postal_code)
    middles = _FAR_MIDDLES | {country: _middle(found) for country, found in spots.items()}
    return Places(
        all=known + [_of_country(country, spot) for country, spot in middles.items()],
        addresses=addresses,
    )


def _of_country(country: str, middle: tuple[float, float]) -> PostalCode:
    region, timezone = region_of(country, ""), TIMEZONES[country]
    return PostalCode(country, "", *middle, region=region, timezone=timezone)


def _middle(spots: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return (
        round(fmean(latitude for latitude, _ in spots), 4),
        round(fmean(longitude for _, longitude in spots), 4),
    )


_CITIES = (
    ("FR", "75011", 48.859, 2.379),
    ("FR", "13001", 43.300, 5.381),
    ("FR", "69003", 45.757, 4.856),
    ("FR", "31000", 43.605, 1.444),
    ("FR", "06000", 43.703, 7.266),
    ("FR", "44000", 47.218, -1.554),
    ("FR", "34000", 43.611, 3.877),
    ("FR", "67000", 48.573, 7.752),
    ("FR", "33000", 44.838, -0.579),
    ("FR", "59000", 50.629, 3.057),
    ("FR", "35000", 48.117, -1.678),
    ("FR", "51100", 49.258, 4.032),
    ("FR", "76600", 49.494, 0.108),
    ("FR", "42000", 45.440, 4.387),
    ("FR", "83000", 43.124, 5.928),
    ("FR", "38000", 45.188, 5.724),
    ("FR", "21000", 47.322, 5.041),
    ("FR", "49000", 47.478, -0.563),
    ("FR", "30000", 43.837, 4.360),
    ("FR", "63000", 45.777, 3.087),
    ("FR", "37000", 47.394, 0.685),
    ("FR", "87000", 45.833, 1.261),
    ("FR", "57000", 49.119, 6.176),
    ("FR", "29200", 48.390, -4.486),
    ("FR", "20000", 41.919, 8.739),
    ("FR", "20200", 42.698, 9.450),
    ("BE", "1000", 50.847, 4.352),
    ("BE", "2000", 51.221, 4.400),
    ("BE", "9000", 51.054, 3.717),
    ("BE", "6000", 50.411, 4.444),
    ("BE", "4000", 50.633, 5.568),
    ("BE", "8000", 51.209, 3.224),
    ("BE", "5000", 50.467, 4.867),
    ("BE", "3000", 50.879, 4.701),
    ("BE", "7000", 50.454, 3.952),
    ("BE", "2800", 51.028, 4.480),
    ("BE", "8500", 50.828, 3.265),
    ("BE", "3500", 50.930, 5.338),
    ("GB", "SW1A", 51.504, -0.127),
    ("GB", "B2", 52.480, -1.896),
    ("GB", "M2", 53.480, -2.244),
    ("GB", "LS1", 53.797, -1.546),
    ("GB", "G1", 55.860, -4.250),
    ("GB", "L1", 53.403, -2.979),
    ("GB", "BS1", 51.454, -2.593),
    ("GB", "S1", 53.380, -1.469),
    ("GB", "EH1", 55.950, -3.189),
    ("GB", "CF10", 51.478, -3.178),
    ("GB", "LE1", 52.637, -1.133),
    ("GB", "NE1", 54.973, -1.613),
    ("GB", "NG1", 52.954, -1.149),
    ("GB", "SO14", 50.900, -1.401),
    ("GB", "PL1", 50.369, -4.143),
    ("GB", "NR1", 52.624, 1.301),
    ("GB", "CB1", 52.199, 0.139),
    ("GB", "OX1", 51.750, -1.258),
    ("GB", "YO1", 53.958, -1.081),
    ("GB", "EX1", 50.726, -3.516),
    ("GB", "AB10", 57.137, -2.117),
    ("GB", "BT1", 54.600, -5.928),
    ("NL", "1012", 52.373, 4.894),
    ("NL", "3011", 51.921, 4.486),
    ("NL", "5611", 51.437, 5.478),
    ("LU", "L-1009", 49.600, 6.117),
    ("DE", "50667", 50.939, 6.955),
    ("DE", "60311", 50.110, 8.682),
    ("DE", "20095", 53.551, 10.001),
    ("DE", "80331", 48.135, 11.571),
    ("ES", "28001", 40.425, -3.686),
    ("ES", "08001", 41.380, 2.170),
    ("IT", "20121", 45.472, 9.192),
    ("IT", "10121", 45.069, 7.678),
    ("CH", "1204", 46.202, 6.146),
    ("CH", "8001", 47.372, 8.541),
    ("AT", "1010", 48.208, 16.371),
    ("IE", "D01", 53.352, -6.260),
    ("IE", "T12", 51.898, -8.471),
    ("JE", "JE2", 49.190, -2.103),
)
_FAR_MIDDLES = {
    "AE": (24.0, 54.0),
    "AU": (-25.0, 133.0),
    "BH": (26.0, 50.5),
    "BR": (-10.0, -55.0),
    "CA": (56.0, -96.0),
    "CY": (35.1, 33.2),
    "CZ": (49.8, 15.5),
    "DK": (56.0, 10.0),
    "FI": (62.0, 26.0),
    "GR": (39.0, 22.0),
    "HK": (22.3, 114.2),
    "IL": (31.5, 34.9),
    "IS": (65.0, -18.5),
    "JP": (36.5, 138.0),
    "LB": (33.9, 35.9),
    "LT": (55.2, 23.9),
    "MT": (35.9, 14.4),
    "NO": (61.0, 9.0),
    "PL": (52.0, 19.4),
    "PT": (39.6, -8.0),
    "SA": (24.0, 45.0),
    "SE": (61.0, 15.0),
    "SG": (1.35, 103.8),
    "US": (39.8, -98.6),
    "ZA": (-29.0, 25.0),
}
