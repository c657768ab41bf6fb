"""The policies that orders start with, and which order gets which."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Column, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import tables
from domain.messages.orders import OrderStatus
from domain.messages.policy import OrderPolicy
from domain.policies import ActiveBook, Assignment, Known, changed_fields

__all__ = [
    "ASSIGNED",
    "Assignment",
    "ListedPolicy",
    "PolicyChangedError",
    "activate",
    "activate_policy",
    "hold_assignments",
    "list_policies",
    "read_active",
    "read_known",
    "read_policy",
]

ASSIGNED = """
    SELECT policy_version, shadow_version FROM policy_assignments AS fits
    WHERE (fits.channel IS NULL OR fits.channel = :channel)
      AND (fits.segment IS NULL OR fits.segment = customers.segment)
      AND (fits.type IS NULL OR fits.type = asks.type)
      AND (fits.country IS NULL OR fits.country = asks.country)
    ORDER BY position LIMIT 1
"""
"""The row in force for `asks` (type, country of destination) of `customers`, to be joined
laterally; no row with a segment fits where the customer is not known."""

_ROWS = select(tables.policy_assignments).order_by(tables.policy_assignments.c.position)


class PolicyChangedError(Exception):
    """A version is in use with other contents: a changed policy needs a version of its own."""


@dataclass(frozen=True, slots=True)
class ListedPolicy:
    """A stored version: the rows that give it to orders, and those in which it only decides beside
    another one, by position; `open_orders` are those that run on it."""

    version: str
    assigned: Sequence[int]
    shadows: Sequence[int]
    open_orders: int


async def activate_policy(connection: AsyncConnection, policy: OrderPolicy) -> None:
    """Make a policy the one that all orders start with from now on; orders keep the one they
    have. Raises PolicyChangedError."""
    await activate(connection, [policy], [Assignment(policy.version)])


async def activate(
    connection: AsyncConnection, policies: Sequence[OrderPolicy], assigned: Sequence[Assignment]
) -> None:
    """Assign policies to the orders that are placed from now on, the first row that fits; what
    stood assigned before does no more. Orders keep the policy they have. Raises PolicyChangedError.
    """
    await hold_assignments(connection)
    for policy in policies:
        await _keep(connection, policy)
    await connection.execute(delete(tables.policy_assignments))
    rows = [{"position": n, **asdict(row)} for n, row in enumerate(assigned, start=1)]
    if rows:
        await connection.execute(insert(tables.policy_assignments), rows)


async def hold_assignments(connection: AsyncConnection) -> None:
    """Nobody else assigns policies until the transaction ends; orders are placed meanwhile."""
    await connection.execute(text("LOCK TABLE policy_assignments IN SHARE ROW EXCLUSIVE MODE"))


async def read_active(connection: AsyncConnection) -> ActiveBook:
    """The rows in force and the policies that they name."""
    rows = (await connection.execute(_ROWS)).mappings().all()
    assigned = [Assignment(**{n: v for n, v in row.items() if n != "position"}) for row in rows]
    named = {row.policy_version for row in assigned} | {
        row.shadow_version for row in assigned if row.shadow_version is not None
    }
    stored = tables.policies
    found = await connection.execute(select(stored).where(stored.c.version.in_(sorted(named))))
    return ActiveBook(
        assigned, {row.version: OrderPolicy.model_validate(row.body) for row in found}
    )


async def read_policy(connection: AsyncConnection, version: str) -> OrderPolicy | None:
    """The policy that is stored under a version, if one is."""
    stored = tables.policies
    body = await connection.scalar(select(stored.c.body).where(stored.c.version == version))
    return None if body is None else OrderPolicy.model_validate(body)


async def list_policies(connection: AsyncConnection) -> list[ListedPolicy]:
    """All stored versions, by name."""
    orders = tables.orders
    final = [status.value for status in OrderStatus if status.is_final]
    running = await connection.execute(
        select(orders.c.policy_version, func.count().label("orders"))
        .where(orders.c.status.not_in(final))
        .group_by(orders.c.policy_version)
    )
    open_orders = {row.policy_version: row.orders for row in running}
    rows = (await connection.execute(_ROWS)).all()
    versions = await connection.execute(
        select(tables.policies.c.version).order_by(tables.policies.c.version)
    )
    return [
        ListedPolicy(
            version=version,
            assigned=[row.position for row in rows if row.policy_version == version],
            shadows=[row.position for row in rows if row.shadow_version == version],
            open_orders=open_orders.get(version, 0),
        )
        for version in versions.scalars()
    ]


async def read_known(connection: AsyncConnection) -> Known:
    """What a book of policies may name here; closed locations count too, for they may open."""
    places = tables.locations

    async def all_of(column: Column[str]) -> frozenset[str]:
        return frozenset((await connection.execute(select(column).distinct())).scalars())

    return Known(
        channels=await all_of(tables.channels.c.code),
        kinds=await all_of(places.c.kind),
        countries=await all_of(places.c.country),
        versions=await all_of(tables.policies.c.version),
    )


async def _keep(connection: AsyncConnection, policy: OrderPolicy) -> None:
    row = upsert(tables.policies).values(
        version=policy.version, body=policy.model_dump(mode="json")
    )
    await connection.execute(row.on_conflict_do_nothing())
    stored = await read_policy(connection, policy.version)
    assert stored is not None
    other = [change.place for change in changed_fields(stored, policy)]
    if other:
        raise PolicyChangedError(
            f"policy {policy.version!r} is known with other contents ({', '.join(other)}): a "
            "changed policy needs a new version"
        )
