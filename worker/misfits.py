"""Messages to workflows that come with other arguments than their handlers take.

The SDK calls the handler all the same, which fails the workflow's task, and every task after it: an
order that support sent an empty signal would stand still for ever.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)


class Misfits(Interceptor):
    """Drops signals that do not fit, as the SDK does those that it cannot decode, and fails such
    updates for their senders alone. Part of what a history means: replay with it."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - named so by the SDK
    ) -> type[WorkflowInboundInterceptor]:
        return _Fitting


class _Fitting(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - named so by the SDK
        if _fits(input.signal, input.args):
            await super().handle_signal(input)
        else:
            workflow.logger.warning("a signal that does not fit is dropped: %s", input.signal)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002 - named so by the SDK
        if not _fits(input.update, input.args):
            message = f"{input.update} does not take what was sent"
            raise ApplicationError(message, type="Misfit", non_retryable=True)
        return await super().handle_update_handler(input)


def _fits(name: str, args: Sequence[object]) -> bool:
    """Whether the handler, a method of this name, takes these. Types count too: a null is decoded
    as nothing and bytes as they are, whatever the handler asks for."""
    taken = _taken(getattr(type(workflow.instance()), name))
    return len(taken) == len(args) and all(map(isinstance, args, taken))


@lru_cache
def _taken(handler: Callable[..., Any]) -> tuple[type, ...]:
    _self, *parameters = inspect.signature(handler, eval_str=True).parameters.values()
    return tuple(parameter.annotation for parameter in parameters)
