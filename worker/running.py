"""The worker as a process."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.carriers import HttpCarriers
from adapters.notifiers import HttpNotifier
from adapters.payments import HttpPayments
from adapters.postgres.contacts import Contacts
from adapters.postgres.engine import create_engine
from adapters.postgres.warm_up import warm_up
from adapters.settings import Settings
from adapters.telemetry import configure_tracing
from adapters.temporal import connect
from adapters.warehouses import HttpWarehouses
from worker.assembly import CONNECTIONS, Gateways, build_worker
from worker.standing import (
    keep_relays,
    schedule_invoicing,
    schedule_learning,
    schedule_lookahead,
    schedule_reconciler,
    start_relays,
)

SERVICE = "ariane-worker"
_START_PATIENCE = timedelta(minutes=1)


async def run(settings: Settings) -> None:
    """Run until told to stop, then finish what is in hand."""
    async with AsyncExitStack() as stack:
        tracing = configure_tracing(SERVICE, settings.otel_exporter_otlp_endpoint)
        if tracing is not None:
            stack.callback(tracing.shutdown)
        engine = create_engine(settings.database_url, pool_size=CONNECTIONS)
        stack.push_async_callback(engine.dispose)
        http = await stack.enter_async_context(httpx.AsyncClient())
        client = await connect(
            settings.temporal_address,
            settings.temporal_namespace,
            tracing=tracing,
            retry_for=_START_PATIENCE,
        )
        worker = build_worker(
            client, settings.task_queue, engine, _gateways(settings, http, engine)
        )
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        async with worker:
            await start_relays(client, settings.task_queue)
            period = timedelta(seconds=settings.reconcile_period)
            await schedule_reconciler(client, settings.task_queue, period)
            await schedule_learning(client, settings.task_queue)
            await schedule_invoicing(client, settings.task_queue)
            await schedule_lookahead(client, settings.task_queue)
            logging.getLogger(__name__).info("worker is ready")
            beside = (
                asyncio.create_task(warm_up(engine, datetime.now(UTC))),
                asyncio.create_task(keep_relays(client, settings.task_queue, period)),
            )
            await stop.wait()
            for task in beside:
                task.cancel()


def _gateways(settings: Settings, http: httpx.AsyncClient, engine: AsyncEngine) -> Gateways:
    timeout = httpx.Timeout(settings.http_timeout)
    named = Contacts(engine).of_reference
    return Gateways(
        carriers=HttpCarriers(http, settings.carriers_url, timeout, named),
        warehouses=HttpWarehouses(http, settings.warehouses_url, timeout, named),
        payments=HttpPayments(http, settings.payments_url, timeout, named),
        notifier=HttpNotifier(http, settings.notifier_url, timeout),
    )
