"""Receiving an order: what the books say about it, and writing it down, each in one statement."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.collect_points import STORE, Store, store_of
from adapters.postgres.policies import ASSIGNED
from domain.identity import order_id
from domain.messages.orders import OrderFacts, OrderStatus, OrderType, Tender
from domain.messages.policy import OrderPolicy
from domain.timeline import EventKind


@dataclass(frozen=True, slots=True)
class NewLine:
    """`unit_price` is in minor units of the order's currency."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Contact:
    """The personal data of an order. What is not known of an address is empty."""

    name: str
    street: str
    city: str
    email: str | None
    phone: str | None
    payment_token: str | None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as a channel sends it. `body_hash` stands for all that was sent; `language` is None
    for the customer's own, `ship_complete` for what is agreed with the customer; `idempotency_key`
    is the channel's name for this one request; without `country` and `postal_code` they are those
    of the store `collect_at`."""

    channel: str
    reference: str
    customer_id: str
    body_hash: str
    tender: Tender
    currency: str
    language: str | None
    country: str | None
    postal_code: str | None
    requested_date: date | None
    ship_complete: bool | None
    critical: bool
    contact: Contact
    lines: Sequence[NewLine]
    idempotency_key: str | None = None
    type: OrderType = OrderType.DELIVERY
    collect_at: str | None = None

    @property
    def id(self) -> str:
        return order_id(self.channel, self.reference)

    @property
    def total(self) -> int:
        return sum(line.quantity * line.unit_price for line in self.lines)

    def facts(
        self,
        ordered_at: datetime,
        language: str,
        *,
        terms_complete: bool = False,
        store: Store | None = None,
    ) -> OrderFacts:
        """What of it a workflow may know; `terms_complete` goes where it says nothing itself,
        `store` is where it is fetched."""
        return OrderFacts(
            order_id=self.id,
            channel=self.channel,
            reference=self.reference,
            customer_id=self.customer_id,
            tender=self.tender,
            currency=self.currency,
            total=self.total,
            line_count=len(self.lines),
            country=self.country or (store.country if store else ""),
            postal_code=self.postal_code or (store.postal_code if store else ""),
            language=language,
            ordered_at=ordered_at,
            requested_date=self.requested_date,
            ship_complete=terms_complete if self.ship_complete is None else self.ship_complete,
            critical=self.critical,
            type=self.type,
            collect_at=self.collect_at,
            collect_name=store.name if store else None,
        )


@dataclass(frozen=True, slots=True)
class Earlier:
    """The order that already stands under the same channel and reference."""

    body_hash: str
    status: OrderStatus
    language: str
    ship_complete: bool
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Findings:
    """What the books say about a new order. `customer_language` is None for an unknown customer,
    `account_currency` for one without an account; `terms_complete` says that the customer wants
    all lines at once; `key_hash` is the body for which the idempotency key was used before;
    `policy` is the order's own if it stands already, else the active one; `store` is None where no
    active location is called like the one to fetch it at."""

    channel_known: bool
    customer_language: str | None
    account_currency: str | None
    terms_complete: bool
    unknown_skus: frozenset[str]
    weight_grams: int
    key_hash: str | None
    earlier: Earlier | None
    policy: OrderPolicy | None
    store: Store | None


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
    policies.body AS policy,
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
LEFT JOIN policies ON policies.version = coalesce(orders.policy_version, assigned.policy_version)
""").bindparams(  # noqa: S608 - made of a constant
    bindparam("lines", type_=JSONB)
)

_INSERT = text("""
WITH received AS (
    INSERT INTO orders (
        id, channel, reference, customer_id, body_hash, tender, currency, total, language,
        country, postal_code, requested_date, ship_complete, critical, policy_version, ordered_at,
        type, collect_at
    )
    VALUES (
        :id, :channel, :reference, :customer_id, :body_hash, :tender, :currency, :total, :language,
        :country, :postal_code, :requested_date, :ship_complete, :critical, :policy_version,
        :ordered_at, :type, :collect_at
    )
    ON CONFLICT DO NOTHING
    RETURNING id
), addressed AS (
    INSERT INTO order_contacts (order_id, name, street, city, email, phone, payment_token)
    SELECT id, :name, :street, :city, :email, :phone, :payment_token FROM received
), listed AS (
    INSERT INTO order_lines (order_id, line_id, position, sku, ordered, unit_price, backordered)
    SELECT id, line.line_id, line.position, line.sku, line.quantity, line.unit_price, line.quantity
    FROM received
    CROSS JOIN jsonb_to_recordset(:lines)
        AS line (line_id text, position int, sku text, quantity int, unit_price bigint)
), told AS (
    INSERT INTO order_events (order_id, kind, detail, at)
    SELECT id, :event, :detail, :ordered_at FROM received
)
SELECT count(*) FROM received
""").bindparams(bindparam("lines", type_=JSONB), bindparam("detail", type_=JSONB))

_CLAIM_KEY = text("""
INSERT INTO effects (key, request_hash, result) VALUES (:key, :request_hash, :result)
ON CONFLICT DO NOTHING RETURNING 1
""").bindparams(bindparam("result", type_=JSONB))


async def examine(connection: AsyncConnection, order: NewOrder) -> Findings:
    """Look up everything that decides whether the order is accepted."""
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

    Every unit starts as backordered: none is reserved yet.
    """
    written = await connection.execute(
        _INSERT,
        {
            **facts.model_dump(exclude={"order_id", "line_count"}),
            **asdict(order.contact),
            "id": order.id,
            "body_hash": order.body_hash,
            "policy_version": policy_version,
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
