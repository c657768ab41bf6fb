"""What the benchmarks write: one file, of which each command writes its own section anew."""

import importlib.metadata
import itertools
import os
import platform
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_HEAD = """# Benchmarks

Each section that is measured says which command writes it anew. Times depend on the machine: what
can be compared is the ratio to something plain, measured in the same run, in turns with ours.
"""
# In the order in which they stand in the file.
_SECTIONS = ("orders", "many", "speed", "stock", "contended", "sourcing")
_MARK = re.compile(r"^<!-- section: (\w+) -->$", re.MULTILINE)


def write_section(path: Path, name: str, content: str) -> None:
    """Write one of the sections into the file; the others stay as they are."""
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    _, *parts = _MARK.split(known)
    sections = dict(zip(parts[::2], parts[1::2], strict=True)) | {name: content}
    written = [
        f"<!-- section: {section} -->\n\n{sections[section].strip()}\n"
        for section in _SECTIONS
        if section in sections
    ]
    path.write_text("\n".join([_HEAD, *written]), encoding="utf-8")


@contextmanager
def progress_bar(words: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show how far it is: what is given is called with how many of `total` are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # Drawn seldom: it takes its time from what is measured.
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), refresh_per_second=1
    ) as progress:
        task = progress.add_task(words, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def step_bar(total: int) -> Iterator[Callable[[str], object]]:
    """Show what is being done, as one of so many steps: what is given is told of each in words when
    it begins."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns,
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        refresh_per_second=1,
    ) as progress:
        task = progress.add_task("", total=total)
        begun = itertools.count()
        yield lambda words: progress.update(task, completed=next(begun), description=words)
        progress.update(task, completed=total, description="done")


def spread(values: Sequence[float], digits: int = 1) -> str:
    """The median, and the lowest and the highest."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def machine(*packages: str) -> str:
    """On what it was measured, as a list: the machine, versions, the commit."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return (
        f"- machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}\n- versions: {versions}\n- commit: {_commit()}"
    )


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    answer = subprocess.run(
        [git, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "unknown"
