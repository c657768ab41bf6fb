"""What taking stock costs later orders: forecast, solved and written down on a schedule."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from adapters.postgres import demand
from adapters.postgres.demand import Outlook, Zone
from adapters.postgres.network_cache import KnownNetwork, NetworkCache
from adapters.postgres.policies import read_active
from adapters.postgres.snapshot import to_destination
from domain.lookahead.forecast import Horizon
from domain.lookahead.scarcity import scarcities
from domain.lookahead.unit_costs import UnitCosts
from domain.messages.lookahead import RefreshScarcities, ScarcitiesRefreshed
from domain.messages.policy import SourcingPolicy
from domain.sourcing import Scarcity, SourcingProblem

_CURRENCY = "XXX"


class LookaheadActivities:
    def __init__(self, engine: AsyncEngine, network: NetworkCache) -> None:
        self._engine = engine
        self._network = network

    @activity.defn
    async def refresh_scarcities(self, asked: RefreshScarcities) -> ScarcitiesRefreshed:
        """Forecast demand, and put what taking a unit costs it in the place of what stood there.

        Costs are those of the policy that the last row of assignments gives, which fits all.
        """
        ahead = asked.request
        horizon = Horizon(
            since=asked.at - ahead.lookback,
            at=asked.at,
            half_life=ahead.half_life,
            ahead=ahead.horizon,
        )
        network = await self._network.read()
        async with self._engine.connect() as conn:
            outlook = await demand.read_outlook(conn, horizon)
            book = await read_active(conn)
        given = [book.policies[row.policy_version].sourcing for row in book.assigned]
        policy = given[-1] if given else SourcingPolicy()
        scarce = await asyncio.to_thread(_scarce, outlook, network, policy, horizon)
        async with self._engine.begin() as conn:
            await demand.write_scarcities(conn, scarce, asked.at)
        return ScarcitiesRefreshed(skus=len(outlook.grams), scarce=len(scarce))


def _scarce(
    outlook: Outlook, network: KnownNetwork, policy: SourcingPolicy, horizon: Horizon
) -> tuple[Scarcity, ...]:
    costs = UnitCosts(
        {zone.name: _nowhere_special(zone, network, horizon) for zone in outlook.zones},
        policy,
        outlook.grams,
        outlook.units_per_order,
    )
    return scarcities(outlook.demands, outlook.stock, costs)


def _nowhere_special(zone: Zone, network: KnownNetwork, horizon: Horizon) -> SourcingProblem:
    """A decision for somebody in the zone, of whom nothing else is known."""
    return SourcingProblem(
        order_id="",
        at=horizon.at,
        currency=_CURRENCY,
        country=zone.country,
        postal_code=zone.prefix,
        latitude=zone.latitude,
        longitude=zone.longitude,
        region=zone.region,
        timezone=zone.timezone,
        requested_date=None,
        ship_complete=False,
        critical=False,
        lines=(),
        locations=network.locations,
        services=to_destination(network.services, zone.country),
        availability=(),
    )
