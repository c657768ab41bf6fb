"""The webhooks that the world owes us, in the ledger's file: pending until answered.

The webhooks of one shipment form a stream and go out one after the other: only the first unanswered
one is `pending`, those behind it are `held`. In the end each is `acknowledged`, `given_up` or, when
its cause was called off before it happened, `cancelled`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from world.ledger import Json, Ledger

Sender = Literal["warehouse", "carrier"]
End = Literal["acknowledged", "given_up"]


@dataclass
class Report:
    """One sending of one event. `happens_at` and `due_at` are real times, in Unix seconds."""

    event_id: str
    sender: Sender
    path: str
    kind: str
    reference: str
    body: str
    happens_at: float
    due_at: float


@dataclass(frozen=True)
class Due:
    """A webhook to be sent now; `attempts` were made before."""

    seq: int
    event_id: str
    path: str
    body: str
    attempts: int


class Outbox:
    """The queries on the webhooks. Times are Unix seconds."""

    def __init__(self, ledger: Ledger) -> None:
        self._connection = ledger.connection

    def add(self, stream: str, tracking_number: str, reports: Iterable[Report]) -> None:
        """Queue reports on a shipment, in the order in which they are to be sent, after those that
        are queued already. In a transaction."""
        first = self._connection.execute(
            "SELECT coalesce(max(position) + 1, 0) AS first FROM webhooks WHERE stream = ?",
            (stream,),
        ).fetchone()["first"]
        self._connection.executemany(
            "INSERT INTO webhooks (event_id, stream, position, sender, path, kind, reference,"
            " tracking_number, body, happens_at, due_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    report.event_id,
                    stream,
                    position,
                    report.sender,
                    report.path,
                    report.kind,
                    report.reference,
                    tracking_number,
                    report.body,
                    report.happens_at,
                    report.due_at,
                    "held",
                )
                for position, report in enumerate(reports, start=first)
            ],
        )
        self._promote(stream)

    def due(self, now: float, limit: int) -> list[Due]:
        """The webhooks to send by now, the longest due first."""
        rows = self._connection.execute(
            "SELECT seq, event_id, path, body, attempts FROM webhooks"
            " WHERE state = 'pending' AND due_at <= ? ORDER BY due_at LIMIT ?",
            (now, limit),
        )
        return [Due(**dict(row)) for row in rows]

    def next_due(self, now: float) -> float | None:
        """When the next webhook becomes due after now."""
        row = self._connection.execute(
            "SELECT min(due_at) FROM webhooks WHERE state = 'pending' AND due_at > ?", (now,)
        ).fetchone()
        return None if row[0] is None else float(row[0])

    def retry(self, seq: int, status: int | None, due_at: float) -> None:
        """Record an attempt without a final answer; `status` is None when there was none at all."""
        self._connection.execute(
            "UPDATE webhooks SET attempts = attempts + 1, last_status = ?, due_at = ?"
            " WHERE seq = ?",
            (status, due_at, seq),
        )

    def end(self, seq: int, status: int, state: End) -> None:
        """Record the final answer and let the next webhook of the shipment go. In a transaction."""
        row = self._connection.execute(
            "UPDATE webhooks SET attempts = attempts + 1, last_status = ?, state = ? WHERE seq = ?"
            " RETURNING stream",
            (status, state, seq),
        ).fetchone()
        self._promote(row["stream"])

    def cancel_stream(self, stream: str, now: float) -> None:
        """Call off what has not happened yet in a shipment. In a transaction."""
        self._connection.execute(
            "UPDATE webhooks SET state = 'cancelled'"
            " WHERE stream = ? AND happens_at > ? AND state IN ('held', 'pending')",
            (stream, now),
        )
        self._promote(stream)

    def relabel(self, stream: str, tracking_number: str, now: float) -> str | None:
        """Send what has not left yet as another parcel; gives when it leaves, in ISO 8601, None
        where it is not to leave. In a transaction."""
        self._connection.execute(
            "UPDATE webhooks SET state = 'cancelled' WHERE stream = ? AND sender = 'carrier'"
            " AND happens_at > ? AND state IN ('held', 'pending')",
            (stream, now),
        )
        self._connection.execute(
            "UPDATE webhooks SET tracking_number = ? WHERE stream = ? AND sender = 'warehouse'",
            (tracking_number, stream),
        )
        self._promote(stream)
        row = self._connection.execute(
            "SELECT json_extract(body, '$.occurred_at') AS leaves FROM webhooks"
            " WHERE stream = ? AND kind = 'dispatched' AND state IN ('held', 'pending') LIMIT 1",
            (stream,),
        ).fetchone()
        return None if row is None else str(row["leaves"])

    def cancel_parcel(self, tracking_number: str, now: float) -> None:
        """Call off what a carrier has not done yet with a parcel. In a transaction."""
        rows = self._connection.execute(
            "UPDATE webhooks SET state = 'cancelled' WHERE tracking_number = ?"
            " AND sender = 'carrier' AND happens_at > ? AND state IN ('held', 'pending')"
            " RETURNING stream",
            (tracking_number, now),
        ).fetchall()
        for stream in {row["stream"] for row in rows}:
            self._promote(stream)

    def _promote(self, stream: str) -> None:
        self._connection.execute(
            "UPDATE webhooks SET state = 'pending' WHERE state = 'held' AND seq ="
            " (SELECT seq FROM webhooks WHERE stream = ? AND state IN ('held', 'pending')"
            " ORDER BY position LIMIT 1)",
            (stream,),
        )

    def happened(self, stream: str, kind: str, now: float) -> bool:
        """Whether an event of a shipment has taken place, reported or not."""
        row = self._connection.execute(
            "SELECT 1 FROM webhooks WHERE stream = ? AND kind = ? AND happens_at <= ?"
            " AND state <> 'cancelled' LIMIT 1",
            (stream, kind, now),
        ).fetchone()
        return row is not None

    def collected(self, tracking_number: str, now: float) -> bool:
        """Whether a parcel has left its location."""
        row = self._connection.execute(
            "SELECT 1 FROM webhooks WHERE tracking_number = ? AND kind = 'dispatched'"
            " AND happens_at <= ? AND state <> 'cancelled' LIMIT 1",
            (tracking_number, now),
        ).fetchone()
        return row is not None

    def progress(self, now: float) -> dict[str, str]:
        """By shipment stream, the last thing that its warehouse has done."""
        rows = self._connection.execute(
            "SELECT stream, kind, max(happens_at) FROM webhooks WHERE sender = 'warehouse'"
            " AND happens_at <= ? AND state <> 'cancelled' GROUP BY stream",
            (now,),
        )
        return {row["stream"]: row["kind"] for row in rows}

    def rescale(self, now: float, factor: float) -> None:
        """Multiply by `factor` the time that is left until whatever has not happened yet, and until
        a late report of what has."""
        self._connection.execute(
            "UPDATE webhooks"
            " SET happens_at = happens_at + max(happens_at - :now, 0) * (:factor - 1),"
            " due_at = :now + (due_at - :now) * :factor"
            " WHERE due_at > :now AND attempts = 0 AND state IN ('held', 'pending')",
            {"now": now, "factor": factor},
        )

    def select(self, reference_prefix: str) -> list[Json]:
        """The webhooks as the ledger shows them, in the order in which they were planned; `lines`
        are those that a warehouse reports, empty for a carrier."""
        rows = self._connection.execute(
            "SELECT event_id, path, kind, reference, tracking_number, state, attempts, last_status,"
            " coalesce(json_extract(body, '$.lines'), '[]') AS lines"
            " FROM webhooks WHERE substr(reference, 1, length(?)) = ? ORDER BY seq",
            (reference_prefix, reference_prefix),
        )
        return [{**dict(row), "lines": json.loads(row["lines"])} for row in rows]

    def counts(self) -> dict[str, int]:
        """How many webhooks are in each state."""
        rows = self._connection.execute("SELECT state, count(*) FROM webhooks GROUP BY state")
        return {row[0]: row[1] for row in rows}
