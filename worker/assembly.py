"""A worker from its parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.carriers import CarrierActivities
from activities.credit import CreditActivities
from activities.locations import LocationActivities
from activities.notices import NoticeActivities
from activities.orders import OrderActivities
from activities.payments import PaymentActivities
from activities.reconciling import ReconcileActivities
from activities.shipments import ShipmentActivities
from activities.signals import SignalActivities
from activities.sourcing import SourcingActivities
from adapters.postgres.desk import StockDesk
from adapters.postgres.network_cache import NetworkCache
from domain.ports import CarrierGateway, Notifier, PaymentGateway, WarehouseGateway
from worker.heartbeats import Heartbeats
from workflows.order import OrderWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.relays import NoticeRelayWorkflow, SignalRelayWorkflow

WORKFLOWS: Sequence[type] = (
    OrderWorkflow,
    NoticeRelayWorkflow,
    SignalRelayWorkflow,
    ReconcileWorkflow,
)

# Without these the sandbox loads each module again for every workflow: half the rate.
PASSED_THROUGH = ("domain", "activities", "adapters", "workflows", "pydantic", "pydantic_core")

_MAX_CACHED_WORKFLOWS = 5_000
# How long an order's next task waits for the worker that knows the order, which may be dead.
_STICKY_TIMEOUT = timedelta(seconds=2)
# Longer than a call to a partner may take: what has begun is finished and not begun again.
_DRAIN = timedelta(seconds=8)


@dataclass(frozen=True)
class Gateways:
    """The systems of others."""

    carriers: CarrierGateway
    warehouses: WarehouseGateway
    payments: PaymentGateway
    notifier: Notifier


def activities(engine: AsyncEngine, client: Client, gateways: Gateways) -> list[Callable[..., Any]]:
    """Every activity, bound to what it uses."""
    credit = CreditActivities(engine)
    payments = PaymentActivities(engine, gateways.payments)
    sourcing = SourcingActivities(engine, NetworkCache(engine), StockDesk(engine))
    carriers = CarrierActivities(engine, gateways.carriers)
    locations = LocationActivities(engine, gateways.warehouses)
    shipments = ShipmentActivities(engine)
    orders = OrderActivities(engine)
    notices = NoticeActivities(engine, gateways.notifier)
    signals = SignalActivities(engine, client)
    reconciling = ReconcileActivities(engine, client)
    return [
        credit.secure_credit,
        payments.authorise_payment,
        payments.capture_payment,
        payments.void_payment,
        sourcing.allocate,
        carriers.book_carrier,
        carriers.void_booking,
        locations.release_to_location,
        locations.recall_from_location,
        shipments.record_pick,
        shipments.record_dispatch,
        shipments.record_delivery,
        shipments.note_shipment,
        orders.record_outcome,
        orders.cancel_order,
        notices.relay_notices,
        signals.relay_signals,
        reconciling.find_strays,
        reconciling.take_up,
        reconciling.end_orphan,
        reconciling.serve_waiting,
    ]


def sandbox() -> SandboxedWorkflowRunner:
    """The sandbox that workflows run in, here and when histories are replayed."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return SandboxedWorkflowRunner(restrictions=restrictions)


def build_worker(
    client: Client, task_queue: str, engine: AsyncEngine, gateways: Gateways
) -> Worker:
    """A worker for orders and their notices, ready to run."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=activities(engine, client, gateways),
        workflow_runner=sandbox(),
        interceptors=[Heartbeats()],
        max_cached_workflows=_MAX_CACHED_WORKFLOWS,
        sticky_queue_schedule_to_start_timeout=_STICKY_TIMEOUT,
        graceful_shutdown_timeout=_DRAIN,
    )
