"""What every partner has said, kept in SQLite: the world's memory over a restart.

The calls are synchronous on the event loop: each takes some tens of microseconds, and a handler
that does not wait in between needs no lock.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal[
    "booking", "release", "authorisation", "capture", "refund", "voucher", "notification"
]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, partner TEXT NOT NULL, reference TEXT NOT NULL,
    request TEXT NOT NULL, state TEXT NOT NULL, status INTEGER NOT NULL,
    answer TEXT NOT NULL, detail TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (kind, partner, reference));
CREATE TABLE IF NOT EXISTS names (
    kind TEXT NOT NULL, name TEXT NOT NULL, partner TEXT NOT NULL, reference TEXT NOT NULL,
    PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    chance TEXT NOT NULL, reference TEXT NOT NULL, made INTEGER NOT NULL,
    PRIMARY KEY (chance, reference)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS behaviour (
    only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (
    seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL,
    stream TEXT NOT NULL, position INTEGER NOT NULL, sender TEXT NOT NULL, path TEXT NOT NULL,
    kind TEXT NOT NULL, reference TEXT NOT NULL, tracking_number TEXT NOT NULL,
    body TEXT NOT NULL, happens_at REAL NOT NULL, due_at REAL NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, last_status INTEGER);
CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (due_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS webhooks_stream ON webhooks (stream, position);
CREATE INDEX IF NOT EXISTS webhooks_parcel ON webhooks (tracking_number);
"""


@dataclass
class Record:
    """One thing a partner was asked under one reference, and what it answered.

    `request` is the body as understood; a repetition gets `status` and `answer` again.
    A tombstone (undone before it was asked for) has an empty request and an empty answer.
    """

    kind: Kind
    partner: str
    reference: str
    request: Json
    state: str
    status: int
    answer: Json
    at: float
    detail: Json = field(default_factory=dict)

    @property
    def stream(self) -> str:
        """The webhooks of one release go out one after the other, under this name."""
        return f"{self.partner}/{self.reference}"


class Ledger:
    """Opens the file, creating it where it is missing."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing that it committed; only a power cut could, and then the
        # simulated world is not what is missed.
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Release the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Nothing inside may await."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def write(self, record: Record, *names: str) -> None:
        """Add or replace a record; `names` are further identifiers under which it is found."""
        self.connection.execute(
            "INSERT OR REPLACE INTO records"
            " (kind, partner, reference, request, state, status, answer, detail, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.kind,
                record.partner,
                record.reference,
                json.dumps(record.request),
                record.state,
                record.status,
                json.dumps(record.answer),
                json.dumps(record.detail),
                record.at,
            ),
        )
        self.connection.executemany(
            "INSERT INTO names (kind, name, partner, reference) VALUES (?, ?, ?, ?)",
            [(record.kind, name, record.partner, record.reference) for name in names],
        )

    def read(self, kind: Kind, partner: str, reference: str) -> Record | None:
        """What the partner was asked under this reference."""
        row = self.connection.execute(
            "SELECT * FROM records WHERE kind = ? AND partner = ? AND reference = ?",
            (kind, partner, reference),
        ).fetchone()
        return _record(row) if row else None

    def named(self, kind: Kind, name: str) -> Record | None:
        """The record that has this name, a tracking number for instance."""
        row = self.connection.execute(
            "SELECT records.* FROM names JOIN records USING (kind, partner, reference)"
            " WHERE kind = ? AND name = ?",
            (kind, name),
        ).fetchone()
        return _record(row) if row else None

    def select(self, kind: Kind, reference_prefix: str) -> list[Record]:
        """All records of a kind, oldest first."""
        rows = self.connection.execute(
            "SELECT * FROM records WHERE kind = ? AND substr(reference, 1, length(?)) = ?"
            " ORDER BY at, reference",
            (kind, reference_prefix, reference_prefix),
        )
        return [_record(row) for row in rows]

    def counts(self, now: float) -> dict[str, dict[str, int]]:
        """How many of each kind are in each state; a release counts as far as it has come."""
        rows = self.connection.execute(
            "SELECT r.kind, CASE WHEN r.kind = 'release' AND r.state = 'accepted' THEN coalesce("
            " (SELECT w.kind FROM webhooks w WHERE w.stream = r.partner || '/' || r.reference"
            "  AND w.sender = 'warehouse' AND w.happens_at <= ? AND w.state <> 'cancelled'"
            "  ORDER BY w.happens_at DESC LIMIT 1), r.state) ELSE r.state END AS reached, count(*)"
            " FROM records r GROUP BY r.kind, reached",
            (now,),
        )
        counts: dict[str, dict[str, int]] = {}
        for kind, reached, count in rows:
            counts.setdefault(kind, {})[reached] = count
        return counts

    def count_attempt(self, chance: str, reference: str) -> int:
        """Count one more attempt; returns how many were made before."""
        row = self.connection.execute(
            "INSERT INTO attempts (chance, reference, made) VALUES (?, ?, 1)"
            " ON CONFLICT DO UPDATE SET made = made + 1 RETURNING made - 1",
            (chance, reference),
        ).fetchone()
        return int(row[0])

    def keep_behaviour(self, value: str) -> None:
        """Keep a behaviour set at run time for the next start."""
        self.connection.execute(
            "INSERT OR REPLACE INTO behaviour (only, value) VALUES (1, ?)", (value,)
        )

    def kept_behaviour(self) -> str | None:
        """The behaviour set at run time, if one ever was."""
        row = self.connection.execute("SELECT value FROM behaviour").fetchone()
        return str(row[0]) if row else None


def _record(row: sqlite3.Row) -> Record:
    return Record(
        kind=row["kind"],
        partner=row["partner"],
        reference=row["reference"],
        request=json.loads(row["request"]),
        state=row["state"],
        status=row["status"],
        answer=json.loads(row["answer"]),
        detail=json.loads(row["detail"]),
        at=row["at"],
    )
