"""Load a network: who sells and buys, what, from where it ships, by whom and under which policy.

Every function takes a connection inside a transaction, sends its rows in one statement, whatever
their number, and can be repeated: a row that exists is brought up to date, none is removed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import (
    ColumnElement,
    Table,
    TableValuedAlias,
    bindparam,
    case,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.expression import ColumnClause

from adapters.postgres import arrivals, stock, tables
from adapters.postgres.statistics import measure
from domain.calendar import LocationCalendar, ServiceCalendar
from domain.pricing import STANDARD
from domain.reliability import Outcome
from domain.sourcing import WeightBreak
from domain.stock import Position


@dataclass(frozen=True, slots=True)
class Channel:
    """A way in for orders."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A buyer, `segment` business or consumer, without personal data. `vat_id` is the number under
    which a business is registered for value added tax."""

    id: str
    segment: str
    language: str
    vat_id: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A business that pays by invoice. `credit_limit` is in minor units of `currency`."""

    customer_id: str
    currency: str
    credit_limit: int
    terms_days: int


@dataclass(frozen=True, slots=True)
class Product:
    """Discounts and entitlements may be on a `product_group`; `vat_category` is that of its rate of
    tax."""

    sku: str
    description: str
    weight_grams: int
    volume_cm3: int = 0
    longest_mm: int = 0
    product_group: str | None = None
    vat_category: str = STANDARD


@dataclass(frozen=True, slots=True)
class Location:
    """A place that can fulfil. `handling_cost` is in minor units for one shipment."""

    id: str
    name: str
    kind: str
    country: str
    postal_code: str
    latitude: float
    longitude: float
    timezone: str
    handling_cost: int
    cut_off_hour: int = 16
    reliability: float = 0.98
    region: str | None = None
    calendar: LocationCalendar | None = None
    channels: Sequence[str] = ()
    markets: Sequence[str] = ()
    collect: bool = False


@dataclass(frozen=True, slots=True)
class CarrierService:
    """A carrier's price from one country to another, or to a zone of it: the places whose postal
    codes begin with `destination_prefix`. `destination_country` '*' is everywhere that has no row
    of its own. The other fields as in `domain.sourcing.Service`."""

    carrier: str
    service: str
    name: str
    origin_country: str
    destination_country: str
    base_price: int
    price_per_kg: int
    transit_days: int
    max_weight_grams: int
    destination_prefix: str = ""
    max_unit_grams: int | None = None
    max_unit_mm: int | None = None
    grams_per_litre: int | None = None
    breaks: Sequence[WeightBreak] = ()
    co2_grams_per_tkm: int = 0
    co2_source: str = ""
    calendar: ServiceCalendar | None = None


@dataclass(frozen=True, slots=True)
class PostalCode:
    """Where an address is; the code '' stands for the middle of its country, and its `timezone` and
    `region` for those of all codes that say none."""

    country: str
    postal_code: str
    latitude: float
    longitude: float
    region: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Seller:
    """The company that sells and invoices. Days of validity are those of its `timezone`."""

    name: str
    vat_id: str
    legal_id: str
    street: str
    city: str
    postal_code: str
    country: str
    iban: str
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class VatRate:
    """What a country levies on a category of products since a day: `rate_bps` basis points, as
    `source` says."""

    country: str
    category: str
    valid_from: date
    rate_bps: int
    source: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Units that arrive at a location."""

    sku: str
    location_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery did: how many (SKU, location) rows it moved, and which orders that waited got
    something of it."""

    moved: int
    served: Sequence[str]


_Row = (
    Channel
    | Customer
    | Account
    | Product
    | Location
    | CarrierService
    | PostalCode
    | Seller
    | VatRate
)


@dataclass(frozen=True, slots=True)
class Network:
    """All master data of an installation, or a part of it."""

    channels: Sequence[Channel] = ()
    customers: Sequence[Customer] = ()
    accounts: Sequence[Account] = ()
    products: Sequence[Product] = ()
    locations: Sequence[Location] = ()
    services: Sequence[CarrierService] = ()
    postal_codes: Sequence[PostalCode] = ()
    seller: Seller | None = None
    vat_rates: Sequence[VatRate] = ()


async def load_network(connection: AsyncConnection, network: Network) -> None:
    """Write the master data. A key that stands twice in one sequence is the caller's error."""
    await _upsert(connection, tables.channels, network.channels)
    await _upsert(connection, tables.customers, network.customers)
    await _upsert(connection, tables.accounts, network.accounts)
    await _upsert(connection, tables.products, network.products)
    await _upsert(connection, tables.locations, network.locations)
    await _upsert(connection, tables.carrier_services, network.services)
    await _upsert(connection, tables.postal_codes, network.postal_codes)
    await _upsert(connection, tables.seller, [network.seller] if network.seller else [])
    await _upsert(connection, tables.vat_rates, network.vat_rates)


async def receive_stock(
    connection: AsyncConnection, rows: Iterable[Receipt], source: str, at: datetime
) -> Delivery:
    """Book units in, ledger and stock together.

    `source` names the delivery. What it has booked once it never books again, so that a repeat
    moves nothing. Several rows for one SKU and location count as their sum; a quantity that is not
    positive is a ValueError. Orders that wait for these SKUs get them in the same transaction.
    """
    arrived = defaultdict[Position, int](int)
    for receipt in rows:
        if receipt.quantity <= 0:
            raise ValueError("a receipt's quantity must be positive")
        arrived[receipt.sku, receipt.location_id] += receipt.quantity
    skus = {sku for sku, _ in arrived}
    async with arrivals.serving(
        connection, skus, event_id=source, at=at, changes=arrived
    ) as service:
        moved = await stock.move(
            connection,
            {position: (units, 0) for position, units in arrived.items()},
            reason="received",
            source=source,
            at=at,
        )
    await measure(connection, tables.stock, len(moved))
    return Delivery(len(moved), service.served)


async def _upsert(connection: AsyncConnection, table: Table, rows: Sequence[_Row]) -> None:
    if rows:
        names = tuple(field.name for field in fields(rows[0]))
        await connection.execute(_upserting(table, names), {"rows": _json(rows)})
        await measure(connection, table, len(rows))


@cache
def _upserting(table: Table, names: tuple[str, ...]) -> Insert:
    given = _recordset([column(name, table.c[name].type) for name in names])
    statement = insert(table).from_select(names, select(*(given.c[name] for name in names)))
    keys = [key.name for key in table.primary_key]
    changes: dict[str, ColumnElement[Any]] = {
        name: statement.excluded[name] for name in names if name not in keys
    }
    if table is tables.locations:
        changes["reliability"] = _unless_learned(table, statement.excluded["reliability"])
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def _unless_learned(locations: Table, given: ColumnElement[float]) -> ColumnElement[float]:
    """What is said of a location counts until its shipments have said something themselves."""
    shipments = sum((locations.c[outcome.value] for outcome in Outcome), literal(0))
    return case((shipments == 0, given), else_=locations.c.reliability)


def _recordset(columns: Sequence[ColumnClause[Any]]) -> TableValuedAlias:
    """The rows of a JSON parameter: one parameter, so that their number has no limit."""
    rows = bindparam("rows", type_=JSONB)
    return (
        func.jsonb_to_recordset(rows)
        .table_valued(*columns, name="given")
        .render_derived(with_types=True)
    )


def _json(rows: Sequence[_Row]) -> Any:
    return to_jsonable_python(list(rows))
