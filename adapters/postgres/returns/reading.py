"""What the books know that decides about returns."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.messages.policy import OrderPolicy
from domain.messages.returns import (
    Resolution,
    ReturnFacts,
    ReturnLabelled,
    ReturnOrigin,
    ReturnStart,
    ReturnState,
    ReturnStatus,
)
from domain.returns import Sold, Under

# Of a return that has ended counts what came, of another one what is announced too; what is on
# credit notes is counted there.
SOLD = """
SELECT i.id AS invoice_id, i.shipment_id, n.line_id, n.sku,
       greatest(n.quantity - n.credited - coalesce(under.units, 0), 0)::int AS open,
       coalesce(s.collected_at, s.delivered_at) AS had_at
FROM invoices i
JOIN invoice_lines n ON n.invoice_id = i.id
JOIN order_lines l ON l.order_id = i.order_id AND l.line_id = n.line_id
JOIN shipments s ON s.id = i.shipment_id
LEFT JOIN LATERAL (
    SELECT sum(CASE WHEN r.status IN ('closed', 'expired', 'cancelled') THEN q.received
                    ELSE greatest(q.announced, q.received) END - q.credited) AS units
    FROM return_lines q JOIN returns r ON r.id = q.return_id
    WHERE q.invoice_id = n.invoice_id AND q.line_id = n.line_id) AS under ON true
WHERE i.order_id = :order_id
ORDER BY i.issued_at, i.id, l.position
"""
_SOLD = text(SOLD)
_UNDER = text("""
SELECT q.invoice_id, q.line_id, q.sku, q.announced, q.received, (
    SELECT coalesce(sum(c.units), 0)::int FROM return_receipts c
    WHERE c.return_id = q.return_id AND c.invoice_id = q.invoice_id AND c.line_id = q.line_id
      AND c.location_id = :location_id) - (
    SELECT coalesce(sum(e.units), 0)::int FROM inspections e
    WHERE e.return_id = q.return_id AND e.invoice_id = q.invoice_id AND e.line_id = q.line_id
      AND e.location_id = :location_id) AS here
FROM return_lines q WHERE q.return_id = :return_id ORDER BY q.position
""")
_RETURN = text("""
SELECT r.id, r.order_id, r.status, r.origin, r.channel, r.resolution, r.return_to, r.opened_at,
       r.expires_at, r.exchange_order_id, place.name AS return_to_name, o.customer_id, o.currency,
       o.tender, o.reference, p.body AS policy
FROM returns r JOIN orders o ON o.id = r.order_id
JOIN locations place ON place.id = r.return_to
JOIN policies p ON p.version = o.policy_version
WHERE r.id = :return_id
""")
_LINES = text("""
SELECT line_id, sum(announced)::int AS announced, sum(received)::int AS received,
       sum(inspected)::int AS inspected
FROM return_lines WHERE return_id = :return_id GROUP BY line_id ORDER BY min(position)
""")
_LABEL = text("""
SELECT carrier, service, tracking_number, label_url,
       split_part(reference, ':', 4)::int AS attempt
FROM return_labels WHERE return_id = :return_id AND state = 'booked'
""")
_REFUNDS = text("""
SELECT id, state, attempts, reason FROM refunds
WHERE order_id = :order_id AND source LIKE :sources AND state IN ('intent', 'refused') ORDER BY id
""")
_DONE = text("SELECT EXISTS (SELECT FROM effects WHERE key = :key)")
_PLACE = text("SELECT name FROM locations WHERE id = :location_id")
_LOCK = text("SELECT status FROM returns WHERE id = :return_id FOR UPDATE")


@dataclass(frozen=True, slots=True)
class Standing:
    """A return with what of its order decides about it. `reference` is the order's."""

    facts: ReturnFacts
    status: ReturnStatus
    policy: OrderPolicy
    reference: str
    exchange_order_id: str | None


@dataclass(frozen=True, slots=True)
class Units:
    """Units of a return by line id."""

    announced: dict[str, int]
    received: dict[str, int]
    inspected: dict[str, int]

    @property
    def are_complete(self) -> bool:
        """Whether all that was announced came, and all that came is inspected."""
        return self.received == self.inspected and all(
            self.received.get(line, 0) >= units for line, units in self.announced.items()
        )


async def read_sold(conn: AsyncConnection, order_id: str) -> list[Sold]:
    """What the customer of an order was charged for, the oldest invoice first.

    The order is locked by an earlier statement by whoever decides on it.
    """
    rows = (await conn.execute(_SOLD, {"order_id": order_id})).mappings()
    return [Sold(**row) for row in rows]


async def read_under(conn: AsyncConnection, return_id: str, location_id: str) -> list[Under]:
    """The lines of a return; what is there to inspect, at one location."""
    asked = {"return_id": return_id, "location_id": location_id}
    return [Under(**row) for row in (await conn.execute(_UNDER, asked)).mappings()]


async def lock_return(conn: AsyncConnection, return_id: str) -> ReturnStatus:
    """Lock a return, whose order is locked before; gives its status."""
    locked = await conn.execute(_LOCK, {"return_id": return_id})
    return ReturnStatus(locked.scalar_one())


async def read_standing(conn: AsyncConnection, return_id: str) -> Standing | None:
    """A return as it stands; None when there is none of this id."""
    row = (await conn.execute(_RETURN, {"return_id": return_id})).mappings().one_or_none()
    if row is None:
        return None
    units = await read_units(conn, return_id)
    policy = OrderPolicy.model_validate(row["policy"])
    return Standing(
        facts=_facts(row, units, policy),
        status=ReturnStatus(row["status"]),
        policy=policy,
        reference=row["reference"],
        exchange_order_id=row["exchange_order_id"],
    )


async def read_facts(conn: AsyncConnection, return_id: str) -> ReturnFacts:
    """What a return is about."""
    standing = await read_standing(conn, return_id)
    assert standing is not None
    return standing.facts


async def read_units(conn: AsyncConnection, return_id: str) -> Units:
    """What was announced, came and is inspected."""
    rows = (await conn.execute(_LINES, {"return_id": return_id})).all()
    return Units(
        announced={row.line_id: row.announced for row in rows if row.announced},
        received={row.line_id: row.received for row in rows if row.received},
        inspected={row.line_id: row.inspected for row in rows if row.inspected},
    )


async def read_start(conn: AsyncConnection, return_id: str) -> ReturnStart:
    """How the workflow of a return starts, with all that the books know of it."""
    standing = await read_standing(conn, return_id)
    assert standing is not None
    if standing.status is ReturnStatus.REQUESTED:
        return ReturnStart(facts=standing.facts)
    units = await read_units(conn, return_id)
    label = (await conn.execute(_LABEL, {"return_id": return_id})).mappings().one_or_none()
    asked = {"sources": f"{escaped(return_id)}:%", "order_id": standing.facts.order_id}
    refunds = (await conn.execute(_REFUNDS, asked)).all()
    state = ReturnState(
        status=standing.status,
        has_begun=True,
        label=None if label is None else ReturnLabelled.model_validate(dict(label)),
        attempt=1 if label is None else label["attempt"],
        received=units.received,
        inspected=units.inspected,
        is_complete=units.are_complete and bool(units.received),
        refunds=[row.id for row in refunds if row.state == "intent"],
        attempts={row.id: row.attempts for row in refunds if row.attempts > 1},
        refused={row.id: row.reason for row in refunds if row.state == "refused"},
        exchanged=(await conn.execute(_DONE, {"key": f"{return_id}:exchange"})).scalar_one(),
        exchange_order=standing.exchange_order_id,
    )
    return ReturnStart(facts=standing.facts, state=state)


async def is_reported(conn: AsyncConnection, return_id: str, event_id: str) -> bool:
    """Whether what a location said under an event id is written down."""
    found = await conn.execute(_DONE, {"key": report_key(return_id, event_id)})
    return bool(found.scalar_one())


def report_key(return_id: str, event_id: str) -> str:
    """The key of the step that writes a report down."""
    return f"{return_id}:report:{event_id}"


async def read_place(conn: AsyncConnection, location_id: str) -> str:
    """What a location is called."""
    name: str = (await conn.execute(_PLACE, {"location_id": location_id})).scalar_one()
    return name


def by_line(parts: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Units by line id, of pairs of both."""
    units: dict[str, int] = defaultdict(int)
    for line_id, quantity in parts:
        units[line_id] += quantity
    return dict(units)


def _facts(row: RowMapping, units: Units, policy: OrderPolicy) -> ReturnFacts:
    return ReturnFacts(
        return_id=row["id"],
        order_id=row["order_id"],
        channel=row["channel"],
        customer_id=row["customer_id"],
        currency=row["currency"],
        origin=ReturnOrigin(row["origin"]),
        resolution=Resolution(row["resolution"]),
        return_to=row["return_to"],
        return_to_name=row["return_to_name"],
        opened_at=row["opened_at"],
        expires_at=row["expires_at"],
        announced=units.announced,
        label_patience=policy.release_timeout,
        refusals_wait=True,
    )


def escaped(text_: str) -> str:
    """A reference may hold an underscore, which LIKE takes for any character."""
    return text_.replace("_", r"\_")
