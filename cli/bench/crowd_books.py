"""Orders that wait for stock: their rows in bulk, their workflows one by one.

The rows are those that placing leaves of an order that nothing could be reserved for, and every
invariant holds of them. Each workflow starts as one that has continued as new. Those that a worker
would not keep in its cache are started with a delay of a month: until something happens to them
they are what they would be once they were put out of it, known to the server alone.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from adapters.postgres.network import Network, Product, load_network
from cli.bench.lanes import in_lanes
from cli.bench.patience import until
from domain.identity import order_id, workflow_id
from domain.messages.orders import OrderFacts, OrderStatus, Placement, Tender
from domain.messages.policy import OrderPolicy
from domain.messages.state import OrderStart, OrderState, Undo
from workflows.launch import launch
from workflows.order import OrderWorkflow

SKU = "NOWHERE"
_LANES = 48
_UNITS, _PRICE = 2, 1000
_TOTAL = _UNITS * _PRICE
_CUSTOMER = "C-1"
_ROWS = (
    """
    INSERT INTO orders (id, channel, reference, customer_id, body_hash, tender, currency, total,
        language, country, postal_code, ship_complete, critical, status, policy_version, ordered_at)
    SELECT 'web\\:' || :prefix || n, 'web', :prefix || n, :customer, '', 'account', 'EUR', :total,
        'en', 'FR', '75001', false, false, 'backordered', :policy, :at
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO order_contacts (order_id, name, street, city, email)
    SELECT 'web\\:' || :prefix || n, 'Bench', '1 rue du Banc', 'Paris', 'bench@example.org'
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO order_tenders (order_id, position, tender)
    SELECT 'web\\:' || :prefix || n, 1, 'account'
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO order_lines (order_id, line_id, position, sku, ordered, unit_price, backordered)
    SELECT 'web\\:' || :prefix || n, '1', 1, :sku, :units, :price, :units
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO credit_claims (order_id, customer_id, open_amount)
    SELECT 'web\\:' || :prefix || n, :customer, :total
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    UPDATE accounts SET open_amount = open_amount + CAST(:total AS bigint) * (:last - :first + 1)
    WHERE customer_id = :customer
    """,
    """
    INSERT INTO order_events (order_id, kind, detail, at)
    SELECT 'web\\:' || :prefix || n, e.kind, e.detail, :at
    FROM generate_series(CAST(:first AS int), :last) AS n,
        jsonb_to_recordset(:events) AS e(kind text, detail jsonb)
    """,
)
_TABLES = "orders, order_contacts, order_tenders, order_lines, credit_claims, order_events"
_PATIENCE = 300.0
_MONTH = timedelta(days=30)


class Crowd:
    """Orders that wait, under names of a common prefix; `size` is how many there are. The workflows
    of the first `cached` of them run; nothing has happened to the others."""

    def __init__(
        self,
        engine: AsyncEngine,
        client: Client,
        policy: OrderPolicy,
        prefix: str,
        *,
        cached: int,
        queue: str = "orders",
    ) -> None:
        self._engine = engine
        self._client = client
        self._policy = policy
        self._prefix = prefix
        self._cached = cached
        self._queue = queue
        self.size = 0

    async def grow(self, size: int) -> None:
        """Have so many of them, each with its workflow at rest.

        Raises StackError when the worker does not come to them in time.
        """
        first, at = self.size + 1, datetime.now(UTC)
        await self.write(first, size, at)
        await in_lanes(size - self.size, _LANES, lambda n: self._start(first + n, at))
        self.size = size
        # Until no first task of theirs waits for the worker any more.
        await until(self._begun, size, "orders have begun to wait", every=0.2, patience=_PATIENCE)

    async def write(self, first: int, last: int, at: datetime) -> None:
        """Write the rows of those with these numbers, without their workflows."""
        received = {"channel": "web", "reference": "", "lines": 1, "total": _TOTAL}
        missing = {"units": _UNITS, "reason": "there is not enough of it"}
        asked = {
            "first": first,
            "last": last,
            "prefix": self._prefix,
            "customer": _CUSTOMER,
            "total": _TOTAL,
            "units": _UNITS,
            "price": _PRICE,
            "policy": self._policy.version,
            "sku": SKU,
            "at": at,
            "events": [
                {"kind": "received", "detail": received | {"currency": "EUR"}},
                {"kind": "not_sourced", "detail": missing},
            ],
        }
        async with self._engine.begin() as connection:
            await load_network(connection, Network(products=[Product(SKU, "Not in stock", 500)]))
            for statement in _ROWS:
                prepared = text(statement)
                if ":events" in statement:
                    prepared = prepared.bindparams(bindparam("events", type_=JSONB))
                await connection.execute(prepared, asked)
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            # As it would be by now if they had come one by one.
            await connection.execute(text(f"ANALYZE {_TABLES}"))

    async def _start(self, number: int, at: datetime) -> None:
        start = waiting(f"{self._prefix}{number}", self._policy, at)
        options = launch(start.order, start.state)
        await self._client.start_workflow(
            OrderWorkflow.run,
            start,
            id=workflow_id(start.order.order_id),
            task_queue=self._queue,
            start_delay=None if number <= self._cached else _MONTH,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            task_timeout=options.task_timeout,
            search_attributes=options.search_attributes,
            static_summary=options.static_summary,
            static_details=options.static_details,
            priority=options.priority,
        )

    async def _begun(self) -> int:
        described = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace,
                task_queue=TaskQueue(name=self._queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
                report_stats=True,
            )
        )
        return self.size - described.stats.approximate_backlog_count


def waiting(reference: str, policy: OrderPolicy, at: datetime) -> OrderStart:
    """How the workflow of an order goes on that waits for all its units, for a month."""
    order = order_id("web", reference)
    facts = partial(
        OrderFacts,
        order_id=order,
        channel="web",
        reference=reference,
        customer_id=_CUSTOMER,
        tender=Tender.ACCOUNT,
        currency="EUR",
        total=_TOTAL,
        line_count=1,
        country="FR",
        postal_code="75001",
        language="en",
    )
    backordered = {"1": _UNITS}
    state = OrderState(
        status=OrderStatus.BACKORDERED,
        placement=Placement(
            order_id=order, status=OrderStatus.BACKORDERED, backordered=backordered
        ),
        funded=True,
        backordered=backordered,
        backordered_until=at + _MONTH,
        explanation=(f"{_UNITS} units cannot be sent now: there is not enough of {SKU}.",),
        undo=[Undo.BOOKS],
        generations={"credit": 1, "allocate": 1},
    )
    return OrderStart(order=facts(ordered_at=at), policy=policy, state=state)
