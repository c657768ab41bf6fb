"""The network of the demo: ten places in France, Belgium and the United Kingdom, and who carries.

The places are real, with their own coordinates; the companies and the prices are ours.
"""

from dataclasses import dataclass
from datetime import timedelta

from adapters.postgres.network import CarrierService, Channel, Location
from domain.messages.policy import OrderPolicy

CHANNELS = (
    Channel("edi", "EDI"),
    Channel("sales", "Sales representatives"),
    Channel("web", "Web shop"),
    Channel("marketplace", "Marketplace"),
)

_TIMEZONES = {"FR": "Europe/Paris", "BE": "Europe/Brussels", "GB": "Europe/London"}


@dataclass(frozen=True)
class _Kind:
    """What places of a kind have in common; `handling` is cents for one shipment."""

    handling: int
    cut_off: int
    reliability: float


_KINDS = {
    "warehouse": _Kind(handling=140, cut_off=17, reliability=0.98),
    "3pl": _Kind(handling=210, cut_off=15, reliability=0.96),
    "store": _Kind(handling=320, cut_off=15, reliability=0.93),
}


def locations() -> tuple[Location, ...]:
    """Six warehouses, three stores and a logistics provider."""
    return (
        _place("lille", "Lille-Lesquin", "warehouse", ("FR", "59810", 50.5897, 3.1117)),
        _place("orleans", "Orléans-Saran", "warehouse", ("FR", "45770", 47.9502, 1.8767)),
        _place("lyon", "Lyon Saint-Priest", "warehouse", ("FR", "69800", 45.6976, 4.9447)),
        _place("liege", "Liège-Grâce", "warehouse", ("BE", "4460", 50.6417, 5.4670)),
        _place("coventry", "Coventry", "warehouse", ("GB", "CV6", 52.4310, -1.5170)),
        _place("manchester", "Trafford Park", "warehouse", ("GB", "M17", 53.4660, -2.3180)),
        _place("paris", "Paris Bourse", "store", ("FR", "75002", 48.8682, 2.3419)),
        _place("brussels", "Brussels centre", "store", ("BE", "1000", 50.8467, 4.3525)),
        _place("london", "London Marylebone", "store", ("GB", "W1U", 51.5186, -0.1530)),
        _place("marseille", "Vitrolles Logistique", "3pl", ("FR", "13127", 43.4550, 5.2480)),
    )


def _place(id_: str, name: str, kind: str, where: tuple[str, str, float, float]) -> Location:
    country, postal_code, latitude, longitude = where
    return Location(
        id=id_,
        name=name,
        kind=kind,
        country=country,
        postal_code=postal_code,
        latitude=latitude,
        longitude=longitude,
        timezone=_TIMEZONES[country],
        handling_cost=_KINDS[kind].handling,
        cut_off_hour=_KINDS[kind].cut_off,
        reliability=_KINDS[kind].reliability,
    )


@dataclass(frozen=True)
class _Service:
    """A service with its two prices in cents, its transit days and its limit in grams."""

    carrier: str
    service: str
    name: str
    parcel: int
    kilogram: int
    days: int
    limit: int = 30_000

    def between(self, origin: str, destination: str) -> CarrierService:
        return CarrierService(
            carrier=self.carrier,
            service=self.service,
            name=self.name,
            origin_country=origin,
            destination_country=destination,
            base_price=self.parcel,
            price_per_kg=self.kilogram,
            transit_days=self.days,
            max_weight_grams=self.limit,
        )


_PALLET = 800_000
_NEAR = ("FR", "BE", "GB", "NL", "LU", "DE", "IE")
_FURTHER = (
    "AT", "CH", "CY", "CZ", "DK", "ES", "FI", "GR", "IS", "IT", "JE", "LT", "MT", "NO", "PL", "PT",
    "SE",
)  # fmt: skip
_AT_HOME = (
    _Service("colibri", "home", "Colibri Home", 590, 38, 2),
    _Service("colibri", "dawn", "Colibri Dawn", 1190, 80, 1),
    _Service("sterne", "parcel", "Sterne Parcel", 640, 45, 2),
    _Service("pelican", "pallet", "Pelican Pallet", 4200, 12, 3, _PALLET),
)
_TO_NEIGHBOURS = (
    _Service("sterne", "parcel", "Sterne Parcel", 980, 85, 3),
    _Service("pelican", "pallet", "Pelican Pallet", 7800, 20, 4, _PALLET),
)
_THROUGH_EUROPE = (
    _Service("sterne", "parcel", "Sterne Parcel", 1450, 150, 5),
    _Service("pelican", "pallet", "Pelican Pallet", 12_500, 34, 7, _PALLET),
)
_EVERYWHERE = (
    _Service("courlis", "world", "Courlis World", 2400, 520, 6),
    _Service("courlis", "air", "Courlis Air", 3900, 890, 3),
    _Service("pelican", "pallet", "Pelican Pallet", 39_000, 160, 12, _PALLET),
)


def services() -> tuple[CarrierService, ...]:
    """Six services of four carriers, at home all of them, and to every country at least three."""
    rows = []
    for origin in _TIMEZONES:
        rows += [service.between(origin, origin) for service in _AT_HOME]
        rows += [service.between(origin, "*") for service in _EVERYWHERE]
        neighbours = [country for country in _NEAR if country != origin]
        for destinations, offers in ((neighbours, _TO_NEIGHBOURS), (_FURTHER, _THROUGH_EUROPE)):
            rows += [s.between(origin, country) for country in destinations for s in offers]
    return tuple(rows)


def policy() -> OrderPolicy:
    """Durations for a world at high speed: a location that is merely slow has confirmed its pick
    long before `pick_timeout`, and one that is silent is passed over within the demo."""
    return OrderPolicy(
        version="demo-1",
        pick_timeout=timedelta(seconds=20),
        release_timeout=timedelta(seconds=15),
        dispatch_timeout=timedelta(minutes=5),
        hold_timeout=timedelta(days=1),
        backorder_timeout=timedelta(days=1),
    )


def behaviour(seed: int) -> dict[str, object]:
    """How the outside world is to behave: everything that can go wrong does, now and then."""
    return {
        "seed": seed,
        # Simulated seconds per second: five days take under nine seconds.
        "speed": 50_000.0,
        "odds": {
            "carrier_refuses": 0.03,
            "carrier_hangs_after_booking": 0.01,
            "carrier_unavailable": 0.01,
            "warehouse_refuses": 0.02,
            "warehouse_hangs_after_accepting": 0.005,
            "warehouse_unavailable": 0.01,
            "warehouse_rejects": 0.02,
            "warehouse_silent": 0.01,
            "short_pick": 0.04,
            "payment_declines": 0.03,
            "payment_hangs_after_authorising": 0.01,
            "payment_unavailable": 0.01,
            "notifier_unavailable": 0.01,
            "duplicate_webhook": 0.03,
            "late_webhook": 0.02,
            "reordered_webhook": 0.02,
            "collected_event": 0.5,
            "in_transit_event": 0.5,
            "exception_event": 0.02,
            "late_delivery": 0.03,
        },
        "pick_hours": [0.5, 3.0],
        "dispatch_hours": [0.5, 4.0],
        "hang_seconds": 4.0,
    }
