"""The network of the demo: ten places in France, Belgium and the United Kingdom, and who carries.

The places are real, with their own coordinates; the companies and the prices are ours.
"""

from dataclasses import dataclass
from datetime import timedelta

from adapters.postgres.network import Channel, Location
from cli.demo.calendars import location_calendar
from cli.demo.carriers import services
from domain.messages.policy import OrderPolicy, SourcingPolicy

__all__ = ["CHANNELS", "behaviour", "locations", "policy", "services"]

CHANNELS = (
    Channel("edi", "EDI"),
    Channel("sales", "Sales representatives"),
    Channel("web", "Web shop"),
    Channel("marketplace", "Marketplace"),
)

_TIMEZONES = {"FR": "Europe/Paris", "BE": "Europe/Brussels", "GB": "Europe/London"}
# For public holidays: of the places in Britain, all are in England.
_REGIONS = {"GB": "ENG"}
_CAPACITIES = {"manchester": 150}
_SUPPLIED = ("FR", "BE", "LU", "DE", "NL")


@dataclass(frozen=True)
class _Kind:
    """What places of a kind have in common; `handling` is cents for one shipment, `capacity` so
    many shipments a day."""

    handling: int
    cut_off: int
    reliability: float
    capacity: int | None = None


_KINDS = {
    "warehouse": _Kind(handling=140, cut_off=17, reliability=0.98),
    "3pl": _Kind(handling=210, cut_off=15, reliability=0.96),
    "store": _Kind(handling=320, cut_off=16, reliability=0.93, capacity=60),
    "supplier": _Kind(handling=260, cut_off=11, reliability=0.95),
}


def locations() -> tuple[Location, ...]:
    """Five warehouses, three stores where customers may fetch, a logistics provider, and a supplier
    that sends what it sells through us itself."""
    return (
        _place("lille", "Lille-Lesquin", "warehouse", ("FR", "59810", 50.5897, 3.1117)),
        _place("orleans", "Orléans-Saran, supplier", "supplier", ("FR", "45770", 47.9502, 1.8767)),
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
    timezone, region, of_kind = _TIMEZONES[country], _REGIONS.get(country), _KINDS[kind]
    capacity = _CAPACITIES.get(id_, of_kind.capacity)
    return Location(
        id=id_,
        name=name,
        kind=kind,
        country=country,
        postal_code=postal_code,
        latitude=latitude,
        longitude=longitude,
        timezone=timezone,
        handling_cost=of_kind.handling,
        cut_off_hour=of_kind.cut_off,
        reliability=of_kind.reliability,
        region=region,
        calendar=location_calendar(kind, timezone, country, region, capacity),
        markets=_SUPPLIED if kind == "supplier" else (),
        collect=kind == "store",
    )


def policy() -> OrderPolicy:
    """Durations for a world at high speed: a location that is merely slow has confirmed its pick
    long before `pick_timeout`, and one that is silent is passed over within the demo."""
    return OrderPolicy(
        version="demo-3",
        # A tonne of CO2 costs 100.00.
        sourcing=SourcingPolicy(co2_price_per_tonne=10_000),
        pick_timeout=timedelta(seconds=20),
        release_timeout=timedelta(seconds=15),
        dispatch_timeout=timedelta(minutes=5),
        collect_timeout=timedelta(seconds=20),
        return_timeout=timedelta(seconds=10),
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
            "no_show": 0.1,
            "late_delivery": 0.03,
        },
        "pick_hours": [0.5, 3.0],
        "dispatch_hours": [0.5, 4.0],
        "hang_seconds": 4.0,
    }
