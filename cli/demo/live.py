"""Progress while the orders go through: redrawn on a terminal, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from adapters.postgres.outcomes import Progress
from cli.demo.placing import Tally

_LINE_EVERY = 5.0


class LiveProgress:
    """Shows each look that it is given, inside `with`."""

    def __init__(self, console: Console, offered: int) -> None:
        self._console = console
        self._offered = offered
        self._live = Live(console=console, transient=True) if console.is_terminal else None
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, progress: Progress, tally: Tally) -> None:
        now = time.monotonic()
        line = self._line(progress, tally, now - self._began)
        if self._live:
            self._live.update(line)
        elif now - self._last_line > _LINE_EVERY:
            self._last_line = now
            self._console.print(line)

    def _line(self, progress: Progress, tally: Tally, seconds: float) -> Text:
        answered = tally.accepted + sum(tally.refused.values()) + sum(tally.unanswered.values())
        parts = [
            f"{seconds:4.0f} s",
            f"{answered} of {self._offered} placed",
            f"{progress.moving} in fulfilment",
            f"{progress.shipments_under_way} shipments",
            f"{progress.returns_under_way} returns",
            f"{progress.final} closed",
            f"{progress.waiting} waiting",
            f"{progress.final / seconds if seconds else 0:.1f} orders/s",
        ]
        return Text("   ".join(parts))
