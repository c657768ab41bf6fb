"""What partners reported to a workflow of an order that has ended too early.

A report is theirs to repeat until we have taken it, and we have once it is in the workflow's
history: of one that was not acted on any more, that history is all there is.
"""

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.identity import workflow_id
from domain.messages.events import CarrierEvent, WarehouseEvent
from domain.progress import Report

_REPORTS: dict[str, type[Report]] = {
    "warehouse_event": WarehouseEvent,
    "carrier_event": CarrierEvent,
}


async def read_last_reports(client: Client, order_id: str) -> list[Report]:
    """All reports to the last run of an order's workflow, in the order in which they came."""
    reports: list[Report] = []
    try:
        async for event in client.get_workflow_handle(workflow_id(order_id)).fetch_history_events():
            told = event.workflow_execution_signaled_event_attributes
            kind = _REPORTS.get(told.signal_name)
            if kind is not None:
                reports += await client.data_converter.decode(told.input.payloads, [kind])
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return reports
