"""The order in exchange for a return: the same customer, address and way of paying, what is wanted
instead at what was credited."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import intake, signals
from adapters.postgres.new_orders import Contact, NewLine, NewOrder
from adapters.postgres.pricing import CartLine, PriceRefused, PricingRequest, price_lines
from adapters.postgres.returns import exchange_money
from adapters.postgres.returns.reading import escaped
from adapters.postgres.signals import OrderEvent
from domain.identity import exchange_reference
from domain.messages.orders import OrderFacts, OrderTender, OrderType, Tender
from domain.messages.policy import OrderPolicy
from domain.messages.state import OrderStart
from domain.returns.exchanging import (
    Credited,
    ExchangedUnits,
    UnitPrice,
    Wanted,
    exchanged,
    missing,
)
from domain.tenders import summary_of
from domain.timeline import EventKind

_ORIGINAL = text("""
SELECT o.*, r.number, r.exchange_lines, p.body AS policy, store.name AS store_name,
       store.country AS store_country, store.postal_code AS store_postal_code,
       coalesce(store.country, o.country) AS taxed_in,
       c.name, c.street, c.city, c.email, c.phone, c.payment_tokens
FROM returns r JOIN orders o ON o.id = r.order_id
JOIN policies p ON p.version = o.policy_version
LEFT JOIN locations store ON store.id = o.collect_at
JOIN order_contacts c ON c.order_id = o.id AND c.revision = o.contact_revision
WHERE r.id = :return_id
""")
# What was charged for the units, although less may be given back for the state that they are in.
_CREDITED = text("""
SELECT n.sku, sum(k.quantity)::int AS units,
       sum(line_gross(n.before + k.before + k.quantity, n.unit_price, n.discount_bps, n.vat_bps,
                      o.tax_included)
           - line_gross(n.before + k.before, n.unit_price, n.discount_bps, n.vat_bps,
                        o.tax_included))::bigint AS gross,
       min(n.vat_bps) AS vat_bps, min(n.vat_category) AS vat_category
FROM documents d JOIN credit_note_lines k ON k.number = d.number
JOIN invoice_lines n ON n.invoice_id = k.invoice_id AND n.line_id = k.line_id
JOIN invoices i ON i.id = k.invoice_id JOIN orders o ON o.id = i.order_id
WHERE d.source LIKE :sources AND d.kind = 'credit_note'
GROUP BY n.sku ORDER BY n.sku
""")
# What of a return was credited to the account: what no payment up front has.
_TENDERS = text("""
SELECT t.position, t.tender, t.amount, (coalesce((
        SELECT sum(d.gross) FROM documents d
        WHERE d.kind = 'credit_note' AND d.source LIKE :sources), 0)
    - coalesce((
        SELECT sum(f.amount) FROM refunds f
        WHERE f.order_id = t.order_id AND f.source LIKE :sources), 0))::bigint AS on_account
FROM order_tenders t WHERE t.order_id = :order_id AND (t.amount IS NULL OR t.tender = 'account')
ORDER BY t.position
""")
_ANNOUNCED = text("""
SELECT o.customer_id, o.channel, o.currency, coalesce(store.country, o.country) AS taxed_in, (
    SELECT jsonb_object_agg(q.sku, q.units) FROM (
        SELECT sku, sum(announced) AS units FROM return_lines WHERE return_id = r.id GROUP BY 1
    ) AS q) AS units
FROM returns r JOIN orders o ON o.id = r.order_id
LEFT JOIN locations store ON store.id = o.collect_at WHERE r.id = :return_id
""")
_LINK = text("UPDATE returns SET exchange_order_id = :order_id WHERE id = :return_id")


@dataclass(frozen=True, slots=True)
class Exchange:
    """How the workflow of the order in exchange starts, None where there is none: nothing was
    credited, or what is wanted has no price any more. `refunds` are to be made: what it does not
    need of what came back."""

    start: OrderStart | None
    refunds: tuple[str, ...]


async def place_exchange(conn: AsyncConnection, return_id: str, at: datetime) -> Exchange:
    """Write the order in exchange for what came back of a return; what was paid up front for that
    pays for it. The order of the return is locked by an earlier statement; both timelines tell of
    it."""
    original = (await conn.execute(_ORIGINAL, {"return_id": return_id})).mappings().one()
    held = await exchange_money.read_held(conn, original["id"], return_id)
    order = await _order(conn, original, return_id, at)
    if order is None:
        return Exchange(None, await exchange_money.let_go(conn, held, at))
    used = min(held.total, order.total)
    tenders = await _tenders(conn, original["id"], return_id)
    position = 1 + max(tender.position for tender in tenders)
    if used:
        tenders.append(OrderTender(position=position, tender=Tender.EXCHANGE, amount=used))
    order = replace(order, tender=summary_of(tenders), tenders=tenders if len(tenders) > 1 else ())
    order, facts, policy = await _insert(conn, original, order, at)
    refunds = await exchange_money.fund(conn, held, order.id, position, used, at)
    await conn.execute(_LINK, {"order_id": order.id, "return_id": return_id})
    await _tell(conn, original["id"], order.id, return_id, at)
    return Exchange(OrderStart(order=facts, policy=policy), refunds)


async def _insert(
    conn: AsyncConnection, original: RowMapping, order: NewOrder, at: datetime
) -> tuple[NewOrder, OrderFacts, OrderPolicy]:
    """Under a reference that the channel has not given to an order of its own."""
    policy = OrderPolicy.model_validate(original["policy"])
    attempts = count(1)
    while True:
        reference = exchange_reference(original["reference"], original["number"], next(attempts))
        named = replace(order, reference=reference)
        facts = named.facts(
            at, original["language"], terms_complete=original["ship_complete"]
        ).model_copy(update={"collect_name": original["store_name"]})
        if await intake.insert(conn, named, facts, policy.version):
            return named, facts, policy


async def _order(
    conn: AsyncConnection, original: RowMapping, return_id: str, at: datetime
) -> NewOrder | None:
    """What is wanted instead, at what was charged for as much of what came back."""
    credited = await _credited(conn, return_id)
    if not credited:
        return None
    wanted = [Wanted(sku=w["sku"], quantity=w["quantity"]) for w in original["exchange_lines"]]
    asked = {w["sku"]: w.get("unit_price") for w in original["exchange_lines"]}
    prices = await _prices(conn, original, missing(wanted, credited), asked, at)
    if isinstance(prices, PriceRefused):
        return None
    return _new_order(original, exchanged(wanted, credited, prices))


async def unpriced(
    conn: AsyncConnection,
    return_id: str,
    wanted: Sequence[tuple[str, int, int | None]],
    at: datetime,
) -> str | None:
    """Why something wanted in exchange has no price; None where all of it has. `wanted` is SKU,
    units and what the channel asks for a unit, with tax. What comes back of the same SKU needs
    none."""
    original = (await conn.execute(_ANNOUNCED, {"return_id": return_id})).mappings().one()
    beyond = dict.fromkeys((sku for sku, _, _ in wanted), 0)
    for sku, quantity, _ in wanted:
        beyond[sku] += quantity
    for sku, announced in original["units"].items():
        if sku in beyond:
            beyond[sku] -= announced
    units = {sku: n for sku, n in beyond.items() if n > 0}
    asked = {sku: unit_price for sku, _, unit_price in wanted}
    priced = await _prices(conn, original, units, asked, at)
    return priced.reason if isinstance(priced, PriceRefused) else None


async def _credited(conn: AsyncConnection, return_id: str) -> list[Credited]:
    rows = await conn.execute(_CREDITED, {"sources": f"{escaped(return_id)}:%"})
    return [Credited(**row) for row in rows.mappings()]


async def _prices(
    conn: AsyncConnection,
    original: RowMapping,
    units: dict[str, int],
    asked: dict[str, int | None],
    at: datetime,
) -> dict[str, UnitPrice] | PriceRefused:
    """What each SKU costs that nothing was credited for."""
    if not units:
        return {}
    cart = [
        CartLine(line_id=str(n), sku=sku, quantity=quantity, unit_price=asked.get(sku))
        for n, (sku, quantity) in enumerate(units.items(), start=1)
    ]
    priced = await price_lines(
        conn,
        PricingRequest(
            customer_id=original["customer_id"],
            channel=original["channel"],
            currency=original["currency"],
            country=original["taxed_in"],
            at=at,
            lines=cart,
            # What the channel names is with tax; what is agreed may be without.
            tax_included=True if any(line.unit_price is not None for line in cart) else None,
        ),
    )
    if isinstance(priced, PriceRefused):
        return priced
    return {
        line.sku: UnitPrice(price=line.price, vat_category=line.vat_category)
        for line in priced.lines
    }


async def _tenders(conn: AsyncConnection, order_id: str, return_id: str) -> list[OrderTender]:
    """The account bears again what it was credited; what nothing that came back pays for falls on
    the tender that took the rest before."""
    asked = {"order_id": order_id, "sources": f"{escaped(return_id)}:%"}
    return [
        OrderTender(
            position=row.position,
            tender=Tender(row.tender),
            amount=None if row.amount is None else row.on_account,
        )
        for row in await conn.execute(_TENDERS, asked)
        if row.amount is None or row.on_account > 0
    ]


def _new_order(original: RowMapping, lines: tuple[ExchangedUnits, ...]) -> NewOrder:
    names = ("name", "street", "city", "email", "phone", "payment_tokens")
    return NewOrder(
        channel=original["channel"],
        reference=exchange_reference(original["reference"], original["number"], 1),
        customer_id=original["customer_id"],
        body_hash=f"exchange {original['id']}:R{original['number']}",
        tender=Tender(original["tender"]),
        currency=original["currency"],
        language=original["language"],
        country=original["country"],
        postal_code=original["postal_code"],
        requested_date=None,
        ship_complete=original["ship_complete"],
        critical=original["critical"],
        contact=Contact(**{name: original[name] for name in names}),
        type=OrderType(original["type"]),
        collect_at=original["collect_at"],
        tax_included=True,
        agreement_version=original["agreement_version"],
        lines=[
            NewLine(
                line_id=str(number),
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                vat_bps=line.vat_bps,
                vat_category=line.vat_category,
            )
            for number, line in enumerate(lines, start=1)
        ],
    )


async def _tell(conn: AsyncConnection, old: str, new: str, return_id: str, at: datetime) -> None:
    detail: dict[str, Any] = {"return": return_id, "order": new}
    await signals.tell(
        conn,
        [
            OrderEvent(old, EventKind.EXCHANGE_PLACED, at.isoformat(), detail),
            OrderEvent(new, EventKind.EXCHANGE_FOR, at.isoformat(), {"return": return_id}),
        ],
    )
