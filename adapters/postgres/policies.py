"""The policies that orders start with, and which order gets which."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import tables
from domain.messages.policy import OrderPolicy


class PolicyChangedError(Exception):
    """A version is in use with other contents: a changed policy needs a version of its own."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """New orders that fit get the policy of this version; an empty field fits every order.
    `shadow_version` decides beside it, without effect."""

    policy_version: str
    channel: str | None = None
    segment: str | None = None
    type: str | None = None
    country: str | None = None
    shadow_version: str | None = None


async def activate_policy(connection: AsyncConnection, policy: OrderPolicy) -> None:
    """Make a policy the one that all orders start with from now on; orders keep the one they
    have. Raises PolicyChangedError."""
    await activate(connection, [policy], [Assignment(policy.version)])


async def activate(
    connection: AsyncConnection, policies: Sequence[OrderPolicy], assignments: Sequence[Assignment]
) -> None:
    """Assign policies to the orders that are placed from now on, the first assignment that fits;
    what stood assigned before does no more. Raises PolicyChangedError."""
    for policy in policies:
        await _keep(connection, policy)
    await connection.execute(delete(tables.policy_assignments))
    if assignments:
        await connection.execute(
            insert(tables.policy_assignments),
            [
                {
                    "position": position,
                    "channel": row.channel,
                    "segment": row.segment,
                    "type": row.type,
                    "country": row.country,
                    "policy_version": row.policy_version,
                    "shadow_version": row.shadow_version,
                }
                for position, row in enumerate(assignments, start=1)
            ],
        )


async def _keep(connection: AsyncConnection, policy: OrderPolicy) -> None:
    policies = tables.policies
    row = upsert(policies).values(version=policy.version, body=policy.model_dump(mode="json"))
    await connection.execute(row.on_conflict_do_nothing())
    stored = await connection.execute(
        select(policies.c.body).where(policies.c.version == policy.version)
    )
    if OrderPolicy.model_validate(stored.scalar_one()) != policy:
        raise PolicyChangedError(
            f"policy {policy.version!r} is known with other contents: a changed policy needs a new "
            "version"
        )
