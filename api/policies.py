"""The policies that new orders get."""

from fastapi import APIRouter

from adapters.postgres.policies import read_active
from api.answers import Answer
from api.services import Shared
from domain.messages.policy import OrderPolicy

router = APIRouter(tags=["policies"])


class AssignmentAnswer(Answer):
    """Orders that fit get the policy of this version; null fits every order. That of
    `shadow_version` decides beside it, without effect."""

    position: int
    channel: str | None
    segment: str | None
    type: str | None
    country: str | None
    policy_version: str
    shadow_version: str | None


class ActivePoliciesAnswer(Answer):
    """The first of `assigned` that fits an order counts; `policies` are all that it names, by
    version. Durations are ISO 8601, amounts minor units of an order's currency."""

    assigned: list[AssignmentAnswer]
    policies: dict[str, OrderPolicy]


@router.get("/policies")
async def get_policies(services: Shared) -> ActivePoliciesAnswer:
    """The policies that orders placed now get. An order keeps the one it started with: its
    `policy_version` says which."""
    async with services.engine.connect() as connection:
        # One snapshot, or a book that is activated meanwhile would be seen in part.
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        active = await read_active(connection)
    return ActivePoliciesAnswer(
        assigned=[
            AssignmentAnswer(position=position, **{n: getattr(row, n) for n in row.__slots__})
            for position, row in enumerate(active.assigned, start=1)
        ],
        policies=dict(active.policies),
    )
