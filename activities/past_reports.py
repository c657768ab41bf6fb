"""What partners reported to a workflow of an order that has ended too early.

A report is theirs to repeat until we have taken it, and we have once it is in the workflow's
history: of one that was not acted on any more, its histories are all there is.
"""

from collections.abc import Sequence

import structlog
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.identity import workflow_id
from domain.messages.events import CarrierEvent, WarehouseEvent
from domain.progress import Report

_log = structlog.get_logger(__name__)
_REPORTS: dict[str, type[Report]] = {
    "warehouse_event": WarehouseEvent,
    "carrier_event": CarrierEvent,
}


async def read_past_reports(client: Client, order_id: str) -> list[Report]:
    """All reports to an order's workflow, in the order in which they came.

    They are in the histories of all its runs: what one was told at its end it handed on to the
    next, which may not have lived to act on it either. A signal that is no report, sent by hand
    say, is passed over here as it was by the workflow.
    """
    reports: list[Report] = []
    for run_id in await _runs(client, workflow_id(order_id)):
        handle = client.get_workflow_handle(workflow_id(order_id), run_id=run_id)
        async for event in handle.fetch_history_events():
            told = event.workflow_execution_signaled_event_attributes
            kind = _REPORTS.get(told.signal_name)
            if kind is None:
                continue
            report = await _report_of(client, kind, told.input.payloads)
            if report is not None:
                reports.append(report)
            else:
                _log.warning("a signal is no report", order_id=order_id, signal=told.signal_name)
    return reports


async def _runs(client: Client, name: str) -> list[str]:
    """The runs of a workflow, the first one first; none when there is no such workflow any more."""
    known = [run async for run in client.list_workflows(f"WorkflowId = '{name}'")]
    runs = [run.run_id for run in sorted(known, key=lambda run: run.start_time)]
    try:
        last = (await client.get_workflow_handle(name).describe()).run_id
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return []
    # The list lags behind.
    return runs if last in runs else [*runs, last]


async def _report_of(
    client: Client, kind: type[Report], payloads: Sequence[Payload]
) -> Report | None:
    if len(payloads) != 1:
        return None
    try:
        [report] = await client.data_converter.decode(payloads, [kind])
    except (ValueError, KeyError, RuntimeError):
        # Its text is not told: it repeats what was sent, which may be personal data.
        return None
    # What is sent in another encoding becomes what that encoding has, whatever is asked for.
    return report if isinstance(report, kind) else None
