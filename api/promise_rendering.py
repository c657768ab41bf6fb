"""Answers from what was found for a cart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from api.promise_answers import (
    CartUnits,
    ComingUnits,
    MissingUnits,
    OptionShipment,
    PriceAnswer,
    PromiseOption,
)
from domain.promise import Offered, Option
from domain.sourcing import Location, SourcedShipment, SourcingProblem
from domain.sourcing.explain import service_name


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where a customer would fetch a cart, and how far that is, if it is known from where."""

    store: Location
    distance_km: int | None


def rendered(
    problem: SourcingProblem, offered: Offered, validity: timedelta, fetched: Fetched | None
) -> Iterator[PromiseOption]:
    """The options of one way to get the cart."""
    for option in offered.options:
        yield PromiseOption(
            type=problem.type,
            best=list(option.best),
            promise=option.promise,
            order_by=option.order_by,
            valid_until=option.valid_until(problem.at, validity),
            price=_price(problem, option),
            co2_grams=option.co2_grams,
            complete=option.is_complete,
            missing=list(_missing(problem, option)),
            shipments=[_shipment(problem, shipment) for shipment in option.plan.shipments],
            collect_at=None if fetched is None else fetched.store.location_id,
            collect_name=None if fetched is None else fetched.store.name,
            distance_km=None if fetched is None else fetched.distance_km,
        )


def _price(problem: SourcingProblem, option: Option) -> PriceAnswer:
    parcel = sum(shipment.costs.parcel for shipment in option.plan.shipments)
    handling = sum(shipment.costs.handling for shipment in option.plan.shipments)
    return PriceAnswer(
        amount=parcel + handling, currency=problem.currency, parcel=parcel, handling=handling
    )


def _missing(problem: SourcingProblem, option: Option) -> Iterator[MissingUnits]:
    for line in problem.lines:
        quantity = option.plan.backordered.get(line.line_id, 0)
        if quantity:
            yield MissingUnits(
                line=int(line.line_id),
                sku=line.sku,
                quantity=quantity,
                coming=[
                    ComingUnits(
                        quantity=claim.units, supply_id=claim.supply_id, promise=claim.promise
                    )
                    for claim in option.expected
                    if claim.line_id == line.line_id
                ],
            )


def _shipment(problem: SourcingProblem, shipment: SourcedShipment) -> OptionShipment:
    skus = {line.line_id: line.sku for line in problem.lines}
    names = {location.location_id: location.name for location in problem.locations}
    return OptionShipment(
        location_id=shipment.location_id,
        location_name=names[shipment.location_id],
        carrier=shipment.carrier,
        service=shipment.service,
        service_name=service_name(problem, shipment),
        distance_km=shipment.distance_km,
        promise=shipment.promise,
        co2_grams=shipment.co2_grams,
        lines=[
            CartUnits(line=int(line), sku=skus[line], quantity=units)
            for line, units in shipment.lines.items()
        ],
    )
