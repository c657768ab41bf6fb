"""Reads what the rules judge: our tables by plain SQL, our workflows, and the world's ledger."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from cli.chaos.checker.findings import Books, Execution, World

_HTTP_TIMEOUT = 120.0
_TABLES: Mapping[str, str] = {
    "orders": "SELECT id, channel, reference, customer_id, status, hold_reason, version, country,"
    " postal_code, total, currency FROM orders",
    "lines": "SELECT order_id, line_id, sku, ordered, cancelled, shipped, backordered, returned"
    " FROM order_lines",
    "shipments": "SELECT id, order_id, location_id, carrier, status FROM shipments",
    "consumed": "SELECT shipment_id, order_id, line_id, sku, location_id, consumed"
    " FROM reservations WHERE consumed > 0",
    "held": "SELECT order_id, sku, location_id, held AS units FROM reservations WHERE held > 0"
    " UNION ALL SELECT order_id, sku, location_id, units FROM earmarks WHERE units > 0",
    "bookings": "SELECT b.reference, b.carrier, b.state, s.order_id, s.id AS shipment_id"
    " FROM bookings b JOIN shipments s ON s.id = b.shipment_id"
    " UNION ALL SELECT l.reference, l.carrier, l.state, r.order_id, NULL"
    " FROM return_labels l JOIN returns r ON r.id = l.return_id",
    # What an exchange is paid with, no provider knows of.
    "payments": "SELECT p.reference, p.order_id, p.state, p.authorised, p.captured FROM payments p"
    " WHERE NOT EXISTS (SELECT FROM refunds f WHERE f.funds = p.reference)",
    "captures": "SELECT c.reference, c.payment_reference, p.order_id, c.amount, c.state"
    " FROM payment_captures c JOIN payments p ON p.reference = c.payment_reference"
    " WHERE NOT EXISTS (SELECT FROM refunds f WHERE f.funds = p.reference)",
    "refunds": "SELECT r.id, r.order_id, r.amount, r.state, r.attempts, c.reference AS capture"
    " FROM refunds r JOIN payment_captures c USING (shipment_id, payment_reference)",
    "invoices": "SELECT id, order_id, amount, on_account, captured FROM invoices",
    "returns": "SELECT id, order_id, status, origin, exchange_order_id FROM returns",
    "return_units": "SELECT return_id, line_id, sum(announced)::int AS announced,"
    " sum(received)::int AS received FROM return_lines GROUP BY 1, 2",
    "receipts": "SELECT return_id, event_id, line_id, sum(units)::int AS units"
    " FROM return_receipts GROUP BY 1, 2, 3",
    "inspections": "SELECT return_id, event_id, line_id, grade, disposition,"
    " sum(units)::int AS units FROM inspections GROUP BY 1, 2, 3, 4, 5",
    "stock": "SELECT sku, location_id, on_hand FROM stock",
    "notices": "SELECT order_id, occasion, template, channel, sent_at IS NOT NULL AS sent,"
    " given_up_at IS NOT NULL AS given_up FROM notices",
    "events": "SELECT order_id, kind, count(*) AS times FROM order_events"
    " WHERE kind IN ('received', 'held_by', 'hold_released', 'closed', 'cancelled',"
    " 'remainder_cancelled') GROUP BY 1, 2",
}
_RUNNING = WorkflowExecutionStatus.RUNNING


async def read_books(engine: AsyncEngine, client: Client) -> Books:
    """All of one moment, and the workflows of a moment after it."""
    rows: dict[str, Any] = {}
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
    async with snapshot.connect() as connection:
        for name, query in _TABLES.items():
            found = await connection.execute(text(query))
            rows[name] = tuple(dict(row) for row in found.mappings())
    executions = [await _execution(client, run) async for run in client.list_workflows()]
    return Books(**rows, executions=tuple(executions))


async def read_world(world_url: str) -> World:
    """The whole ledger."""
    async with httpx.AsyncClient(timeout=_HTTP_TIMEOUT, trust_env=False) as http:
        answer = await http.get(f"{world_url}/ledger")
    ledger = answer.raise_for_status().json()
    return World(**{kind.name: tuple(ledger[kind.name]) for kind in fields(World)})


async def _execution(client: Client, run: WorkflowExecution) -> Execution:
    status = "UNKNOWN" if run.status is None else run.status.name
    attempt = await _attempt(client, run) if run.status is _RUNNING else 0
    return Execution(run.id, run.workflow_type, status, attempt)


async def _attempt(client: Client, run: WorkflowExecution) -> int:
    """How often the pending task of a run was tried; 0 where none is, or the run has ended."""
    try:
        described = await client.get_workflow_handle(run.id, run_id=run.run_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return 0
    return described.raw_description.pending_workflow_task.attempt
