"""`ariane policy lint` and `ariane policy activate`: a book of policies from a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.policies import (
    PolicyChangedError,
    activate,
    hold_assignments,
    list_policies,
    read_active,
    read_known,
)
from cli.policy.database import ask
from domain.policies import (
    ActiveBook,
    BookError,
    Change,
    Finding,
    Known,
    PolicyBook,
    changes,
    lint,
    read_book,
)


def run_lint(file: Path, database_url: str | None) -> None:
    """Print what is wrong with a book; ends the process with 1 when there is an error."""
    book = _read(file)
    known = None if database_url is None else ask(database_url, _known)
    findings = lint(book, known)
    _print(file, findings)
    if known is None:
        print("Without a database: names of channels, kinds and countries were not looked at.")
    if any(finding.severity == "error" for finding in findings):
        raise SystemExit(1)
    print(_summary(book))


def run_activate(file: Path, database_url: str) -> None:
    """Make a book the active one and print what changes. Where it is refused nothing is changed,
    and the process ends with 1."""
    book = _read(file)
    try:
        activated = ask(database_url, lambda engine: _activate(engine, book))
    except PolicyChangedError as error:
        raise SystemExit(f"{file} is not active: {error}.") from None
    _print(file, activated.findings)
    if activated.changes is None:
        raise SystemExit(f"{file} is not active: it has errors.")
    print(f"Active for the orders placed from now on: {_summary(book)}")
    if activated.open_orders:
        print(f"{activated.open_orders} open order(s) keep the version that they started with.")
    _show(activated.changes)


@dataclass(frozen=True)
class _Activated:
    """`changes` is None where the book has errors and is not active."""

    findings: Sequence[Finding]
    changes: Sequence[Change] | None = None
    open_orders: int = 0


async def _activate(engine: AsyncEngine, book: PolicyBook) -> _Activated:
    async with engine.begin() as connection:
        # What it is held against stays as it is until it is active.
        await hold_assignments(connection)
        findings = lint(book, await read_known(connection))
        if any(finding.severity == "error" for finding in findings):
            return _Activated(findings)
        before, after = await read_active(connection), ActiveBook.of(book)
        await activate(connection, list(book.policies.values()), after.assigned)
        open_orders = sum(policy.open_orders for policy in await list_policies(connection))
        # Read again: a shadow may be a version of another book.
        return _Activated(findings, changes(before, await read_active(connection)), open_orders)


async def _known(engine: AsyncEngine) -> Known:
    async with engine.connect() as connection:
        return await read_known(connection)


def _read(file: Path) -> PolicyBook:
    try:
        return read_book(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SystemExit(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SystemExit(f"{file} is not UTF-8.") from None
    except BookError as error:
        _print(file, error.findings)
        raise SystemExit(1) from None


def _print(file: Path, findings: Sequence[Finding]) -> None:
    for finding in findings:
        place = f"{finding.place}: " if finding.place else ""
        print(f"{file}: {finding.severity}: {place}{finding.message}")


def _summary(book: PolicyBook) -> str:
    policies, rows = len(book.policies), len(book.assign)
    return (
        f"{book.version}, {policies} {'policy' if policies == 1 else 'policies'}, assigned in "
        f"{rows} {'row' if rows == 1 else 'rows'}."
    )


def _show(found: Sequence[Change]) -> None:
    if not found:
        print("Nothing changes: what was active says the same.")
        return
    table = Table(title="What changes", title_justify="left")
    table.add_column("place", overflow="fold")
    table.add_column("was", overflow="fold")
    table.add_column("is", overflow="fold")
    for change in found:
        # Text, for what stands in a book is not markup.
        table.add_row(*(Text(text or "") for text in (change.place, change.before, change.after)))
    Console().print(table)
