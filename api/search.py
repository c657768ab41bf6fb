"""Search: what a word is about, on every channel."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from adapters.postgres.search import Hit, search
from api.customer_answers import SearchAnswer, SearchHit
from api.fields import Body, Parameters, Words
from api.rendering import linked, links_of
from api.services import Services, Shared

PATH = "/search"

router = APIRouter(tags=["search"])

Wanted = Annotated[
    Words,
    StringConstraints(min_length=2),
    Field(
        max_length=100,
        description="The beginning of an order's id or reference, an SKU, a customer's id, an "
        "e-mail address, a tracking number, an invoice; of each word of a name; or a telephone "
        "number.",
        examples=["10042"],
    ),
]
Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]


class SearchParameters(Parameters):
    q: Wanted
    limit: Limit = 20


class Search(Body):
    """What to look for. In a body it is written to no log on the way."""

    q: Wanted
    limit: Limit = 20


@router.get(PATH, summary="Search")
async def find(services: Shared, parameters: Annotated[SearchParameters, Query()]) -> SearchAnswer:
    """Find orders, shipments, invoices, products and customers by reference, id, SKU, name, e-mail
    address, telephone number, tracking or invoice number.

    Proxies may log the address of a request: search for people by `POST /search`.
    """
    return await _found(services, parameters.q, parameters.limit)


@router.post(PATH, summary="Search without a trace")
async def find_discreetly(services: Shared, body: Search) -> SearchAnswer:
    """The same as `GET /search`; what is looked for stands in the body, which no log keeps."""
    return await _found(services, body.q, body.limit)


async def _found(services: Services, wanted: str, limit: int) -> SearchAnswer:
    # One more than asked for tells whether that is all.
    hits = await search(services.engine, wanted, limit + 1)
    return SearchAnswer(
        hits=[linked(SearchHit, hit, **_links(hit)) for hit in hits[:limit]],
        is_complete=len(hits) <= limit,
    )


def _links(hit: Hit) -> dict[str, str]:
    links = {}
    if hit.order_id is not None:
        links["order"] = links_of(hit.order_id)["self"]
    if hit.customer_id is not None:
        links["customer"] = f"/customers/{quote(hit.customer_id, safe='')}"
    return links
