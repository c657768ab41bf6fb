"""Running Python in a tree, with the code of that tree."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 900.0


async def run_python(tree: Path, *arguments: str) -> tuple[int, str]:
    """Run Python in a tree: gives its exit status and all that it wrote.

    The project is installed from its own tree; what stands in PYTHONPATH goes before that, in this
    process and in those that it starts. Raises TimeoutError after 15 minutes.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            # As Ctrl-C does: it ends the servers that it has started.
            process.send_signal(signal.SIGINT)
            await process.wait()
    assert process.returncode is not None
    return process.returncode, output.decode(errors="replace")
