"""The read model of one order: everything that there is to tell about it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.order_views import (
    EventView,
    ExpectedView,
    InvoiceView,
    LineView,
    NoticeView,
    OrderView,
    ShipmentLineView,
    ShipmentView,
)
from adapters.postgres.tables import (
    credit_note_lines,
    invoices,
    locations,
    notices,
    order_events,
    order_lines,
    orders,
    products,
    reservations,
    shipments,
    supplies,
    supply_claims,
)
from adapters.postgres.tender_reading import read_refunds, read_tenders
from domain.messages.orders import (
    OrderStatus,
    OrderType,
    ShipmentStatus,
    Tender,
)


async def read_order(engine: AsyncEngine, order_id: str) -> OrderView | None:
    """The order as it stands, its parts all of one moment; None if there is no such order."""
    async with engine.connect() as connection:
        # One snapshot for all statements, or a shipment could be missing its lines.
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        order = (await connection.execute(_order(order_id))).mappings().one_or_none()
        if order is None:
            return None
        return OrderView(
            **{
                **order,
                "status": OrderStatus(order["status"]),
                "tender": Tender(order["tender"]),
                "type": OrderType(order["type"]),
            },
            lines=await _line_views(connection, order_id),
            shipments=await _shipment_views(connection, order_id),
            payments=await read_tenders(connection, order_id),
            refunds=await read_refunds(connection, order_id),
            invoices=[InvoiceView(**row) for row in await _rows(connection, _invoices(order_id))],
            notices=[NoticeView(**row) for row in await _rows(connection, _notices(order_id))],
            events=[EventView(**row) for row in await _rows(connection, _events(order_id))],
        )


async def order_status(engine: AsyncEngine, order_id: str) -> OrderStatus | None:
    """Where an order stands; None if there is no such order."""
    async with engine.connect() as connection:
        status = await connection.scalar(select(orders.c.status).where(orders.c.id == order_id))
        return None if status is None else OrderStatus(status)


async def _rows(
    connection: AsyncConnection, query: Select[*tuple[Any, ...]]
) -> Sequence[RowMapping]:
    return (await connection.execute(query)).mappings().all()


async def _line_views(connection: AsyncConnection, order_id: str) -> list[LineView]:
    lines = await _rows(connection, _lines(order_id))
    expected: defaultdict[str, list[ExpectedView]] = defaultdict(list)
    if any(line["backordered"] for line in lines):
        for row in await _rows(connection, _expected(order_id)):
            expected[row["line_id"]].append(ExpectedView(**row))
    return [LineView(**line, expected=expected[line["line_id"]]) for line in lines]


async def _shipment_views(connection: AsyncConnection, order_id: str) -> list[ShipmentView]:
    carried: defaultdict[str, list[ShipmentLineView]] = defaultdict(list)
    for row in await _rows(connection, _reservations(order_id)):
        carried[row["shipment_id"]].append(
            ShipmentLineView(row["line_id"], row["sku"], row["quantity"])
        )
    return [
        ShipmentView(
            **{**row, "status": ShipmentStatus(row["status"])}, lines=carried[row["shipment_id"]]
        )
        for row in await _rows(connection, _shipments(order_id))
    ]


def _order(order_id: str) -> Select[Any]:
    columns = (
        "channel reference customer_id status hold_reason tender currency total country "
        "postal_code language promise requested_date ship_complete critical ordered_at closed_at "
        "policy_version type collect_at version tax_included agreement_version"
    )
    return select(
        orders.c.id.label("order_id"), *(orders.c[name] for name in columns.split())
    ).where(orders.c.id == order_id)


def _lines(order_id: str) -> Select[Any]:
    columns = (
        "line_id sku ordered unit_price discount_bps vat_bps vat_category price_source backordered "
        "shipped cancelled"
    )
    agreed = order_lines.c.ordered - order_lines.c.cancelled
    price = (order_lines.c[name] for name in ("unit_price", "discount_bps", "vat_bps"))
    terms = (agreed, *price, orders.c.tax_included)
    return (
        select(
            *(order_lines.c[name] for name in columns.split()),
            func.line_net(*terms).label("net"),
            func.line_gross(*terms).label("gross"),
            products.c.description,
        )
        .join(orders, orders.c.id == order_lines.c.order_id)
        .join(products, products.c.sku == order_lines.c.sku)
        .where(order_lines.c.order_id == order_id)
        .order_by(order_lines.c.position)
    )


def _expected(order_id: str) -> Select[Any]:
    claims = supply_claims
    return (
        select(
            claims.c.line_id,
            claims.c.sku,
            claims.c.units.label("quantity"),
            claims.c.supply_id,
            supplies.c.due,
            claims.c.promise,
        )
        .join(supplies, (supplies.c.id == claims.c.supply_id) & (supplies.c.sku == claims.c.sku))
        .where(claims.c.order_id == order_id)
        .order_by(supplies.c.due, claims.c.supply_id)
    )


def _shipments(order_id: str) -> Select[Any]:
    columns = (
        "location_id carrier service status promise why tracking_number dispatched_at delivered_at "
        "pick_by dispatch_by collect_at ready_at collect_until collected_at"
    )
    return (
        select(
            shipments.c.id.label("shipment_id"),
            locations.c.name.label("location_name"),
            *(shipments.c[name] for name in columns.split()),
        )
        .join(locations, locations.c.id == shipments.c.location_id)
        .where(shipments.c.order_id == order_id)
        # Ids end in the shipment's number: the shorter one is the earlier one.
        .order_by(func.length(shipments.c.id), shipments.c.id)
    )


def _reservations(order_id: str) -> Select[Any]:
    carried = reservations.c.held + reservations.c.consumed
    given_up = shipments.c.status.in_(
        [ShipmentStatus.ABANDONED.value, ShipmentStatus.EXPIRED.value]
    )
    quantity = case((given_up, reservations.c.planned), else_=carried)
    return (
        select(
            reservations.c.shipment_id,
            reservations.c.line_id,
            reservations.c.sku,
            quantity.label("quantity"),
        )
        .join(shipments, shipments.c.id == reservations.c.shipment_id)
        .join(
            order_lines,
            (order_lines.c.order_id == reservations.c.order_id)
            & (order_lines.c.line_id == reservations.c.line_id),
        )
        .where(reservations.c.order_id == order_id)
        .order_by(order_lines.c.position)
    )


def _invoices(order_id: str) -> Select[Any]:
    columns = "shipment_id amount on_account currency issued_at due_on"
    credited = (
        select(credit_note_lines.c.number)
        .distinct()
        .where(credit_note_lines.c.invoice_id == invoices.c.id)
        .order_by(credit_note_lines.c.number)
    )
    return (
        select(
            invoices.c.id.label("invoice_id"),
            invoices.c.document.label("number"),
            (invoices.c.paid + invoices.c.captured).label("paid"),
            func.array(credited.scalar_subquery()).label("credit_notes"),
            *(invoices.c[name] for name in columns.split()),
        )
        .where(invoices.c.order_id == order_id)
        .order_by(invoices.c.issued_at, invoices.c.id)
    )


def _notices(order_id: str) -> Select[Any]:
    columns = "occasion template channel queued_at sent_at failure"
    return (
        select(*(notices.c[name] for name in columns.split()))
        .where(notices.c.order_id == order_id)
        .order_by(notices.c.id)
    )


def _events(order_id: str) -> Select[Any]:
    return (
        select(order_events.c.at, order_events.c.kind, order_events.c.detail)
        .where(order_events.c.order_id == order_id)
        .order_by(order_events.c.id)
    )
