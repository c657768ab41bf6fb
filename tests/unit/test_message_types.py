"""What handlers of messages take can be told from what they do not."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from temporalio import workflow

from worker.assembly import WORKFLOWS


def _handlers(of: type) -> list[Callable[..., Any]]:
    # The SDK has no public way to ask for them.
    definition = workflow._Definition.must_from_class(of)
    signals = [signal.fn for signal in definition.signals.values()]
    return signals + [update.fn for update in definition.updates.values()]


_HANDLERS = [handler for of in WORKFLOWS for handler in _handlers(of)]


@pytest.mark.parametrize("handler", _HANDLERS, ids=lambda handler: handler.__qualname__)
def test_a_handler_takes_instances_of_plain_classes(handler: Callable[..., Any]) -> None:
    _self, *parameters = inspect.signature(handler, eval_str=True).parameters.values()
    assert all(inspect.isclass(parameter.annotation) for parameter in parameters)
