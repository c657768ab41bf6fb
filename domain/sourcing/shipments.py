"""What the search chose as shipments: units by line, cost terms, parcels, CO2."""

from dataclasses import dataclass

from domain.calendar import Milestones
from domain.messages.policy import SourcingPolicy
from domain.sourcing.candidates import Way
from domain.sourcing.decision import Costs, SourcedShipment
from domain.sourcing.goods import Goods, total
from domain.sourcing.loads import scarcity_cost
from domain.sourcing.option import Option
from domain.sourcing.parcels import co2_cost, co2_grams, parcel_price, parcels, risk
from domain.sourcing.problem import Line, SourcingProblem
from domain.sourcing.shares import Units
from domain.sourcing.times import Times


@dataclass(frozen=True, slots=True)
class PlanCosts:
    """The terms of a plan, in cents."""

    shipments: int
    split: int
    backorder: int

    @property
    def total(self) -> int:
        return self.shipments + self.split + self.backorder


def costs_of(
    policy: SourcingPolicy, shipments: tuple[SourcedShipment, ...], missing: int
) -> PlanCosts:
    return PlanCosts(
        shipments=sum(s.costs.total for s in shipments),
        split=policy.split_penalty * max(0, len(shipments) - 1),
        backorder=policy.backorder_per_unit * missing,
    )


def shipments_of(
    problem: SourcingProblem,
    policy: SourcingPolicy,
    goods: Goods,
    times: Times,
    option: Option | None,
) -> tuple[SourcedShipment, ...]:
    """A shipment for each way, by location. The units of a SKU go to its lines in turn."""
    if option is None:
        return ()
    lines = sorted(problem.lines, key=lambda line: (len(line.line_id), line.line_id))
    open_units = {line.line_id: line.quantity for line in lines}
    return tuple(
        _shipment(policy, times, goods, way, units, _to_lines(lines, open_units, goods, units))
        for way, units in zip(option.ways, option.units, strict=True)
    )


def _to_lines(
    lines: list[Line], open_units: dict[str, int], goods: Goods, units: Units
) -> dict[str, int]:
    left = dict(zip(goods.skus, units, strict=True))
    taken: dict[str, int] = {}
    for line in lines:
        given = min(left.get(line.sku, 0), open_units[line.line_id])
        if given > 0:
            left[line.sku] -= given
            open_units[line.line_id] -= given
            taken[line.line_id] = given
    return taken


def _shipment(
    policy: SourcingPolicy,
    times: Times,
    goods: Goods,
    way: Way,
    units: Units,
    lines: dict[str, int],
) -> SourcedShipment:
    grams, chargeable = total(units, goods.grams), total(units, way.rate.grams)
    location, service, km = way.place.location, way.service, way.place.km
    milestones = times.of(location, service)
    assert isinstance(milestones, Milestones), "what has none is no way"
    return SourcedShipment(
        location_id=location.location_id,
        carrier=service.carrier,
        service=service.service,
        lines=lines,
        weight_grams=grams,
        distance_km=km,
        promise=milestones.promise,
        costs=Costs(
            parcel=parcel_price(service, chargeable),
            handling=location.handling_cost,
            lateness=way.lateness,
            risk=risk(location, policy),
            co2=co2_cost(service, grams, km, policy.co2_price_per_tonne),
            scarcity=scarcity_cost(way, units),
        ),
        parcels=parcels(service, chargeable),
        co2_grams=co2_grams(service, grams, km),
        pick_by=milestones.pick_by,
        dispatch_by=milestones.dispatch_by,
        dispatch_day=milestones.dispatch_day,
    )


def backordered(problem: SourcingProblem, shipments: tuple[SourcedShipment, ...]) -> dict[str, int]:
    """The units of each line that no shipment holds."""
    lines = sorted(problem.lines, key=lambda line: (len(line.line_id), line.line_id))
    left = {
        line.line_id: line.quantity - sum(s.lines.get(line.line_id, 0) for s in shipments)
        for line in lines
    }
    return {line_id: units for line_id, units in left.items() if units > 0}
