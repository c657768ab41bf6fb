"""Who carries in the demo: six services of four invented carriers, with zones, weight breaks, sizes
and emissions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from adapters.postgres.network import CarrierService
from cli.demo.calendars import service_calendar
from domain.sourcing import WeightBreak

ORIGINS = ("FR", "BE", "GB")

_DECREE = "French decree of 10 April 2012"


@dataclass(frozen=True)
class Emission:
    """Grams of CO2 equivalent for a tonne and a kilometre, and by whose factors."""

    grams_per_tkm: int
    source: str


# Kilograms for a tonne and a kilometre: express van 1.068, groupage by 19 t truck
# 0.332, by 40 t truck 0.175. A parcel network is a van, then a trunk, then a van.
_NETWORK = Emission(309, f"{_DECREE}: 15 % express van, 85 % groupage by 40 t truck")
_EXPRESS = Emission(1068, f"{_DECREE}: express van with parcels")
_GROUPAGE = Emission(332, f"{_DECREE}: groupage by 19 t truck")
_TRUNK = Emission(175, f"{_DECREE}: groupage by 40 t truck")
_FREIGHT = Emission(130, "an assumption of this demo: groupage by truck, then by sea")
_AIR = Emission(900, "an assumption of this demo: freight by air")


@dataclass(frozen=True)
class _Service:
    """A service with its prices in cents, its transit days and its limit in grams. `breaks` are
    (grams, cents) in place of the price of a parcel; `prefix` is the zone that it is for."""

    carrier: str
    service: str
    name: str
    parcel: int
    kilogram: int
    days: int | None
    emission: Emission
    limit: int = 30_000
    longest: int | None = None
    per_litre: int | None = None
    breaks: tuple[tuple[int, int], ...] = ()
    prefix: str = ""

    def between(self, origin: str, destination: str) -> CarrierService:
        return CarrierService(
            carrier=self.carrier,
            service=self.service,
            name=self.name,
            origin_country=origin,
            destination_country=destination,
            destination_prefix=self.prefix,
            base_price=self.parcel,
            price_per_kg=self.kilogram,
            transit_days=self.days or 0,
            max_weight_grams=self.limit,
            max_unit_grams=self.limit,
            max_unit_mm=self.longest,
            grams_per_litre=self.per_litre,
            breaks=tuple(WeightBreak(up_to_grams=g, price=cents) for g, cents in self.breaks),
            co2_grams_per_tkm=self.emission.grams_per_tkm,
            co2_source=self.emission.source,
            calendar=service_calendar(self.carrier, self.service, self.days),
        )


_PALLET = 800_000
_NEAR = ("FR", "BE", "GB", "NL", "LU", "DE", "IE")
_FURTHER = (
    "AT", "CH", "CY", "CZ", "DK", "ES", "FI", "GR", "IS", "IT", "JE", "LT", "MT", "NO", "PL", "PT",
    "SE",
)  # fmt: skip
_HOME = _Service(
    "colibri", "home", "Colibri Home", 490, 0, 2, _NETWORK, longest=1200,
    breaks=((1_000, 490), (2_000, 590), (5_000, 760), (10_000, 1090), (20_000, 1480),
            (30_000, 1790)),
)  # fmt: skip
_DAWN = _Service(
    "colibri", "dawn", "Colibri Dawn", 1190, 80, 1, _EXPRESS, longest=1000, per_litre=200
)
_PARCEL = _Service(
    "sterne", "parcel", "Sterne Parcel", 640, 45, 2, _GROUPAGE, longest=1750, per_litre=200
)
_PALLETS = _Service("pelican", "pallet", "Pelican Pallet", 4200, 12, 3, _TRUNK, _PALLET)
_AT_HOME = (_HOME, _DAWN, _PARCEL, _PALLETS)
_TO_NEIGHBOURS = (
    replace(_PARCEL, parcel=980, kilogram=85, days=3),
    replace(_PALLETS, parcel=7800, kilogram=20, days=4),
)
_THROUGH_EUROPE = (
    replace(_PARCEL, parcel=1450, kilogram=150, days=5),
    replace(_PALLETS, parcel=12_500, kilogram=34, days=7),
)
_EVERYWHERE = (
    _Service(
        "courlis", "world", "Courlis World", 2400, 520, 6, _FREIGHT, longest=1500, per_litre=200
    ),
    _Service("courlis", "air", "Courlis Air", 3900, 890, 3, _AIR, longest=1200, per_litre=167),
    replace(_PALLETS, parcel=39_000, kilogram=160, days=12, emission=_FREIGHT),
)
# Over the sea: Corsica from the mainland, Northern Ireland from Great Britain.
_OVER_THE_SEA = {"FR": "20", "GB": "BT"}


def _beyond_the_sea(prefix: str) -> Iterable[_Service]:
    """Parcels cost more and take two days longer; nothing is there by the next morning."""
    dearer = tuple((grams, cents + 450) for grams, cents in _HOME.breaks)
    yield replace(_HOME, parcel=_HOME.parcel + 450, breaks=dearer, days=4, prefix=prefix)
    yield replace(_PARCEL, parcel=1090, kilogram=90, days=4, prefix=prefix)
    yield replace(_PALLETS, parcel=6900, kilogram=18, days=5, prefix=prefix)
    yield replace(_DAWN, days=None, prefix=prefix)


def services() -> tuple[CarrierService, ...]:
    """Six services of four carriers, at home all of them, and to every country at least three."""
    return tuple(service for origin in ORIGINS for service in _from(origin))


def _from(origin: str) -> Iterator[CarrierService]:
    yield from (service.between(origin, origin) for service in _AT_HOME)
    if origin in _OVER_THE_SEA:
        beyond = _beyond_the_sea(_OVER_THE_SEA[origin])
        yield from (service.between(origin, origin) for service in beyond)
    yield from (service.between(origin, "*") for service in _EVERYWHERE)
    neighbours = [country for country in _NEAR if country != origin]
    for destinations, offers in ((neighbours, _TO_NEIGHBOURS), (_FURTHER, _THROUGH_EUROPE)):
        yield from (s.between(origin, country) for country in destinations for s in offers)
