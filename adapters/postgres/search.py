"""Finding what a word is about: orders, shipments, invoices, products and customers.

Every question is answered from an index of its own (migration 0011), as far as its limit goes: how
large the tables are makes no difference. What is looked for is the beginning of an id, an e-mail
address or a tracking number, the beginning of each word of a name, the end of a telephone number.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_LAST_CHARACTER = "\U0010ffff"
_PHONE = re.compile(r"\+?[\d(][\d ().-]{4,}")
_TELLING_DIGITS = 8
# With one letter alone, too many people begin.
_SHORTEST = 2
_WORD = re.compile(r"[^\W_]+")
# Rows that are looked at to find the latest: a product may be on very many lines.
_LOOKED_AT = 1000

_ORDER = "'order' AS kind, o.id, o.customer_id, o.id AS order_id, o.ordered_at AS at"
_SHIPMENT = "'shipment' AS kind, s.id, o.customer_id, o.id AS order_id, o.ordered_at AS at"
_INVOICE = "'invoice' AS kind, i.id, i.customer_id, i.order_id, i.issued_at AS at"
_DOCUMENT = "d.kind, d.number AS id, d.customer_id, NULL AS order_id, NULL::timestamptz AS at"
_NO_ORDER = "NULL AS order_id, NULL::timestamptz AS at"
_PRODUCT = f"'product' AS kind, p.sku AS id, NULL AS customer_id, {_NO_ORDER}"
_CUSTOMER = f"'customer' AS kind, u.id, u.id AS customer_id, {_NO_ORDER}"
_LATEST = "ORDER BY o.ordered_at DESC, o.id LIMIT :limit"

_ORDERS_OF_SKU = """
SELECT l.order_id FROM order_lines l
WHERE l.sku = (SELECT p.sku FROM products p WHERE lower(p.sku) = :first LIMIT 1)
ORDER BY l.order_id DESC LIMIT :looked_at
"""


def _query(columns: str, matched: str, exact: str, rest: str) -> str:
    return f"SELECT {columns}, '{matched}' AS matched, {exact} AS exact FROM {rest}"  # noqa: S608 - made of constants


def _begins(expression: str, first: str = "first", beyond: str = "beyond") -> str:
    # Not LIKE: it finds its index only where the pattern is known when the query is planned.
    return f"{expression} ~>=~ :{first} AND {expression} ~<~ :{beyond}"


def _beginning(
    columns: str, matched: str, source: str, expression: str, *, exact: str = "", and_: str = "true"
) -> str:
    rest = f"{source} WHERE {_begins(expression)} AND {and_}"
    in_order = f"ORDER BY {expression} USING ~<~ LIMIT :limit"
    return _query(columns, matched, exact or f"{expression} = :first", f"{rest} {in_order}")


def _of_contact(matched: str, condition: str) -> str:
    theirs = f"SELECT c.order_id FROM order_contacts c WHERE {condition} LIMIT :looked_at"  # noqa: S608 - made of constants
    return _query(_ORDER, matched, "false", f"orders o WHERE o.id IN ({theirs}) {_LATEST}")


_QUERIES = {
    "order_id": _beginning(
        _ORDER,
        "order_id",
        "orders o",
        "lower(o.reference)",
        exact="o.channel || ':' || lower(o.reference) = :whole",
        and_="o.channel = :channel",
    ),
    "reference": _beginning(_ORDER, "reference", "orders o", "lower(o.reference)"),
    "tracking_number": _beginning(
        _SHIPMENT,
        "tracking_number",
        "shipments s JOIN orders o ON o.id = s.order_id",
        "lower(s.tracking_number)",
    ),
    "invoice_id": _beginning(_INVOICE, "invoice_id", "invoices i", "lower(i.id)"),
    "number": _beginning(_DOCUMENT, "number", "documents d", "lower(d.number)"),
    "sku": _beginning(_PRODUCT, "sku", "products p", "lower(p.sku)"),
    "line": _query(
        _ORDER,
        "sku",
        "false",
        f"orders o WHERE o.id IN ({_ORDERS_OF_SKU}) {_LATEST}",
    ),
    "customer_id": _beginning(_CUSTOMER, "customer_id", "customers u", "lower(u.id)"),
    "name": _of_contact(
        "name", "to_tsvector('simple', folded(c.name)) @@ to_tsquery('simple', :words)"
    ),
    "email": _of_contact("email", _begins("lower(c.email)")),
    "phone": _of_contact(
        "phone",
        _begins(r"reverse(regexp_replace(c.phone, '\D', '', 'g'))", "digits", "beyond_digits"),
    ),
}
_SEARCH = "SELECT kind, id, customer_id, order_id, at, matched, exact FROM ({}) AS hits"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: `kind` and `id` say what, `matched` by what of it; `exact` when
    the whole of that was looked for. Without personal data."""

    kind: str
    id: str
    customer_id: str | None
    order_id: str | None
    at: datetime | None
    matched: str
    exact: bool


async def search(engine: AsyncEngine, wanted: str, limit: int) -> Sequence[Hit]:
    """At most `limit` hits, those first that match as a whole. Each is named once for each thing
    that matched."""
    asked = dict(_questions(wanted))
    values: dict[str, Any] = {"limit": limit, "looked_at": _LOOKED_AT, "first": wanted.lower()}
    values["beyond"] = values["first"] + _LAST_CHARACTER
    for more in asked.values():
        values |= more
    union = " UNION ALL ".join(f"({_QUERIES[name]})" for name in asked)
    statement = text(_SEARCH.format(union) + " ORDER BY exact DESC LIMIT :limit")
    async with engine.connect() as conn:
        rows = (await conn.execute(statement, values)).mappings().all()
    return [Hit(**row) for row in rows]


def _questions(wanted: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Which of the queries make sense for what is looked for, and their own values."""
    folded = wanted.lower()
    channel, colon, rest = folded.partition(":")
    if colon:
        reference = rest.split(":")[0]
        between = {"first": reference, "beyond": reference + _LAST_CHARACTER}
        yield "order_id", {"channel": channel, "whole": f"{channel}:{reference}", **between}
        return
    if "@" in wanted:
        yield "email", {}
        return
    for name in ("reference", "tracking_number", "invoice_id", "number", "customer_id"):
        yield name, {}
    yield "sku", {}
    yield "line", {}
    digits = re.sub(r"\D", "", wanted)
    if _PHONE.fullmatch(wanted):
        ending = digits[::-1][:_TELLING_DIGITS]
        yield "phone", {"digits": ending, "beyond_digits": ending + _LAST_CHARACTER}
    decomposed = unicodedata.normalize("NFKD", folded)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = _WORD.findall(plain)
    if any(len(word) >= _SHORTEST for word in words):
        yield "name", {"words": " & ".join(f"{word}:*" for word in words)}
        yield "email", {}
