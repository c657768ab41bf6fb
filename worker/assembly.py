"""A worker from its parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from activities.amending import AmendingActivities
from activities.cancelling import CancellingActivities
from activities.carriers import CarrierActivities
from activities.collection import CollectionActivities
from activities.collection_end import CollectionEndActivities
from activities.credit import CreditActivities
from activities.exchanging import ExchangeActivities
from activities.holding import HoldingActivities
from activities.invoicing import InvoicingActivities
from activities.learning import LearningActivities
from activities.locations import LocationActivities
from activities.lookahead import LookaheadActivities
from activities.milestones import MilestoneActivities
from activities.notices import NoticeActivities
from activities.orders import OrderActivities
from activities.payments import PaymentActivities
from activities.reconciling import ReconcileActivities
from activities.return_labels import ReturnLabelActivities
from activities.returns import ReturnActivities
from activities.settling import SettlingActivities
from activities.shipments import ShipmentActivities
from activities.signals import SignalActivities
from activities.sourcing import SourcingActivities
from activities.stores import StoreActivities
from activities.upgrading import UpgradeActivities
from adapters.postgres.desk import StockDesk
from adapters.postgres.network_cache import NetworkCache
from domain.ports import CarrierGateway, Notifier, PaymentGateway, WarehouseGateway
from worker.heartbeats import Heartbeats
from worker.misfits import Misfits
from workflows.invoicing import InvoicingWorkflow
from workflows.learning import LearningWorkflow
from workflows.lookahead import LookaheadWorkflow, ReoptimiseWorkflow
from workflows.order import OrderWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.refunding import RefundWorkflow
from workflows.relays import NoticeRelayWorkflow, SignalRelayWorkflow
from workflows.returning import ReturnWorkflow

WORKFLOWS: Sequence[type] = (
    OrderWorkflow,
    ReturnWorkflow,
    RefundWorkflow,
    NoticeRelayWorkflow,
    SignalRelayWorkflow,
    ReconcileWorkflow,
    InvoicingWorkflow,
    LearningWorkflow,
    LookaheadWorkflow,
    ReoptimiseWorkflow,
)

MAX_CACHED_WORKFLOWS = 5_000
# While a workflow's task runs a step on our books it needs a connection. More tasks at a time than
# there are connections wait for each other, until they have timed out and all is done again: a
# worker that is asked for too much would do less and less.
CONNECTIONS = 20
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
    network = NetworkCache(engine)
    desk = StockDesk(engine)
    sourcing = SourcingActivities(engine, network, desk)
    amending = AmendingActivities(engine, network, desk)
    settling = SettlingActivities(engine, network)
    lookahead = LookaheadActivities(engine, network)
    carriers = CarrierActivities(engine, gateways.carriers)
    locations = LocationActivities(engine, gateways.warehouses)
    milestones = MilestoneActivities(engine, network)
    upgrading = UpgradeActivities(engine, gateways.carriers, gateways.warehouses)
    shipments = ShipmentActivities(engine)
    collection = CollectionActivities(engine)
    collection_end = CollectionEndActivities(engine)
    stores = StoreActivities(engine, gateways.warehouses)
    orders = OrderActivities(engine)
    cancelling = CancellingActivities(engine)
    holding = HoldingActivities(engine)
    returns = ReturnActivities(engine, client)
    return_labels = ReturnLabelActivities(engine, gateways.carriers)
    exchanging = ExchangeActivities(engine)
    notices = NoticeActivities(engine, gateways.notifier)
    signals = SignalActivities(engine, client)
    reconciling = ReconcileActivities(engine, client)
    invoicing = InvoicingActivities(engine)
    learning = LearningActivities(engine)
    return [
        credit.secure_credit,
        payments.authorise_payment,
        payments.capture_payment,
        payments.renew_payment,
        payments.give_back_spare,
        payments.void_payment,
        payments.refund_payment,
        sourcing.allocate,
        carriers.book_carrier,
        carriers.void_booking,
        locations.release_to_location,
        locations.recall_from_location,
        milestones.review_milestone,
        upgrading.change_service,
        upgrading.relabel_at_location,
        upgrading.keep_service,
        shipments.record_pick,
        shipments.record_dispatch,
        shipments.record_delivery,
        shipments.note_shipment,
        collection.send_to_store,
        collection.record_ready,
        collection.remind_collector,
        collection_end.record_collection,
        collection_end.expire_collection,
        collection.move_collection,
        stores.announce_to_store,
        stores.recall_from_store,
        orders.record_outcome,
        orders.cancel_order,
        amending.examine_amendment,
        amending.cover_amendment,
        amending.apply_amendment,
        amending.refuse_amendment,
        cancelling.note_cancellation,
        cancelling.cancel_rest,
        holding.keep_for_order,
        returns.open_return,
        returns.begin_return,
        returns.record_report,
        returns.settle_refund,
        returns.end_return,
        returns.take_up_return,
        return_labels.book_return_label,
        return_labels.void_return_label,
        exchanging.place_exchange,
        notices.relay_notices,
        signals.relay_signals,
        reconciling.find_strays,
        reconciling.take_up,
        reconciling.end_orphan,
        reconciling.tell_ended,
        reconciling.serve_waiting,
        invoicing.close_periods,
        learning.learn_reliability,
        settling.reoptimise,
        lookahead.refresh_scarcities,
    ]


def runner() -> WorkflowRunner:
    """What workflows run in, here and when histories are replayed.

    The SDK's sandbox restricts nothing in modules that are passed through it, and without that it
    loads ours again for every order: what keeps workflows deterministic is the linter (ADR 13).
    """
    return UnsandboxedWorkflowRunner()


def build_worker(
    client: Client, task_queue: str, engine: AsyncEngine, gateways: Gateways
) -> Worker:
    """A worker for orders and their notices, ready to run."""
    return tuned_worker(client, task_queue, WORKFLOWS, activities(engine, client, gateways))


def tuned_worker(
    client: Client,
    task_queue: str,
    workflows: Sequence[type],
    activities: Sequence[Callable[..., Any]],
) -> Worker:
    """A worker as ours are set, for any workflows."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=workflows,
        activities=activities,
        workflow_runner=runner(),
        interceptors=[Heartbeats(), Misfits()],
        max_concurrent_workflow_tasks=CONNECTIONS,
        max_cached_workflows=MAX_CACHED_WORKFLOWS,
        sticky_queue_schedule_to_start_timeout=_STICKY_TIMEOUT,
        graceful_shutdown_timeout=_DRAIN,
    )
