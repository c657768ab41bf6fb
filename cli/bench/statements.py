"""What orders ask of Postgres, read from its log: statements and transactions by process."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cli.bench.subjects import Subject

LOGGING = {
    "log_statement": "all",
    "log_line_prefix": "%a %c ",
    # Their texts are enough.
    "log_parameter_max_length": "0",
}
PROCESSES = {"ariane-api": "API", "ariane-worker": "worker"}
_ORDERS = 3
_RECORD = re.compile(r"^(\S+) (\S+) (?=[A-Z]+:  )", re.MULTILINE)
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)", re.DOTALL)
_BEGINS = re.compile(r"BEGIN\b|START TRANSACTION\b")
_ENDS = re.compile(r"(?:COMMIT|ROLLBACK|END)\b(?! TO )")
# Of the driver: asking whether a connection still stands, and what it keeps prepared there.
_HOUSEKEEPING = re.compile(r";?\s*$|DEALLOCATE\b|SET\b|SHOW\b")
# They look for what is queued of all orders, several times a second, whether or not there is any.
_OF_A_RELAY = re.compile(r"\b(?:FROM|UPDATE) (?:order_signals|notices)\b")


@dataclass(frozen=True)
class Asked:
    """One line of the log: a statement of a process on one of its connections."""

    process: str
    session: str
    text: str


@dataclass
class Tally:
    """Statements without those that begin and end transactions, transactions, and what the driver
    asks for its own sake."""

    statements: int = 0
    transactions: int = 0
    housekeeping: int = 0


def read_log(log: str) -> Iterator[Asked]:
    """The statements in a log that was written with the settings `LOGGING`."""
    _, *parts = _RECORD.split(log)
    for process, session, said in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        statement = _STATEMENT.match(said)
        if statement is not None:
            yield Asked(process, session, statement[1].strip())


def tally(asked: Iterator[Asked]) -> Mapping[str, Tally]:
    """Count by process of ours, its relays left out; other clients are not counted."""
    tallies = {name: Tally() for name in PROCESSES.values()}
    sessions: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in asked:
        if one.process in PROCESSES:
            sessions[one.process, one.session].append(one.text)
    for (process, _), texts in sessions.items():
        mine = tallies[PROCESSES[process]]
        for transaction in _transactions(texts):
            if transaction.texts and _OF_A_RELAY.search(transaction.texts[0]) is None:
                mine.transactions += 1
                mine.statements += len(transaction.texts)
                mine.housekeeping += transaction.housekeeping
    return tallies


@dataclass
class _Transaction:
    """Its statements, and what the driver asked before it on the same connection."""

    housekeeping: int
    texts: list[str] = field(default_factory=list)


def _transactions(texts: Sequence[str]) -> list[_Transaction]:
    """What stands outside of any transaction is one by itself."""
    found: list[_Transaction] = []
    is_begun = False
    housekeeping = 0
    for text in texts:
        if _ENDS.match(text):
            is_begun = False
        elif _HOUSEKEEPING.match(text):
            housekeeping += 1
        else:
            begins = _BEGINS.match(text) is not None
            if begins or not is_begun:
                found.append(_Transaction(housekeeping))
                housekeeping = 0
            if begins:
                is_begun = True
            else:
                found[-1].texts.append(text)
    return found


async def count_statements(orders: Subject, log: Path) -> Mapping[str, Tally]:
    """What a straight order asks of Postgres until it is booked, each placed alone.

    What a schedule does meanwhile would only add: of several orders the one with the fewest
    statements counts. Raises StackError when one is not booked in time.
    """
    counted = []
    for n in range(_ORDERS):
        begins = (await asyncio.to_thread(log.stat)).st_size
        await orders.place(f"asked{n}-0")
        await orders.booked(f"asked{n}", 1)
        said = await asyncio.to_thread(_read_from, log, begins)
        counted.append(tally(read_log(said)))
    return min(counted, key=lambda tallies: sum(one.statements for one in tallies.values()))


def _read_from(log: Path, position: int) -> str:
    with log.open("rb") as opened:
        opened.seek(position)
        return opened.read().decode(errors="replace")
