"""Price lists: published in versions, and read."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from adapters.postgres.price_lists import (
    ListChangedError,
    NewPrice,
    PriceListVersion,
    StandingVersion,
    UnknownSkusError,
    list_versions,
    publish_list,
    read_list,
)
from adapters.postgres.versions import OutOfTurnError, Published, VersionChangedError
from api.fields import Parameters
from api.pricing_answers import PriceListAnswer, VersionAnswer
from api.pricing_schemas import NameOfTerms, Price, PublishPriceList
from api.problems import FieldError, ProblemError, invalid, not_found
from api.services import Services, Shared
from api.versions import conflicting, covers, out_of_turn

router = APIRouter(prefix="/price-lists", tags=["prices"])

ListInPath = Annotated[NameOfTerms, Path(examples=["retail-eur"], description="The list's id.")]


class VersionWanted(Parameters):
    version: int | None = Field(default=None, ge=1, le=10**6, description="By default the latest.")


@router.put(
    "/{list_id}",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": PriceListAnswer, "description": "Published before, the same"}},
)
async def put_price_list(
    list_id: ListInPath, body: PublishPriceList, response: Response, services: Shared
) -> PriceListAnswer:
    """Publish a version of a price list; versions never change. It counts from now on, on the days
    that it is valid.

    Safe to repeat. Another body under a version that stands, or a version out of turn, is a 409.
    """
    covers(body.valid_from, body.valid_until)
    _each_once(body)
    new = PriceListVersion(
        list_id=list_id,
        version=body.version,
        currency=body.currency,
        tax_included=body.tax == "included",
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        prices=[NewPrice(**price.model_dump()) for price in body.prices],
    )
    try:
        async with services.engine.begin() as conn:
            published = await publish_list(conn, new, datetime.now(UTC))
    except ListChangedError as error:
        raise ProblemError(HTTPStatus.CONFLICT, "list-changed", f"Price list {error}.") from error
    except UnknownSkusError as error:
        raise invalid(_unknown_skus(body, error)) from error
    except VersionChangedError as error:
        raise conflicting(error) from error
    except OutOfTurnError as error:
        raise out_of_turn(error) from error
    if published is Published.STANDS:
        response.status_code = HTTPStatus.OK
    return await _answer(services, list_id, body.version)


@router.get("/{list_id}")
async def get_price_list(
    list_id: ListInPath, services: Shared, wanted: Annotated[VersionWanted, Query()]
) -> PriceListAnswer:
    """A version of a price list with its prices."""
    return await _answer(services, list_id, wanted.version)


async def _answer(services: Services, list_id: str, version: int | None) -> PriceListAnswer:
    async with services.engine.connect() as conn:
        versions = await list_versions(conn, list_id)
        shown = [v for v in versions if version in (None, v.version)]
        if not shown:
            which = "" if version is None else f" version {version} of"
            raise not_found(f"There is no{which} price list {list_id!r}.")
        listed = await read_list(conn, list_id, shown[-1])
    return _rendered(listed, shown[-1], versions)


def _rendered(
    listed: PriceListVersion, shown: StandingVersion, versions: list[StandingVersion]
) -> PriceListAnswer:
    return PriceListAnswer(
        list_id=listed.list_id,
        version=listed.version,
        currency=listed.currency,
        tax="included" if listed.tax_included else "added",
        valid_from=listed.valid_from,
        valid_until=listed.valid_until,
        published_at=shown.published_at,
        prices=[
            Price(sku=p.sku, unit_price=p.unit_price, min_quantity=p.min_quantity)
            for p in listed.prices
        ],
        versions=[VersionAnswer.model_validate(version) for version in versions],
        links={"self": f"/price-lists/{quote(listed.list_id)}?version={listed.version}"},
    )


def _each_once(body: PublishPriceList) -> None:
    seen: set[tuple[str, int]] = set()
    for position, price in enumerate(body.prices):
        key = price.sku, price.min_quantity
        if key in seen:
            message = f"another price of {price.sku!r} is from {price.min_quantity} unit(s) on"
            raise invalid([FieldError(field=f"prices[{position}]", message=message)])
        seen.add(key)


def _unknown_skus(body: PublishPriceList, error: UnknownSkusError) -> list[FieldError]:
    return [
        FieldError(field=f"prices[{position}].sku", message=f"unknown SKU {price.sku!r}")
        for position, price in enumerate(body.prices)
        if price.sku in error.skus
    ]
