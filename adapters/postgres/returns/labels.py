"""The way back: which services there are for it, and what is booked of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ports import Booked, Place, Recipient

# What carriers are told in place of one of our locations.
_AT_CUSTOMER = "customer"
# Without a weight break: a return is one parcel, and its price only ranks the services.
_SERVICES = text("""
SELECT s.carrier, s.service FROM returns r
JOIN orders o ON o.id = r.order_id
JOIN locations place ON place.id = r.return_to
JOIN carrier_services s ON s.origin_country = o.country
    AND s.destination_country IN (place.country, '*')
    AND starts_with(place.postal_code, s.destination_prefix)
WHERE r.id = :return_id AND s.max_weight_grams >= :weight
GROUP BY s.carrier, s.service
ORDER BY min(s.base_price + s.price_per_kg * :weight / 1000), s.carrier, s.service
""")
_PARCEL = text("""
SELECT r.expires_at, c.erased_at IS NOT NULL AS is_erased, place.name AS place_name,
       place.country AS place_country, place.postal_code AS place_postal_code,
       o.country, o.postal_code, o.reference, c.name, c.street, c.city, c.email, c.phone,
       goods.units, goods.weight_grams
FROM returns r
JOIN orders o ON o.id = r.order_id
JOIN locations place ON place.id = r.return_to
JOIN order_contacts c ON c.order_id = o.id AND c.revision = o.contact_revision
CROSS JOIN LATERAL (
    SELECT coalesce(sum(q.announced), 0)::int AS units,
           coalesce(sum(q.announced * p.weight_grams), 0)::bigint AS weight_grams
    FROM return_lines q JOIN products p ON p.sku = q.sku WHERE q.return_id = r.id) AS goods
WHERE r.id = :return_id
""")
_INTEND = text("""
INSERT INTO return_labels (reference, return_id, carrier, service, state)
VALUES (:reference, :return_id, :carrier, :service, 'intent') ON CONFLICT DO NOTHING
""")
_STANDING = text("""
SELECT state, carrier, service FROM return_labels WHERE reference = :reference
""")
_BOOKED = text("""
UPDATE return_labels
SET state = 'booked', booking_id = :booking_id, tracking_number = :tracking_number,
    label_url = :label_url
WHERE reference = :reference AND state = 'intent'
""")
_REFUSED = text("""
UPDATE return_labels SET state = 'refused', reason = :reason
WHERE reference = :reference AND state = 'intent'
""")
_VOIDED = text("""
INSERT INTO return_labels (reference, return_id, carrier, service, state)
VALUES (:reference, :return_id, :carrier, :service, 'voided')
ON CONFLICT (reference) DO UPDATE SET state = 'voided'
WHERE return_labels.state IN ('intent', 'booked')
""")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes back of an order, called `reference` by its channel: from the `customer` (personal
    data) to a location, until a moment. Where that is erased, nobody can collect it."""

    reference: str
    customer: Recipient
    origin: Place
    destination: Recipient
    units: int
    weight_grams: int
    expires_at: datetime
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Way:
    """A carrier's service under a reference of ours: `new`, or how an earlier attempt to book it
    stands."""

    state: str
    carrier: str
    service: str


async def read_parcel(conn: AsyncConnection, return_id: str) -> Parcel:
    row = (await conn.execute(_PARCEL, {"return_id": return_id})).mappings().one()
    names = ("name", "street", "city", "postal_code", "country", "email", "phone")
    return Parcel(
        reference=row["reference"],
        customer=Recipient(**{name: row[name] for name in names}),
        origin=Place(
            location_id=_AT_CUSTOMER, country=row["country"], postal_code=row["postal_code"]
        ),
        destination=Recipient(
            name=row["place_name"],
            street=row["place_name"],
            city=row["place_name"],
            postal_code=row["place_postal_code"],
            country=row["place_country"],
        ),
        units=row["units"],
        weight_grams=max(row["weight_grams"], 1),
        expires_at=row["expires_at"],
        is_erased=row["is_erased"],
    )


async def services(
    conn: AsyncConnection, return_id: str, weight_grams: int
) -> list[tuple[str, str]]:
    """The carriers' services for the way back, as (carrier, service), the cheapest first."""
    asked = {"return_id": return_id, "weight": weight_grams}
    return [(row.carrier, row.service) for row in await conn.execute(_SERVICES, asked)]


async def intend(
    conn: AsyncConnection, return_id: str, reference: str, carrier: str, service: str
) -> Way:
    """Note that a carrier is about to be asked; gives that, or what an earlier attempt left."""
    values = {"return_id": return_id, "carrier": carrier, "service": service}
    intended = await conn.execute(_INTEND, values | {"reference": reference})
    if intended.rowcount:
        return Way("new", carrier, service)
    # A statement of its own: it sees what an attempt at the same moment has just committed.
    return await _standing(conn, reference)


async def write_booked(conn: AsyncConnection, reference: str, booked: Booked) -> bool:
    """Write down a carrier's acceptance; False when it was voided in the meantime."""
    written = await conn.execute(_BOOKED, {"reference": reference, **booked.model_dump()})
    return written.rowcount == 1


async def write_refused(conn: AsyncConnection, reference: str, reason: str) -> None:
    await conn.execute(_REFUSED, {"reference": reference, "reason": reason})


async def write_voided(
    conn: AsyncConnection, return_id: str, reference: str, carrier: str, service: str
) -> str:
    """Void a label in our books, also one that was never made, so that a late attempt makes none;
    gives the carrier that is to be told."""
    values = {"return_id": return_id, "carrier": carrier, "service": service}
    await conn.execute(_VOIDED, values | {"reference": reference})
    return (await _standing(conn, reference)).carrier


async def _standing(conn: AsyncConnection, reference: str) -> Way:
    row = (await conn.execute(_STANDING, {"reference": reference})).one()
    return Way(row.state, row.carrier, row.service)
