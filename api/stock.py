"""The stock of a location: counted, looked at, explained."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, Field, TypeAdapter

from adapters.postgres.counts import take_count
from adapters.postgres.places import check_skus, known_channels, known_skus, read_location
from adapters.postgres.stock_reading import (
    StockPosition,
    read_ledger,
    read_positions,
    read_quarantine,
)
from api.counting import BODIES, PARAMETERS, read_count
from api.cursors import cursor_at, page_links, place_of
from api.fields import Name
from api.problems import FieldError, invalid
from api.services import Shared
from api.stock_answers import (
    CountAnswer,
    CountedPositionAnswer,
    LedgerLineAnswer,
    LedgerPage,
    PositionAnswer,
    QuarantinedAnswer,
    QuarantinedRowAnswer,
    QuarantinePage,
    StockPage,
)
from api.stock_faults import faults_named
from api.stock_schemas import LocationInPath, Page, SkuInPath, StockQuery

router = APIRouter(prefix="/locations", tags=["stock"])

_Number = Annotated[int, Field(ge=0, lt=2**63)]
_SKU = TypeAdapter(Name)
_LINE: TypeAdapter[tuple[datetime, int]] = TypeAdapter(tuple[AwareDatetime, _Number])
_ROW: TypeAdapter[int] = TypeAdapter(_Number)

_log = structlog.stdlib.get_logger(__name__)


@router.put(
    "/{location_id}/stock",
    openapi_extra={"requestBody": BODIES, "parameters": PARAMETERS},
)
async def count_stock(
    location_id: LocationInPath, request: Request, services: Shared
) -> CountAnswer:
    """Set the stock of a location right by a count, full or of some SKUs, in JSON or CSV.

    The count says what was there at `taken_at`, what is picked and has not left included: what has
    moved since is added to it. A full count sets what it does not list to 0. Where less is left
    than is reserved, the orders of lowest priority lose their units and are sourced again; what
    comes to light goes to the orders that wait. Rows that cannot be taken are quarantined, listed,
    and the others go in. Safe to repeat.
    """
    now = datetime.now(UTC)
    count = await read_count(request, location_id, now)
    with faults_named():
        taken = await take_count(services.engine, count, now)
    _log.info(
        "stock counted",
        location=location_id,
        count=count.id,
        counted=taken.counted,
        quarantined=len(taken.quarantined),
        resourced=len(taken.resourced),
        served=len(taken.served),
    )
    return CountAnswer(
        id=count.id,
        location_id=location_id,
        kind=count.kind,
        taken_at=count.taken_at,
        counted=taken.counted,
        changed=[CountedPositionAnswer.model_validate(position) for position in taken.changed],
        superseded=list(taken.superseded),
        quarantined=[QuarantinedRowAnswer.model_validate(row) for row in taken.quarantined],
        resourced=list(taken.resourced),
        served=list(taken.served),
        links={
            "stock": stock_path(location_id),
            "quarantine": f"{stock_path(location_id)}/quarantine",
        },
    )


@router.get("/{location_id}/stock")
async def get_stock(
    location_id: LocationInPath,
    request: Request,
    services: Shared,
    asked: Annotated[StockQuery, Query()],
) -> StockPage:
    """How the stock of a location stands, by SKU, and what channels may sell of it."""
    after = "" if asked.cursor is None else place_of(asked.cursor, _SKU)
    async with services.engine.connect() as conn:
        with faults_named():
            location = await read_location(conn, location_id)
        skus = await known_skus(conn, asked.sku)
        channels = await known_channels(conn, asked.channel)
        faults = _unknown("sku", asked.sku, skus) + _unknown("channel", asked.channel, channels)
        if faults:
            raise invalid(faults)
        found = await read_positions(
            conn, location_id, asked.sku or None, after=after, limit=asked.limit + 1
        )
    shown = found[: asked.limit]
    following = cursor_at(shown[-1].sku) if len(found) > asked.limit else None
    return StockPage(
        location_id=location_id,
        name=location.name,
        buffer=location.buffer,
        stock=[_position(position, asked.channel) for position in shown],
        next=following,
        links=page_links(request, following),
    )


@router.get("/{location_id}/stock/quarantine")
async def get_quarantine(
    location_id: LocationInPath,
    request: Request,
    services: Shared,
    page: Annotated[Page, Query()],
) -> QuarantinePage:
    """Rows that the counts of a location had to leave out, and why, the latest first."""
    before = None if page.cursor is None else place_of(page.cursor, _ROW)
    async with services.engine.connect() as conn:
        with faults_named():
            await read_location(conn, location_id)
        found = await read_quarantine(conn, location_id, before=before, limit=page.limit + 1)
    shown = found[: page.limit]
    following = cursor_at(shown[-1].id) if len(found) > page.limit else None
    return QuarantinePage(
        location_id=location_id,
        rows=[QuarantinedAnswer.model_validate(row) for row in shown],
        next=following,
        links=page_links(request, following),
    )


@router.get("/{location_id}/stock/{sku}/ledger")
async def get_ledger(
    location_id: LocationInPath,
    sku: SkuInPath,
    request: Request,
    services: Shared,
    page: Annotated[Page, Query()],
) -> LedgerPage:
    """What has moved the units of a SKU at a location, the latest movement first, each with what
    there was after it. A count stands at the moment when it was taken."""
    before = None if page.cursor is None else place_of(page.cursor, _LINE)
    async with services.engine.connect() as conn:
        with faults_named():
            await read_location(conn, location_id)
            await check_skus(conn, {sku})
        found = await read_ledger(conn, location_id, sku, before=before, limit=page.limit + 1)
    shown = found[: page.limit]
    last = shown[-1] if len(found) > page.limit else None
    following = None if last is None else cursor_at((last.at.isoformat(), last.id))
    return LedgerPage(
        location_id=location_id,
        sku=sku,
        lines=[LedgerLineAnswer.model_validate(line) for line in shown],
        next=following,
        links=page_links(request, following),
    )


def stock_path(location_id: str) -> str:
    return f"/locations/{quote(location_id, safe='')}/stock"


def _position(position: StockPosition, channels: list[str]) -> PositionAnswer:
    parts = {
        name: getattr(position, name) for name in PositionAnswer.model_fields if name != "available"
    }
    available = {channel: position.available(channel) for channel in channels} or None
    return PositionAnswer(**parts, available=available)


def _unknown(field: str, given: list[str], known: set[str]) -> list[FieldError]:
    return [
        FieldError(field=f"{field}[{position}]", message=f"unknown {_WHAT[field]} {name!r}")
        for position, name in enumerate(given)
        if name not in known
    ]


_WHAT = {"sku": "SKU", "channel": "channel"}
