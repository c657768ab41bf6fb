"""The command `ariane chaos`."""

import asyncio
import fcntl
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGINT, SIGTERM

from rich.console import Console

from cli.chaos.arena import Arena
from cli.chaos.campaign import ChaosOptions, Outcome, run_campaign
from cli.chaos.faults import FAULTS
from cli.chaos.report import as_json, progress_line, show
from cli.stack import StackError

_INTERRUPTED = 130


def run(options: ChaosOptions, json_file: Path | None = None, *, keep: bool = False) -> None:
    """Run a campaign, tell a person about it, and end the process: with 1 when it has failed.

    Ctrl-C while things break ends that: what has happened so far is checked; another one stops all
    at once. With `keep` all stays up after the checking, to be looked at, until Ctrl-C.
    """
    unknown = sorted(set(options.only) - FAULTS.keys())
    if unknown:
        raise SystemExit(f"There is no fault {unknown[0]!r}; there are: {', '.join(FAULTS)}.")
    console = Console(soft_wrap=True)
    outcome = Outcome(options, options.data_dir.resolve())
    try:
        with _begun_anew(options.data_dir):
            finished = asyncio.run(_watched(options, outcome, console, keep=keep))
    except StackError as error:
        raise SystemExit(str(error)) from None
    if not finished:
        console.print(f"Stopped. What it left so far stays in {outcome.data_dir}.")
        raise SystemExit(_INTERRUPTED)
    show(console, outcome)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(outcome), indent=2) + "\n", encoding="utf-8")
    raise SystemExit(1 if outcome.failures else 0)


@contextmanager
def _begun_anew(data_dir: Path) -> Iterator[None]:
    """Empty the directory for this campaign alone, and have what happens logged there.

    Raises `StackError` while another campaign runs there.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with data_dir.with_suffix(".lock").open("w") as lock:
        try:
            # The kernel lets go of it however this process ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"Another campaign runs on {data_dir}.") from None
        shutil.rmtree(data_dir, ignore_errors=True)
        logs = data_dir / "logs"
        logs.mkdir(mode=0o700, parents=True)
        logging.basicConfig(filename=logs / "campaign.log", level=logging.WARNING, force=True)
        yield


async def _watched(
    options: ChaosOptions, outcome: Outcome, console: Console, *, keep: bool
) -> bool:
    """Run it with a line that says how far it is; False when it was interrupted before its end."""

    async def stay_up(arena: Arena) -> None:
        where = f"the API at {arena.addresses.api_url}, Temporal's UI at {arena.ui_url}"
        console.print(f"All is still up: {where}. Ctrl-C stops it.")
        await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    campaign = asyncio.create_task(run_campaign(options, outcome, stay_up if keep else None))

    def interrupt() -> None:
        if outcome.is_under_fire and not outcome.enough.is_set():
            console.print("Nothing new breaks; what has happened is checked. Ctrl-C stops at once.")
            outcome.enough.set()
        else:
            campaign.cancel()

    loop.add_signal_handler(SIGINT, interrupt)
    loop.add_signal_handler(SIGTERM, campaign.cancel)
    with console.status("starting") as status:
        while not campaign.done():
            status.update(progress_line(outcome))
            await asyncio.wait({campaign}, timeout=1.0)
    with suppress(asyncio.CancelledError):
        await campaign
    return outcome.is_judged
