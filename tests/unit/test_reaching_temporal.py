"""What the errors of a Temporal client mean to a caller."""

import pytest
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal import TemporalUnreachableError, reaching_temporal

# As the server says it of an order whose code no worker can run.
_STUCK = "Unable to perform workflow execution update due to Workflow Task in failed state."


def test_a_workflow_that_no_worker_can_process_is_out_of_reach_for_now() -> None:
    with (
        pytest.raises(TemporalUnreachableError, match="Workflow Task in failed state"),
        reaching_temporal(),
    ):
        raise RPCError(_STUCK, RPCStatusCode.FAILED_PRECONDITION, b"")


def test_a_workflow_that_is_not_there_is_not_out_of_reach() -> None:
    with pytest.raises(RPCError), reaching_temporal():
        raise RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")
