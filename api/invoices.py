"""Invoices and credit notes: find them, and get them as data, as UBL or as Factur-X."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field, TypeAdapter

from adapters.invoicing import factur_x, ubl
from adapters.postgres.document_reading import (
    DocumentFilter,
    NoSellerError,
    Position,
    list_documents,
    read_document,
    read_printable,
)
from api.cursors import cursor_at, page_links, place_of
from api.fields import Name, Parameters, Words
from api.invoice_answers import (
    NUMBER,
    InvoiceDocumentAnswer,
    InvoicePage,
    invoice_answer,
    listed_invoice,
)
from api.negotiation import offers
from api.problems import ProblemError, not_found
from api.services import Services, Shared
from domain.invoicing import Document

router = APIRouter(prefix="/invoices", tags=["invoices"])

Format = Literal["json", "ubl", "facturx"]
NumberInPath = Annotated[
    Words, Path(max_length=40, examples=[NUMBER], description="The document's number.")
]

_PLACE: TypeAdapter[tuple[date, str]] = TypeAdapter(tuple[date, Words])


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    extension: str
    make: Callable[[Document], bytes]


_FILES: Final[Mapping[Format, _File]] = {
    "ubl": _File("application/xml", "xml", ubl),
    "facturx": _File("application/pdf", "pdf", factur_x),
}
_MEDIA_TYPES: Final[Mapping[str, Format]] = {
    "application/json": "json",
    "*/*": "json",
    **{file.media_type: name for name, file in _FILES.items()},
}
_AS_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            file.media_type: {"schema": {"type": "string", "format": "binary"}}
            for file in _FILES.values()
        }
    }
}


class InvoiceFilters(Parameters):
    customer: Name | None = Field(default=None, description="A customer's id.")
    order: Annotated[Words, Field(max_length=100)] | None = Field(
        default=None, description="An order's id."
    )
    number: Annotated[Words, Field(max_length=40)] | None = Field(
        default=None, description="The document's own number."
    )
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(default=None, max_length=300, description="From `next`.")


class InvoiceForm(Parameters):
    format: Format | None = Field(default=None, description="Instead of the Accept header's.")


@router.get("")
async def find_invoices(
    request: Request, services: Shared, filters: Annotated[InvoiceFilters, Query()]
) -> InvoicePage:
    """List invoices and credit notes, the latest first; all filters must match."""
    after = None if filters.cursor is None else Position(*place_of(filters.cursor, _PLACE))
    # One more than asked for tells whether there is a next page.
    wanted = DocumentFilter(filters.customer, filters.order, filters.number)
    found = await list_documents(services.engine, wanted, after, filters.limit + 1)
    shown = found[: filters.limit]
    following = None
    if len(found) > filters.limit:
        last = shown[-1]
        following = cursor_at((last.issued_on.isoformat(), last.number))
    return InvoicePage(
        invoices=[listed_invoice(document) for document in shown],
        next=following,
        links=page_links(request, following),
    )


@router.get("/{number}", response_model=InvoiceDocumentAnswer, responses=_AS_FILES)
async def get_invoice(
    number: NumberInPath,
    services: Shared,
    form: Annotated[InvoiceForm, Query()],
    accept: Annotated[str | None, Header(description="The form that is wanted.")] = None,
) -> Response | InvoiceDocumentAnswer:
    """One invoice or credit note, by `format` or else the Accept header: as data, as UBL 2.1 or as
    Factur-X (PDF/A-3), both of the profile EN 16931. Its files are in the order's language and hold
    the buyer's address."""
    file = _FILES.get(form.format or _chosen_format(accept))
    if file is not None:
        return await _file(services, number, file)
    view = await read_document(services.engine, number)
    if view is None:
        raise _unknown(number)
    return invoice_answer(view)


async def _file(services: Services, number: str, file: _File) -> Response:
    try:
        document = await read_printable(services.engine, number)
    except NoSellerError as error:
        detail = "Nobody has said yet who sells: load the seller first."
        raise ProblemError(HTTPStatus.CONFLICT, "no-seller", detail) from error
    if document is None:
        raise _unknown(number)
    content = await asyncio.to_thread(file.make, document)
    shown_as = f'inline; filename="{document.number}.{file.extension}"'
    return Response(content, media_type=file.media_type, headers={"Content-Disposition": shown_as})


def _chosen_format(accept: str | None) -> Format:
    best: Format = "json"
    most = 0.0
    for media_type, quality in offers(accept):
        if media_type in _MEDIA_TYPES and quality > most:
            best, most = _MEDIA_TYPES[media_type], quality
    return best


def _unknown(number: str) -> ProblemError:
    return not_found(f"There is no invoice or credit note {number!r}.")
