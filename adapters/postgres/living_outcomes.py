"""What became of orders after they were placed: changes, returns, documents, refunds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Documents:
    """Invoices or credit notes in one currency, what they come to in its minor units."""

    kind: str
    currency: str
    count: int
    gross: int


@dataclass(frozen=True, slots=True)
class Refunds:
    """Refunds to one tender in one state and currency, what they come to in its minor units."""

    tender: str
    state: str
    currency: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class LivingOutcomes:
    """Orders by what happened to them, returns by their origin and status, inspected units by
    disposition. `awaiting_period` counts the charges that an invoice of their period will collect.
    """

    amended_orders: int
    orders_cancelled_in_part: int
    orders_held_by_support: int
    agreed_orders: int
    exchange_orders: int
    orders_by_tenders: Mapping[str, int]
    returns: Mapping[str, Mapping[str, int]]
    inspected_units: Mapping[str, int]
    parked: int
    documents: Sequence[Documents]
    awaiting_period: int
    refunds: Sequence[Refunds]


_COUNTS = text("""
SELECT
    (SELECT count(DISTINCT order_id) FROM order_events WHERE kind = 'amended') AS amended_orders,
    (SELECT count(DISTINCT order_id) FROM order_events WHERE kind = 'lines_cancelled')
        AS orders_cancelled_in_part,
    (SELECT count(DISTINCT order_id) FROM order_events WHERE kind = 'held_by')
        AS orders_held_by_support,
    (SELECT count(*) FROM orders WHERE agreement_version IS NOT NULL) AS agreed_orders,
    (SELECT count(*) FROM returns WHERE exchange_order_id IS NOT NULL) AS exchange_orders,
    (SELECT count(*) FROM parked_arrivals WHERE state = 'parked') AS parked,
    (SELECT count(*) FROM invoices WHERE document IS NULL) AS awaiting_period
""")
_TENDERS = text("""
SELECT tenders, count(*) FROM (
    SELECT string_agg(tender, ' + ' ORDER BY position) AS tenders FROM order_tenders
    GROUP BY order_id
) AS mixes GROUP BY tenders ORDER BY tenders
""")
_RETURNS = text("""
SELECT origin, status, count(*) AS returns FROM returns GROUP BY origin, status
ORDER BY origin, status
""")
_UNITS = text("""
SELECT disposition, sum(units) FROM inspections GROUP BY disposition ORDER BY disposition
""")
_DOCUMENTS = text("""
SELECT kind, currency, count(*) AS many, sum(gross) AS gross FROM documents
GROUP BY kind, currency ORDER BY kind DESC, currency
""")
_REFUNDS = text("""
SELECT t.tender, r.state, o.currency, count(*) AS many, sum(r.amount) AS amount
FROM refunds r
JOIN orders o ON o.id = r.order_id
JOIN payments p ON p.reference = r.payment_reference
JOIN order_tenders t ON t.order_id = p.order_id AND t.position = p.position
GROUP BY t.tender, r.state, o.currency ORDER BY t.tender, r.state, o.currency
""")


async def living_outcomes(connection: AsyncConnection) -> LivingOutcomes:
    """All the figures; in a REPEATABLE READ transaction they are of one moment."""
    counts = (await connection.execute(_COUNTS)).mappings().one()
    returns: dict[str, dict[str, int]] = {}
    for row in await connection.execute(_RETURNS):
        returns.setdefault(row.origin, {})[row.status] = row.returns
    return LivingOutcomes(
        **counts,
        orders_by_tenders={row[0]: row[1] for row in await connection.execute(_TENDERS)},
        returns=returns,
        inspected_units={row[0]: int(row[1]) for row in await connection.execute(_UNITS)},
        documents=[
            Documents(row.kind, row.currency, row.many, int(row.gross))
            for row in await connection.execute(_DOCUMENTS)
        ],
        refunds=[
            Refunds(row.tender, row.state, row.currency, row.many, int(row.amount))
            for row in await connection.execute(_REFUNDS)
        ],
    )
