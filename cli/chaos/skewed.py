"""`python -m cli.chaos.skewed +300 worker`: a module of ours, on a clock that is wrong by so many
seconds, and runs on from there."""

import runpy
import sys
from datetime import UTC, datetime, timedelta

import time_machine


def main(arguments: list[str]) -> None:
    """Give this process the wrong clock, then become the module."""
    skew, module = arguments
    wrong = datetime.now(UTC) + timedelta(seconds=float(skew))
    with time_machine.travel(wrong, tick=True):
        sys.argv = [module]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
