"""The commands that run the stack, or one of its processes, in the foreground."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from cli.stack.applications import module_command
from cli.stack.errors import StackError
from cli.stack.stack import Stack
from cli.stack.state import running_stack

if TYPE_CHECKING:
    from pathlib import Path

    from cli.stack.options import StackOptions
    from cli.stack.state import StackAddresses


def run_stack(options: StackOptions) -> None:
    """Run the stack until Ctrl-C or SIGTERM, and tell a person about it.

    Ends the process with one sentence when the stack cannot start.
    """
    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    options = replace(options, say=console.print)
    try:
        asyncio.run(_until_signalled(options, console))
    except StackError as error:
        raise SystemExit(str(error)) from None


async def _until_signalled(options: StackOptions, console: Console) -> None:
    began = time.monotonic()
    signalled = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal in (SIGINT, SIGTERM):
        loop.add_signal_handler(signal, signalled.set)
    running = asyncio.create_task(_run(options, console, began))
    waiting = asyncio.create_task(signalled.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if signalled.is_set():
        console.print("Stopping.")
        running.cancel()
    waiting.cancel()
    try:
        await running
    except asyncio.CancelledError:
        console.print(f"Stopped. What it held stays in {options.data_dir}.")


async def _run(options: StackOptions, console: Console, began: float) -> None:
    async with Stack(options) as addresses:
        _tell(addresses, options.data_dir, console, time.monotonic() - began)
        await asyncio.Event().wait()


def _tell(addresses: StackAddresses, data_dir: Path, console: Console, seconds: float) -> None:
    console.print(f"Ariane is up after {seconds:.1f} s. Ctrl-C stops it.")
    console.print(f"  API and its documentation  {addresses.api_url}/docs")
    console.print(
        f"  Temporal's UI              {addresses.ui_url or 'where your Temporal has it'}"
    )
    console.print(f"  Logs                       {data_dir / 'logs'}")


def run_alone(module: str, data_dir: Path) -> NoReturn:
    """Become one of our processes, with the addresses of the running stack where none are set."""
    addresses = running_stack(data_dir)
    known = addresses.environment() if addresses else {}
    command = module_command(module)
    os.execve(command[0], command, {**known, **os.environ})  # noqa: S606  # no shell is wanted
