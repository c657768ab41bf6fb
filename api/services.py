"""What the requests of one running API share."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.postgres.availability import AvailabilityReader
from adapters.postgres.network_cache import NetworkCache


@dataclass(frozen=True, slots=True)
class Services:
    """`patience` bounds how long a request waits for an order's workflow to answer."""

    engine: AsyncEngine
    client: Client
    task_queue: str
    availability: AvailabilityReader
    network: NetworkCache
    patience: timedelta = timedelta(seconds=10)


# Not `async` it would be called in a thread, for every request.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Shared = Annotated[Services, Depends(_services)]
