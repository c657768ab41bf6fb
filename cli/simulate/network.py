"""The demo's network as a simulation needs it."""

from dataclasses import asdict
from typing import Any

from cli.demo import network
from domain.sourcing import Location, Service


def locations() -> tuple[Location, ...]:
    """The locations of the demo, by id."""
    found = []
    for place in network.locations():
        row = asdict(place)
        found.append(Location.model_validate({"location_id": row["id"], **_known(Location, row)}))
    return tuple(sorted(found, key=lambda location: location.location_id))


def services() -> tuple[Service, ...]:
    """The carrier services of the demo."""
    return tuple(
        Service.model_validate(_known(Service, asdict(offer))) for offer in network.services()
    )


def _known(model: type[Location | Service], row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in model.model_fields}
