"""The demo's network as a simulation needs it."""

from dataclasses import asdict
from typing import Any

from cli.demo import network
from domain.sourcing import Location, Service

# Grams of CO2 equivalent for a tonne-kilometre, by the code of a service of the demo.
_DECREE = "French order of 10 April 2012, per tonne-km"
_GLEC = "GLEC Framework v3, default factors, well-to-wheel"
_EMITS = {
    "dawn": (1068, f"{_DECREE}: express van with parcels"),
    "home": (332, f"{_DECREE}: 19 t groupage"),
    "parcel": (332, f"{_DECREE}: 19 t groupage"),
    "pallet": (175, f"{_DECREE}: 40 t groupage"),
    "air": (608, f"{_GLEC}: belly freight, long haul"),
    "world": (608, f"{_GLEC}: belly freight, long haul"),
}


def locations() -> tuple[Location, ...]:
    """The locations of the demo, by id."""
    found = []
    for place in network.locations():
        row = asdict(place)
        found.append(Location.model_validate({"location_id": row["id"], **_known(Location, row)}))
    return tuple(sorted(found, key=lambda location: location.location_id))


def services() -> tuple[Service, ...]:
    """The carrier services of the demo, each with what it emits."""
    found = []
    for offer in network.services():
        row = asdict(offer)
        if not row.get("co2_grams_per_tkm"):
            row["co2_grams_per_tkm"], row["co2_source"] = _EMITS[row["service"]]
        found.append(Service.model_validate(_known(Service, row)))
    return tuple(found)


def _known(model: type[Location | Service], row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in model.model_fields}
