"""The API as a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import uvicorn
from fastapi import FastAPI

from adapters.postgres.engine import create_engine
from adapters.postgres.warm_up import warm_up
from adapters.settings import Settings
from adapters.telemetry import configure_tracing
from adapters.temporal import connect
from api.app import create_app

SERVICE = "ariane-api"


async def serve(settings: Settings) -> None:
    """Serve until told to stop, then answer what is in hand and close all connections."""
    tracing = configure_tracing(SERVICE, settings.otel_exporter_otlp_endpoint)
    engine = create_engine(settings.database_url)
    # Lazily: the API answers, if only with a 503, before the workflow server is there.
    client = await connect(
        settings.temporal_address,
        settings.temporal_namespace,
        tracing=tracing,
        lazy=True,
        retry_for=timedelta(seconds=2),
    )

    @asynccontextmanager
    async def closing(_app: FastAPI) -> AsyncIterator[None]:
        beside = asyncio.create_task(warm_up(engine, datetime.now(UTC)))
        # Not after `serve`: by then the signal that stopped it has ended the process.
        yield
        beside.cancel()
        await engine.dispose()
        if tracing is not None:
            await asyncio.to_thread(tracing.shutdown)

    app = create_app(engine, client, settings.task_queue, tracing=tracing, lifespan=closing)
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    await uvicorn.Server(config).serve()
