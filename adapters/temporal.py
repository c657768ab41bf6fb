"""Connections to the Temporal server."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from opentelemetry.trace import TracerProvider
from temporalio.client import Client, Interceptor, RPCTimeoutOrCancelledError
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

_OUT_OF_REACH = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
        # A workflow that no worker can process at this moment takes no update.
        RPCStatusCode.FAILED_PRECONDITION,
    }
)


class TemporalUnreachableError(Exception):
    """The Temporal server could not be asked, or did not answer in time; or no worker can process
    the workflow at this moment."""


async def connect(
    address: str,
    namespace: str,
    *,
    tracing: TracerProvider | None = None,
    lazy: bool = False,
    retry_for: timedelta = timedelta(seconds=10),
) -> Client:
    """A client whose payloads are our pydantic types.

    With `lazy` it connects at the first call, so that a process starts without a server. A call
    that fails for a passing reason is repeated for at most `retry_for`. `tracing` makes spans for
    calls, workflows and activities, of workers that use this client too.
    """
    interceptors: list[Interceptor] = []
    if tracing is not None:
        # An order may live for weeks: these spans are sent at once, the plugin's at its end.
        interceptors.append(TracingInterceptor(tracing.get_tracer("ariane.temporal")))
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=pydantic_data_converter,
        interceptors=interceptors,
        lazy=lazy,
        connect_timeout=timedelta(seconds=5),
        retry_config=RetryConfig(
            max_interval_millis=1000,
            max_elapsed_time_millis=int(retry_for.total_seconds() * 1000),
        ),
    )


@contextmanager
def reaching_temporal() -> Iterator[None]:
    """Turn what a client raises when the server is out of reach into TemporalUnreachableError.

    Every other error, a workflow that is not found among them, passes through.
    """
    try:
        yield
    except (TimeoutError, RPCTimeoutOrCancelledError) as error:
        raise TemporalUnreachableError(str(error) or "no answer in time") from error
    except RPCError as error:
        if error.status not in _OUT_OF_REACH:
            raise
        raise TemporalUnreachableError(error.message) from error
    except RuntimeError as error:
        # So a lazy client says that it could not connect.
        if not str(error).startswith("Failed client connect"):
            raise
        raise TemporalUnreachableError(str(error)) from error
