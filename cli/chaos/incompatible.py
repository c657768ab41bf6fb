"""`python -m cli.chaos.incompatible`: a worker of a release that goes another way with every order
that was under way before it: none of their histories replays on it.

What it begins itself it does as the others do, for an order of which a bad release has written
the history can only be reset or terminated, by whatever engine.
"""

import runpy
import sys

from cli.chaos.other_way import OrderThatGoesAnotherWay
from worker import assembly
from workflows.order import OrderWorkflow


def main() -> None:
    """Put the other workflow in the place of the order's, then become a worker."""
    assembly.WORKFLOWS = tuple(
        OrderThatGoesAnotherWay if kind is OrderWorkflow else kind for kind in assembly.WORKFLOWS
    )
    sys.argv = ["worker"]
    runpy.run_module("worker", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
