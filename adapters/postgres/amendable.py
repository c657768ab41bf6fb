"""Orders as amendments find them: lines, shipments, where they go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.amending import Carried, Line, WantedLine
from domain.messages.orders import OrderStatus, OrderType, ShipmentStatus, Tender
from domain.pricing import PriceSource

_ORDER = text("""
SELECT o.id AS order_id, o.reference, o.customer_id, o.channel, o.status, o.version, o.tender,
       o.currency, o.total, o.tax_included, o.country, o.postal_code, o.requested_date,
       o.contact_revision, o.type, o.ordered_at, o.agreement_version,
       store.country AS store_country
FROM orders o LEFT JOIN locations store ON store.id = o.collect_at WHERE o.id = :order_id
""")
_LINES = text("""
SELECT l.line_id, l.position, l.sku, l.ordered, l.cancelled, l.shipped, l.backordered, l.invoiced,
       l.unit_price, l.discount_bps, l.vat_bps, l.vat_category, l.price_source
FROM order_lines l WHERE l.order_id = :order_id ORDER BY l.position
""")
_HELD = text("""
SELECT s.id, s.status, coalesce(s.cost, 0)::bigint AS cost,
       jsonb_object_agg(r.line_id, r.held) AS units
FROM shipments s JOIN reservations r ON r.shipment_id = s.id
WHERE s.order_id = :order_id AND r.held > 0 GROUP BY s.id
""")
_GOODS = text("SELECT sku, weight_grams FROM products WHERE sku = ANY(:skus)")
_ADDRESS = text("""
SELECT c.name, c.street, c.city, c.email, c.phone
FROM order_contacts c WHERE c.order_id = :order_id AND c.revision = :revision
""")
_READDRESS = text("""
INSERT INTO order_contacts (order_id, revision, name, street, city, email, phone, payment_tokens,
                            country, postal_code)
SELECT c.order_id,
       1 + (SELECT max(e.revision) FROM order_contacts e WHERE e.order_id = c.order_id),
       :name, :street, :city, :email, :phone, c.payment_tokens, :country, :postal_code
FROM order_contacts c WHERE c.order_id = :order_id AND c.revision = :revision
RETURNING revision
""")


@dataclass(frozen=True, slots=True)
class PresentLine:
    """A line as it stands; units by what became of them, prices as in `domain.amounts`."""

    line_id: str
    position: int
    sku: str
    ordered: int
    cancelled: int
    shipped: int
    backordered: int
    invoiced: int
    unit_price: int
    discount_bps: int
    vat_bps: int
    vat_category: str
    price_source: PriceSource

    @property
    def agreed(self) -> int:
        """The units that the customer is to get, or has."""
        return self.ordered - self.cancelled

    def as_wanted(self, quantity: int) -> WantedLine:
        """So many units of it, at the price that it has."""
        return WantedLine(
            line_id=self.line_id,
            position=self.position,
            sku=self.sku,
            quantity=quantity,
            unit_price=self.unit_price,
            discount_bps=self.discount_bps,
            vat_bps=self.vat_bps,
            vat_category=self.vat_category,
            price_source=self.price_source,
        )


@dataclass(frozen=True, slots=True)
class Present:
    """An order as it stands. Lines of which nothing is left are among `lines`."""

    order_id: str
    reference: str
    customer_id: str
    channel: str
    status: OrderStatus
    version: int
    tender: Tender
    currency: str
    total: int
    tax_included: bool
    country: str
    postal_code: str
    requested_date: date | None
    contact_revision: int
    store_country: str | None
    type: OrderType
    ordered_at: datetime
    agreement_version: str | None
    lines: Sequence[PresentLine]


@dataclass(frozen=True, slots=True)
class Address:
    """Who receives an order (personal data). What is not known of it is empty."""

    name: str
    street: str
    city: str
    email: str | None
    phone: str | None


async def read_present(conn: AsyncConnection, order_id: str) -> Present | None:
    """How an order stands; None if there is none."""
    row = (await conn.execute(_ORDER, {"order_id": order_id})).mappings().one_or_none()
    if row is None:
        return None
    lines = (await conn.execute(_LINES, {"order_id": order_id})).mappings()
    return Present(
        **{
            **row,
            "status": OrderStatus(row["status"]),
            "type": OrderType(row["type"]),
            "tender": Tender(row["tender"]),
        },
        lines=[
            PresentLine(**{**line, "price_source": PriceSource(line["price_source"])})
            for line in lines
        ],
    )


async def read_carried(
    conn: AsyncConnection, order_id: str, stoppable: Sequence[str], given_up: Sequence[str]
) -> tuple[tuple[Carried, ...], dict[str, int]]:
    """The shipments that hold units, and the units by line id that those `given_up` still do: the
    books may hear of that later."""
    carried = []
    free: dict[str, int] = {}
    for row in await conn.execute(_HELD, {"order_id": order_id}):
        if row.id in given_up:
            for line_id, units in row.units.items():
                free[line_id] = free.get(line_id, 0) + units
            continue
        carried.append(
            Carried(
                shipment_id=row.id,
                status=ShipmentStatus(row.status),
                stoppable=row.id in stoppable,
                units=row.units,
                cost=row.cost,
            )
        )
    return tuple(carried), free


def lines_of(present: Present, free: Mapping[str, int]) -> list[Line]:
    """The lines of an order, where `free` units of them will be in no shipment any more."""
    return [
        Line(
            line_id=line.line_id,
            sku=line.sku,
            gone=line.shipped,
            open=line.backordered + free.get(line.line_id, 0),
        )
        for line in present.lines
    ]


async def read_goods(conn: AsyncConnection, skus: Iterable[str]) -> dict[str, int]:
    """The weight of a unit in grams, of those SKUs that there are."""
    rows = await conn.execute(_GOODS, {"skus": sorted(set(skus))})
    return {row.sku: row.weight_grams for row in rows}


async def readdress(
    conn: AsyncConnection, present: Present, address: Address, country: str, postal_code: str
) -> int:
    """The revision of the order's contact that this is, a new one if it is another than now. The
    order is locked by an earlier statement."""
    now = {"order_id": present.order_id, "revision": present.contact_revision}
    known = Address(**(await conn.execute(_ADDRESS, now)).mappings().one())
    stands = (present.country, present.postal_code)
    if known == address and (country, postal_code) == stands:
        return present.contact_revision
    where = {"country": country, "postal_code": postal_code}
    revision: int = (await conn.execute(_READDRESS, now | asdict(address) | where)).scalar_one()
    return revision
