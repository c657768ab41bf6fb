"""The real books beside a model: the activities on a real Postgres, what stands in it, and how it
is emptied between examples."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from adapters.postgres import intake
from adapters.postgres.engine import create_engine
from adapters.postgres.invariants import INVARIANTS, judge
from adapters.postgres.network import load_network
from adapters.postgres.policies import activate_policy
from adapters.postgres.tables import metadata
from domain.messages.orders import Tender
from tests.support.books import Books, secure_credit
from tests.support.house import NETWORK, SHORT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection

_KEPT = {
    "accounts",
    "carrier_services",
    "channels",
    "customers",
    "locations",
    "policies",
    "postal_codes",
    "products",
}
_LIMIT = 10**12
_EMPTY = text(
    "TRUNCATE "
    + ", ".join(t.name for t in metadata.sorted_tables if t.name not in _KEPT)
    + " RESTART IDENTITY"
)
_RESET = text("""
WITH emptied AS (UPDATE locations SET buffer = 0 WHERE buffer > 0)
UPDATE accounts SET credit_limit = :credit_limit, open_amount = 0, unpaid_amount = 0,
    unapplied_amount = 0, terms_days = 30, ship_complete = false
""")
STOCK = text("""
SELECT jsonb_build_object(
    'stock', (SELECT jsonb_object_agg(sku || '/' || location_id, jsonb_build_array(
        on_hand, reserved, buffer, withheld, pooled, set_aside)) FROM stock),
    'pools', (SELECT jsonb_object_agg(sku || '/' || location_id || '/' || channel, units)
              FROM pools WHERE units > 0),
    'orders', (SELECT jsonb_object_agg(id, jsonb_build_array(status, hold_reason, promise))
               FROM orders),
    'lines', (SELECT jsonb_object_agg(order_id || '/' || line_id,
              jsonb_build_array(sku, ordered, backordered, shipped, cancelled)) FROM order_lines),
    'shipments', (SELECT jsonb_object_agg(id, jsonb_build_array(location_id, status))
                  FROM shipments),
    'held', (SELECT jsonb_object_agg(shipment_id || '/' || line_id, held)
             FROM reservations WHERE held > 0),
    'marked', (SELECT jsonb_object_agg(order_id || '/' || sku || '/' || location_id, units)
               FROM earmarks WHERE units > 0),
    'drawn', (SELECT jsonb_object_agg(order_id || '/' || sku || '/' || location_id, units)
              FROM pool_draws WHERE units > 0),
    'claims', (SELECT jsonb_object_agg(order_id || '/' || line_id || '/' || supply_id,
                                       jsonb_build_array(units, promise)) FROM supply_claims),
    'supplies', (SELECT jsonb_object_agg(id || '/' || sku, jsonb_build_array(
        location_id, units, received, closed)) FROM supplies),
    'declined', (SELECT jsonb_agg(jsonb_build_array(order_id, sku, location_id))
                 FROM earmarks WHERE declined),
    'given', (SELECT jsonb_agg(jsonb_build_array(id, order_id, detail->>'sku',
                               detail->>'location', detail->'units') ORDER BY id)
              FROM order_events WHERE kind = 'earmarked'),
    'written', jsonb_build_array(
        (SELECT count(*) FROM effects), (SELECT count(*) FROM order_events),
        (SELECT count(*) FROM stock_ledger), (SELECT count(*) FROM notices),
        (SELECT count(*) FROM decisions), (SELECT count(*) FROM invoices),
        (SELECT count(*) FROM quarantined_rows))
)
""")
# All of them in one statement: it is asked after every command.
_BROKEN = text(
    "SELECT array_remove(ARRAY["
    + ", ".join(f"CASE WHEN EXISTS ({i.query}) THEN '{i.name}' END" for i in INVARIANTS)
    + "], NULL)"
)
_SIGNALS = text("DELETE FROM order_signals RETURNING id, order_id, name, payload")


@dataclass(frozen=True)
class Signal:
    order: str
    name: str
    payload: dict[str, Any]


@dataclass
class Session:
    """One database for many examples. `seen` is what `query` found there after the last command,
    `signals` what orders were told since the one before."""

    runner: asyncio.Runner
    books: Books
    eye: AsyncConnection
    query: TextClause
    seen: dict[str, Any] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)

    def empty(self) -> None:
        self.runner.run(self._empty())

    def do(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Run a command, and look at what stands there then, also when it raises: no invariant may
        be broken."""
        return self.runner.run(self._do(command))

    async def _do(self, command: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await command()
        finally:
            await self._look()

    async def _look(self) -> None:
        seen = (await self.eye.execute(self.query)).scalar_one()
        sent = (await self.eye.execute(_SIGNALS)).all()
        broken = (await self.eye.execute(_BROKEN)).scalar_one()
        details = [v for v in await judge(self.eye) if v.rows] if broken else []
        await self.eye.commit()
        self.seen = {name: {} if value is None else value for name, value in seen.items()}
        self.signals = [Signal(s.order_id, s.name, s.payload) for s in sorted(sent)]
        assert not broken, f"broken: {details}"

    async def _empty(self) -> None:
        async with self.books.engine.begin() as conn:
            await conn.execute(_EMPTY)
            await conn.execute(_RESET, {"credit_limit": _LIMIT})
        await self._look()


async def place_order(
    books: Books,
    lines: Sequence[tuple[str, int]],
    ordered_at: datetime,
    *,
    price: int = 1000,
    secured: bool = True,
    **changes: Any,
) -> str:
    """Write an order, and secure its credit; gives its id."""
    order = intake.NewOrder(
        body_hash="hash",
        tender=Tender.ACCOUNT,
        currency="EUR",
        language="en",
        country="FR",
        postal_code="75001",
        requested_date=None,
        contact=intake.Contact("Ada", "1 rue de Rivoli", "Paris", "ada@example.org", None, None),
        lines=[
            intake.NewLine(str(number), sku, units, price)
            for number, (sku, units) in enumerate(lines, start=1)
        ],
        **changes,
    )
    async with books.engine.begin() as conn:
        assert await intake.insert(conn, order, order.facts(ordered_at, "en"), SHORT.version)
    if secured:
        await books.credit.secure_credit(secure_credit(order.id, order.total))
    return order.id


@contextmanager
def open_session(database_url: str, query: TextClause) -> Iterator[Session]:
    """Books with the network and no stock, on a loop of their own: rules are no coroutines."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        engine = create_engine(database_url)

        async def load() -> AsyncConnection:
            async with engine.begin() as conn:
                await load_network(conn, NETWORK)
                await activate_policy(conn, SHORT)
            return await engine.connect()

        eye = runner.run(load())
        try:
            yield Session(runner, Books(engine), eye, query)
        finally:
            runner.run(eye.close())
            runner.run(engine.dispose())
