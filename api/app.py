"""The API as an ASGI application."""

from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from opentelemetry.trace import TracerProvider
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import Lifespan
from temporalio.client import Client

from adapters.postgres.availability import AvailabilityReader
from adapters.postgres.network_cache import NetworkCache
from api import (
    agreements,
    amending,
    availability,
    closing,
    customer_view,
    customers,
    decisions,
    health,
    invoices,
    locations,
    orders,
    policies,
    price_lists,
    promise,
    quotes,
    refunds,
    return_refunds,
    returns,
    search,
    stock,
    stock_commands,
    stopping,
    supplies,
    transfers,
    unannounced,
    webhooks,
)
from api.documentation import PROBLEM, document_problems
from api.limits import BodyLimit, TimeLimit
from api.problems import install_problem_handlers
from api.services import Services

_DESCRIPTION = """
Place orders and follow them, ask what there is to sell, report on shipments.

- Every error is a problem document (`application/problem+json`, RFC 9457), naming the wrong fields.
- Everything may be repeated after a 503 or without an answer: nothing happens twice.
- Money is an integer in minor units; times are ISO 8601 with an offset.
"""
# How long a request may take besides waiting for an order's workflow.
_BESIDES = timedelta(seconds=5)


def create_app(
    engine: AsyncEngine,
    client: Client,
    task_queue: str,
    *,
    tracing: TracerProvider | None = None,
    patience: timedelta = timedelta(seconds=10),
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The API on these connections, which stay the caller's to close.

    Orders are processed by the workers on `task_queue`. `patience` bounds how long a request waits
    for an order's workflow, and with 5 s more how long it takes in all; `tracing` makes a span of
    each request.
    """
    app = FastAPIOffline(
        title="Ariane",
        description=_DESCRIPTION,
        version="1",
        redoc_url=None,
        lifespan=lifespan,
        static_url="/docs-assets",
        responses={"default": PROBLEM},
        # Spans only: what its log records of refused requests hold may be personal data.
        telemetry={
            "tracing": tracing is not None,
            "tracer_provider": tracing,
            "exclude": _leaves_no_span,
            "operation_spans": False,
            "metrics": False,
            "logs": False,
        },
    )
    network = NetworkCache(engine, for_decisions=False)
    app.state.services = Services(
        engine, client, task_queue, AvailabilityReader(engine), network, patience
    )
    app.add_middleware(BodyLimit)
    app.add_middleware(TimeLimit, limit=patience + _BESIDES)
    install_problem_handlers(app)
    for module in (
        orders,
        stopping,
        amending,
        refunds,
        return_refunds,
        decisions,
        customers,
        invoices,
        customer_view,
        search,
        unannounced,
        returns,
        webhooks,
        availability,
        promise,
        quotes,
        price_lists,
        agreements,
        locations,
        closing,
        stock,
        stock_commands,
        supplies,
        transfers,
        policies,
        health,
    ):
        app.include_router(module.router)
    document_problems(app)
    return app


def _leaves_no_span(scope: MutableMapping[str, Any]) -> bool:
    """Health checks are many; a search is for a person, whom its query would name."""
    path: str = scope["path"]
    return path.startswith("/health") or path.rstrip("/") == search.PATH
