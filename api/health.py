"""Whether the API runs, and whether it can do its work."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.service import RPCError

from adapters.temporal import TemporalUnreachableError, reaching_temporal
from api.answers import Health
from api.problems import unavailable
from api.services import Services, Shared

router = APIRouter(prefix="/health", tags=["health"])

_BOUND = timedelta(seconds=2)

_log = structlog.stdlib.get_logger(__name__)


@router.get("/live")
async def live() -> Health:
    """The process runs and answers."""
    return Health(status="live")


@router.get("/ready")
@router.get("", name="health")
async def ready(services: Shared) -> Health:
    """The process can reach its database and its workflow server: else 503."""
    postgres, temporal = await asyncio.gather(
        _check("postgres", _postgres, services), _check("temporal", _temporal, services)
    )
    checks = {"postgres": postgres, "temporal": temporal}
    failing = [name for name, result in checks.items() if result != "ok"]
    if failing:
        raise unavailable(f"Not ready: {' and '.join(failing)}.", checks=checks)
    return Health(status="ready", checks=checks)


async def _check(
    name: str, check: Callable[[Services], Awaitable[None]], services: Services
) -> str:
    try:
        async with asyncio.timeout(_BOUND.total_seconds()):
            await check(services)
    except TimeoutError:
        return "no answer in time"
    except (SQLAlchemyError, TemporalUnreachableError, RPCError) as error:
        _log.warning("not ready", check=name, reason=str(error))
        return "cannot be used"
    return "ok"


async def _postgres(services: Services) -> None:
    async with services.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def _temporal(services: Services) -> None:
    request = DescribeNamespaceRequest(namespace=services.client.namespace)
    with reaching_temporal():
        await services.client.workflow_service.describe_namespace(request, timeout=_BOUND)
