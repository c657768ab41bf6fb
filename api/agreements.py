"""Agreements with customers: published in versions, and read."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response

from adapters.postgres.agreements import (
    AgreementVersion,
    AnotherAgreementError,
    MixedTaxError,
    Party,
    UnknownNamesError,
    publish_agreement,
    read_versions,
)
from adapters.postgres.versions import OutOfTurnError, Published, VersionChangedError
from api.price_lists import VersionWanted
from api.pricing_answers import AgreementAnswer, VersionAnswer
from api.pricing_schemas import NameOfTerms, PublishAgreement
from api.problems import FieldError, ProblemError, invalid, not_found
from api.services import Services, Shared
from api.versions import conflicting, covers, out_of_turn
from domain.pricing import Agreement, Assortment, CarrierServiceRight, Discount

router = APIRouter(prefix="/agreements", tags=["prices"])

AgreementInPath = Annotated[NameOfTerms, Path(examples=["acme"], description="The agreement's id.")]


@router.put(
    "/{agreement_id}",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": AgreementAnswer, "description": "Published before, the same"}},
)
async def put_agreement(
    agreement_id: AgreementInPath, body: PublishAgreement, response: Response, services: Shared
) -> AgreementAnswer:
    """Publish a version of an agreement; versions never change, and orders keep the one they were
    priced by. It counts from now on, on the days that it is valid: the customer's for the channel,
    else the customer's for all, else the segment's.

    Safe to repeat. Another body under a version that stands, or a version out of turn, is a 409.
    """
    covers(body.valid_from, body.valid_until)
    new = _version(agreement_id, body)
    try:
        async with services.engine.begin() as conn:
            published = await publish_agreement(conn, new, datetime.now(UTC))
    except UnknownNamesError as error:
        raise invalid(
            [
                FieldError(field=field, message=f"there is no {name!r}")
                for field, name in error.fields.items()
            ]
        ) from error
    except MixedTaxError as error:
        message = f"in {error.currency}, some have the tax included and some have it added"
        raise invalid([FieldError(field="lists", message=message)]) from error
    except AnotherAgreementError as error:
        raise ProblemError(HTTPStatus.CONFLICT, "another-agreement", f"{error}.") from error
    except VersionChangedError as error:
        raise conflicting(error) from error
    except OutOfTurnError as error:
        raise out_of_turn(error) from error
    if published is Published.STANDS:
        response.status_code = HTTPStatus.OK
    return await _answer(services, agreement_id, body.version)


@router.get("/{agreement_id}")
async def get_agreement(
    agreement_id: AgreementInPath, services: Shared, wanted: Annotated[VersionWanted, Query()]
) -> AgreementAnswer:
    """A version of an agreement."""
    return await _answer(services, agreement_id, wanted.version)


def _version(agreement_id: str, body: PublishAgreement) -> AgreementVersion:
    """What the books take. Raises a 422 problem for what the fields say against each other."""
    if (body.customer_id is None) == (body.segment is None):
        message = "either a customer or a segment, and not both"
        raise invalid([FieldError(field="customer_id", message=message)])
    _each_once(body)
    terms = Agreement(
        lists=tuple(body.lists),
        discounts=tuple(Discount(**discount.model_dump()) for discount in body.discounts),
        products=Assortment(skus=tuple(body.products.skus), groups=tuple(body.products.groups))
        if body.products
        else None,
        services=None
        if body.services is None
        else tuple(CarrierServiceRight(**right.model_dump()) for right in body.services),
        **body.model_dump(include={"tolerance_bps", "deviating", "terms_days", "invoicing"}),
    )
    return AgreementVersion(
        agreement_id=agreement_id,
        version=body.version,
        party=Party(body.customer_id, body.segment, body.channel),
        terms=terms,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
    )


def _each_once(body: PublishAgreement) -> None:
    seen: set[tuple[str | None, str | None]] = set()
    for position, discount in enumerate(body.discounts):
        field = f"discounts[{position}]"
        if discount.sku is not None and discount.group is not None:
            message = "is on a sku or on a group, not on both"
            raise invalid([FieldError(field=field, message=message)])
        target = discount.sku, discount.group
        if target in seen:
            message = "another discount is on the same products"
            raise invalid([FieldError(field=field, message=message)])
        seen.add(target)
    for position, name in enumerate(body.lists):
        if name in body.lists[:position]:
            message = f"{name!r} is named already"
            raise invalid([FieldError(field=f"lists[{position}]", message=message)])


async def _answer(services: Services, agreement_id: str, version: int | None) -> AgreementAnswer:
    async with services.engine.connect() as conn:
        versions = await read_versions(conn, agreement_id)
    shown = [v for v in versions if version in (None, v.version)]
    if not shown:
        which = "" if version is None else f" version {version} of"
        raise not_found(f"There is no{which} agreement {agreement_id!r}.")
    return _rendered(shown[-1], versions)


def _rendered(shown: AgreementVersion, versions: list[AgreementVersion]) -> AgreementAnswer:
    terms = shown.terms
    return AgreementAnswer.model_validate(
        {
            **terms.model_dump(),
            "agreement_id": shown.agreement_id,
            "version": shown.version,
            "agreement_version": f"{shown.agreement_id}/{shown.version}",
            "customer_id": shown.party.customer_id,
            "segment": shown.party.segment,
            "channel": shown.party.channel,
            "valid_from": shown.valid_from,
            "valid_until": shown.valid_until,
            "published_at": shown.published_at,
            "versions": [VersionAnswer.model_validate(version) for version in versions],
            "links": {"self": f"/agreements/{quote(shown.agreement_id)}?version={shown.version}"},
        }
    )
