"""Invoices and credit notes, as they are listed and as they are made into files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.amounts import Amount, LinePrice
from domain.invoicing import Document, DocumentKind, DocumentLine, Party, Preceding, Seller
from domain.wording import language_of

_COLUMNS = """d.number, d.kind, d.customer_id, d.currency, d.issued_on, d.terms_days, d.due_on,
    d.period_from, d.period_to, d.net, d.vat, d.gross, d.prepaid,
    (SELECT sum(i.owed)::bigint FROM invoices i WHERE i.document = d.number) AS owed,
    ARRAY(SELECT DISTINCT i.order_id FROM invoices i
          WHERE i.document = d.number OR i.id IN (
              SELECT c.invoice_id FROM credit_note_lines c WHERE c.number = d.number)
          ORDER BY i.order_id) AS orders"""
_LIST = text(f"""
SELECT {_COLUMNS} FROM documents d
WHERE (CAST(:customer AS text) IS NULL OR d.customer_id = :customer)
  AND (CAST(:number AS text) IS NULL OR d.number = :number)
  AND (CAST(:order_id AS text) IS NULL OR d.number IN (
      SELECT i.document FROM invoices i WHERE i.order_id = :order_id
      UNION ALL
      SELECT c.number FROM invoices i JOIN credit_note_lines c ON c.invoice_id = i.id
      WHERE i.order_id = :order_id))
  AND (CAST(:issued_on AS date) IS NULL OR (d.issued_on, d.number) < (:issued_on, :after))
ORDER BY d.issued_on DESC, d.number DESC LIMIT :limit
""")  # noqa: S608 - made of a constant
_ONE = text(f"SELECT {_COLUMNS} FROM documents d WHERE d.number = :number")  # noqa: S608
_LINES = text("""
SELECT i.order_id, n.line_id, n.sku, p.description, part.quantity, part.net, part.gross,
       part.deducted,
       n.unit_price, n.discount_bps, n.vat_bps, n.vat_category, o.tax_included
FROM (
    SELECT n.invoice_id, n.line_id, n.quantity, n.net, n.gross, false AS deducted
    FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id WHERE i.document = :number
    UNION ALL
    SELECT invoice_id, line_id, quantity, net, gross, hundredths < 100 * quantity
    FROM credit_note_lines WHERE number = :number
) part
JOIN invoices i ON i.id = part.invoice_id
JOIN invoice_lines n ON n.invoice_id = part.invoice_id AND n.line_id = part.line_id
JOIN orders o ON o.id = i.order_id
JOIN order_lines l ON l.order_id = i.order_id AND l.line_id = n.line_id
JOIN products p ON p.sku = n.sku
ORDER BY i.issued_at, i.id, l.position
""")
_CORRECTED = text("""
SELECT DISTINCT d.number, d.issued_on
FROM credit_note_lines c JOIN invoices i ON i.id = c.invoice_id
JOIN documents d ON d.number = i.document
WHERE c.number = :number ORDER BY d.issued_on, d.number
""")
_CORRECTED_BY = text("""
SELECT DISTINCT c.number FROM invoices i JOIN credit_note_lines c ON c.invoice_id = i.id
WHERE i.document = :number ORDER BY c.number
""")
# The latest delivery first: its address is the buyer's. Stores are no personal data.
_DELIVERIES = text("""
SELECT o.id AS order_id, o.reference, o.language, coalesce(c.country, o.country) AS country,
       coalesce(c.postal_code, o.postal_code) AS postal_code, c.name, c.street,
       c.city, b.vat_id, (coalesce(s.collected_at, s.dispatched_at) AT TIME ZONE coalesce(
           (SELECT timezone FROM seller), 'UTC'))::date AS delivered_on,
       store.name AS store_name, store.country AS store_country,
       store.postal_code AS store_postal_code
FROM invoices i JOIN shipments s ON s.id = i.shipment_id JOIN orders o ON o.id = i.order_id
JOIN customers b ON b.id = i.customer_id
JOIN order_contacts c ON c.order_id = o.id AND c.revision = s.contact_revision
LEFT JOIN locations store ON store.id = s.collect_at
WHERE i.document = :number
   OR i.id IN (SELECT invoice_id FROM credit_note_lines WHERE number = :number)
ORDER BY i.issued_at DESC, i.id DESC
""")
_SELLER = text("""
SELECT name, vat_id, legal_id, street, city, postal_code, country, iban FROM seller
""")


class NoSellerError(Exception):
    """Nobody has said yet who sells: no document can be made into a file."""


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents to list: all that match every field which is not None."""

    customer_id: str | None = None
    order_id: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list of documents, just after the one that it names."""

    issued_on: date
    number: str


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """An invoice or a credit note; amounts in minor units. `owed` is what is still to be paid of an
    invoice on account, None for a credit note."""

    number: str
    kind: DocumentKind
    customer_id: str
    currency: str
    issued_on: date
    terms_days: int | None
    due_on: date | None
    period_from: date | None
    period_to: date | None
    net: int
    vat: int
    gross: int
    prepaid: int
    owed: int | None
    orders: Sequence[str]


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One document with its lines; `corrects` names the invoices that a credit note takes back a
    part of, `corrected_by` the credit notes of an invoice."""

    document: ListedDocument
    lines: Sequence[DocumentLine]
    corrects: Sequence[Preceding]
    corrected_by: Sequence[str]


async def list_documents(
    engine: AsyncEngine, wanted: DocumentFilter, after: Position | None, limit: int
) -> list[ListedDocument]:
    """At most `limit` documents, the latest first, from just after a position on."""
    values = {
        "customer": wanted.customer_id,
        "order_id": wanted.order_id,
        "number": wanted.number,
        "issued_on": after.issued_on if after else None,
        "after": after.number if after else None,
        "limit": limit,
    }
    async with engine.connect() as conn:
        rows = (await conn.execute(_LIST, values)).mappings().all()
    return [_listed(row) for row in rows]


async def read_document(engine: AsyncEngine, number: str) -> DocumentView | None:
    """One document; None if there is none of that number. A document never changes, but what is
    owed of it and what corrects it does."""
    async with engine.connect() as conn:
        return await _view(conn, number)


async def read_printable(engine: AsyncEngine, number: str) -> Document | None:
    """One document with all that its files say (personal data); None if there is none of that
    number. A buyer whose data are erased is called by the customer's id. Raises NoSellerError."""
    async with engine.connect() as conn:
        view = await _view(conn, number)
        if view is None:
            return None
        deliveries = (await conn.execute(_DELIVERIES, {"number": number})).mappings().all()
        seller = (await conn.execute(_SELLER)).mappings().one_or_none()
    if seller is None:
        raise NoSellerError(number)
    listed = view.document
    latest = deliveries[0]
    period = (
        (listed.period_from, listed.period_to) if listed.period_from and listed.period_to else None
    )
    return Document(
        number=listed.number,
        kind=listed.kind,
        language=language_of(latest["language"]),
        currency=listed.currency,
        issued_on=listed.issued_on,
        due_on=listed.due_on,
        terms_days=listed.terms_days,
        period=period,
        delivered_on=latest["delivered_on"],
        orders=tuple(sorted({(row["order_id"], row["reference"]) for row in deliveries})),
        seller=Seller(**seller),
        buyer=_buyer(latest, listed.customer_id),
        deliver_to=_destination(deliveries, listed.customer_id),
        lines=tuple(view.lines),
        preceding=tuple(view.corrects),
        prepaid=listed.prepaid,
    )


async def _view(conn: AsyncConnection, number: str) -> DocumentView | None:
    asked = {"number": number}
    row = (await conn.execute(_ONE, asked)).mappings().one_or_none()
    if row is None:
        return None
    lines = (await conn.execute(_LINES, asked)).mappings().all()
    corrected = (await conn.execute(_CORRECTED, asked)).mappings().all()
    corrected_by = (await conn.execute(_CORRECTED_BY, asked)).scalars().all()
    return DocumentView(
        document=_listed(row),
        lines=[_line(line) for line in lines],
        corrects=[Preceding(**invoice) for invoice in corrected],
        corrected_by=corrected_by,
    )


def _listed(row: RowMapping) -> ListedDocument:
    return ListedDocument(**{**row, "kind": DocumentKind(row["kind"])})


def _line(row: RowMapping) -> DocumentLine:
    priced = {name: row[name] for name in LinePrice.model_fields}
    said = {name: row[name] for name in DocumentLine.model_fields if name in row}
    amount = Amount(net=row["net"], gross=row["gross"])
    return DocumentLine(**said, price=LinePrice(**priced), amount=amount)


def _buyer(delivery: RowMapping, customer_id: str) -> Party:
    return Party(
        name=delivery["name"] or customer_id,
        street=delivery["street"] or None,
        city=delivery["city"] or None,
        postal_code=delivery["postal_code"],
        country=delivery["country"],
        vat_id=delivery["vat_id"],
    )


def _destination(deliveries: Sequence[RowMapping], customer_id: str) -> Party | None:
    """Where all was delivered: an address, else no more than a country; None for several."""
    destinations = {_delivered_to(delivery, customer_id) for delivery in deliveries}
    if len(destinations) == 1:
        return destinations.pop()
    countries = {destination.country for destination in destinations}
    if len(countries) > 1:
        return None
    buyer = _buyer(deliveries[0], customer_id).name
    return Party(name=buyer, street=None, city=None, postal_code="", country=countries.pop())


def _delivered_to(delivery: RowMapping, customer_id: str) -> Party:
    if delivery["store_name"] is not None:
        return Party(
            name=delivery["store_name"],
            street=None,
            city=None,
            postal_code=delivery["store_postal_code"],
            country=delivery["store_country"],
        )
    return _buyer(delivery, customer_id).model_copy(update={"vat_id": None})
