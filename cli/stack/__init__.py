"""The local stack: Postgres, Temporal, the outside world, the worker and the API, supervised.

As a library: `async with Stack(StackOptions(...)) as addresses:`. The two servers also work alone.
"""

from cli.stack.errors import StackError
from cli.stack.options import StackOptions
from cli.stack.ports import PortRequests
from cli.stack.postgres import PostgresServer
from cli.stack.stack import Stack
from cli.stack.state import StackAddresses, running_stack
from cli.stack.temporal import TemporalServer

__all__ = [
    "PortRequests",
    "PostgresServer",
    "Stack",
    "StackAddresses",
    "StackError",
    "StackOptions",
    "TemporalServer",
    "running_stack",
]
