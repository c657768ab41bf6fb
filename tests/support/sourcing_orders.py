"""Small sourcing problems for tests: a Tuesday morning in March 2026, everything in Paris, 5.00 for
a parcel that takes a day."""

from datetime import UTC, datetime

from domain.messages.policy import SourcingPolicy
from domain.sourcing import Availability, Location, Service, SourcingPlan, SourcingProblem

TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
FREE = SourcingPolicy(split_penalty=0, resourcing_cost=0)


def a_location(location_id: str, **changes: object) -> Location:
    return Location.model_validate(
        {
            "location_id": location_id,
            "name": location_id.title(),
            "kind": "warehouse",
            "country": "FR",
            "latitude": 48.86,
            "longitude": 2.34,
            "timezone": "Europe/Paris",
            "cut_off_hour": 16,
            "handling_cost": 0,
            "reliability": 1.0,
        }
        | changes
    )


def a_service(service: str = "standard", **changes: object) -> Service:
    return Service.model_validate(
        {
            "carrier": "colibri",
            "service": service,
            "name": service.title(),
            "origin_country": "FR",
            "destination_country": "*",
            "base_price": 500,
            "price_per_kg": 0,
            "transit_days": 1,
            "max_weight_grams": 30_000,
        }
        | changes
    )


def an_order(*locations: Location, **changes: object) -> SourcingProblem:
    """So many `units` of A, one without it, 1 kg each; each of the locations has 9."""
    units = changes.pop("units", 1)
    return SourcingProblem.model_validate(
        {
            "order_id": "web:R-1",
            "at": TUESDAY,
            "currency": "EUR",
            "country": "FR",
            "latitude": 48.86,
            "longitude": 2.34,
            "requested_date": None,
            "ship_complete": False,
            "critical": False,
            "lines": ({"line_id": "1", "sku": "A", "quantity": units, "weight_grams": 1000},),
            "locations": locations,
            "services": (a_service(),),
            "availability": tuple(
                Availability(location_id=place.location_id, sku="A", units=9) for place in locations
            ),
        }
        | changes
    )


def sent_from(plan: SourcingPlan) -> list[str]:
    return [shipment.location_id for shipment in plan.shipments]


def said(plan: SourcingPlan) -> dict[str, str]:
    """The code by which each location was ruled out."""
    return {place: out.code for out in plan.excluded for place in out.location_ids}
