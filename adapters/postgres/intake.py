"""Receiving an order: what the books say about it, and writing it down, each in one statement."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.collect_points import STORE, store_of
from adapters.postgres.new_orders import Contact, Earlier, Findings, NewLine, NewOrder
from adapters.postgres.policies import ASSIGNED
from adapters.postgres.pricing import GROUNDS
from domain.messages.orders import OrderFacts, OrderStatus
from domain.messages.policy import OrderPolicy
from domain.timeline import EventKind

__all__ = [
    "Contact",
    "Earlier",
    "Findings",
    "NewLine",
    "NewOrder",
    "claim_key",
    "examine",
    "insert",
]

_EXAMINE = text(f"""
SELECT
    EXISTS (SELECT FROM channels WHERE code = :channel) AS channel_known,
    customers.language AS customer_language,
    accounts.currency AS account_currency,
    coalesce(accounts.ship_complete, false) AS terms_complete,
    goods.unknown_skus,
    goods.weight_grams,
    used.request_hash AS key_hash,
    orders.body_hash,
    orders.status,
    orders.language,
    orders.ship_complete,
    orders.ordered_at,
    orders.total,
    policies.body AS policy,
    priced.grounds,
    {STORE}
FROM (
    SELECT
        coalesce(array_agg(DISTINCT line.sku) FILTER (WHERE products.sku IS NULL), '{{}}')
            AS unknown_skus,
        coalesce(sum(products.weight_grams::bigint * line.quantity), 0)::bigint AS weight_grams
    FROM jsonb_to_recordset(:lines) AS line (sku text, quantity int)
    LEFT JOIN products ON products.sku = line.sku
) AS goods
LEFT JOIN customers ON customers.id = :customer_id
LEFT JOIN accounts ON accounts.customer_id = customers.id
LEFT JOIN effects AS used ON used.key = :key
LEFT JOIN orders ON orders.channel = :channel AND orders.reference = :reference
LEFT JOIN locations AS store ON store.id = :collect_at AND store.active
CROSS JOIN LATERAL (
    SELECT CAST(:type AS text) AS type, coalesce(store.country, CAST(:country AS text)) AS country
) AS asks
LEFT JOIN LATERAL ({ASSIGNED}) AS assigned ON true
CROSS JOIN LATERAL ({GROUNDS}) AS priced
LEFT JOIN policies ON policies.version = coalesce(orders.policy_version, assigned.policy_version)
""").bindparams(  # noqa: S608 - made of constants
    bindparam("lines", type_=JSONB)
)

_INSERT = text("""
WITH received AS (
    INSERT INTO orders (
        id, channel, reference, customer_id, body_hash, tender, currency, total, language,
        country, postal_code, requested_date, ship_complete, critical, policy_version, ordered_at,
        type, collect_at, tax_included, agreement_version
    )
    VALUES (
        :id, :channel, :reference, :customer_id, :body_hash, :tender, :currency, :total, :language,
        :country, :postal_code, :requested_date, :ship_complete, :critical, :policy_version,
        :ordered_at, :type, :collect_at, :tax_included, :agreement_version
    )
    ON CONFLICT DO NOTHING
    RETURNING id
), addressed AS (
    INSERT INTO order_contacts (order_id, name, street, city, email, phone, payment_tokens,
                                country, postal_code)
    SELECT id, :name, :street, :city, :email, :phone, :payment_tokens, :country, :postal_code
    FROM received
), paid AS (
    INSERT INTO order_tenders (order_id, position, tender, amount)
    SELECT id, paid.position, paid.tender, paid.amount
    FROM received
    CROSS JOIN jsonb_to_recordset(:tenders) AS paid (position int, tender text, amount bigint)
), listed AS (
    INSERT INTO order_lines (order_id, line_id, position, sku, ordered, backordered, unit_price,
                             discount_bps, vat_bps, vat_category, price_source)
    SELECT id, line.line_id, line.position, line.sku, line.quantity, line.quantity,
           line.unit_price, line.discount_bps, line.vat_bps, line.vat_category, line.price_source
    FROM received
    CROSS JOIN jsonb_to_recordset(:lines)
        AS line (line_id text, position int, sku text, quantity int, unit_price bigint,
                 discount_bps int, vat_bps int, vat_category text, price_source text)
), told AS (
    INSERT INTO order_events (order_id, kind, detail, at)
    SELECT id, :event, :detail, :ordered_at FROM received
)
SELECT count(*) FROM received
""").bindparams(
    bindparam("lines", type_=JSONB),
    bindparam("tenders", type_=JSONB),
    bindparam("payment_tokens", type_=JSONB(none_as_null=True)),
    bindparam("detail", type_=JSONB),
)

_CLAIM_KEY = text("""
INSERT INTO effects (key, request_hash, result) VALUES (:key, :request_hash, :result)
ON CONFLICT DO NOTHING RETURNING 1
""").bindparams(bindparam("result", type_=JSONB))


async def examine(connection: AsyncConnection, order: NewOrder, at: datetime) -> Findings:
    """Look up everything that decides whether the order is accepted, and at which prices, at this
    moment."""
    found = (
        await connection.execute(
            _EXAMINE,
            {
                "channel": order.channel,
                "reference": order.reference,
                "customer_id": order.customer_id,
                "type": order.type.value,
                "country": order.country,
                "collect_at": order.collect_at,
                "currency": order.currency,
                "at": at,
                "key": _key(order),
                "lines": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
            },
        )
    ).one()
    earlier = None
    if found.body_hash is not None:
        earlier = Earlier(
            found.body_hash,
            OrderStatus(found.status),
            found.language,
            found.ship_complete,
            found.ordered_at,
            found.total,
        )
    return Findings(
        channel_known=found.channel_known,
        customer_language=found.customer_language,
        account_currency=found.account_currency,
        terms_complete=found.terms_complete,
        unknown_skus=frozenset(found.unknown_skus),
        weight_grams=found.weight_grams,
        key_hash=found.key_hash,
        earlier=earlier,
        policy=None if found.policy is None else OrderPolicy.model_validate(found.policy),
        store=store_of(found),
        grounds=found.grounds,
    )


async def claim_key(connection: AsyncConnection, order: NewOrder) -> bool:
    """Tie the order's idempotency key to its body; False when the key is tied to one already."""
    claimed = await connection.execute(
        _CLAIM_KEY,
        {"key": _key(order), "request_hash": order.body_hash, "result": {"order_id": order.id}},
    )
    return claimed.one_or_none() is not None


async def insert(
    connection: AsyncConnection, order: NewOrder, facts: OrderFacts, policy_version: str
) -> bool:
    """Write the order with its lines, contact and first event; False when it stands already.

    The order must have its prices. Every unit starts as backordered: none is reserved yet.
    """
    written = await connection.execute(
        _INSERT,
        {
            **facts.model_dump(exclude={"order_id", "line_count"}),
            **asdict(order.contact),
            "id": order.id,
            "body_hash": order.body_hash,
            "policy_version": policy_version,
            "tenders": [tender.model_dump(mode="json") for tender in facts.paid_with],
            "tax_included": order.tax_included is not False,
            "agreement_version": order.agreement_version,
            "event": EventKind.RECEIVED.value,
            "detail": {
                "channel": order.channel,
                "reference": order.reference,
                "lines": len(order.lines),
                "total": order.total,
                "currency": order.currency,
            },
            "lines": [
                {"position": position, **asdict(line)}
                for position, line in enumerate(order.lines, start=1)
            ],
        },
    )
    return bool(written.scalar_one())


def _key(order: NewOrder) -> str | None:
    """The key's name among the effects; no order's own step begins like it."""
    if order.idempotency_key is None:
        return None
    return f"idempotency-key/{order.channel}/{order.idempotency_key}"
