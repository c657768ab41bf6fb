"""What a cart costs, without placing an order."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from fastapi import APIRouter

from adapters.postgres.collect_points import Store
from adapters.postgres.pricing import (
    CartLine,
    Priced,
    PriceRefused,
    PricingRequest,
    price_lines,
    read_parties,
)
from api.placing import MAX_TOTAL, price_problem, store_refusals
from api.pricing_answers import QuoteAnswer, QuotedLineAnswer, Sums, VatTotal
from api.pricing_schemas import AskQuote
from api.problems import FieldError, invalid
from api.services import Shared
from domain.amounts import NOTHING, Amount

router = APIRouter(tags=["prices"])


@router.post("/quotes")
async def ask_quote(body: AskQuote, services: Shared) -> QuoteAnswer:
    """Price a cart: by the agreement that is in force for the customer on the channel, else at the
    prices that are given. An order placed now gets the same prices; nothing is kept by asking."""
    cart = _cart(body)
    at = datetime.now(UTC)
    async with services.engine.connect() as conn:
        # Each statement for itself: nothing is written, and there is nothing to end.
        await conn.execution_options(isolation_level="AUTOCOMMIT")
        parties = await read_parties(conn, body.customer_id, body.channel, body.collect_at)
        faults = list(_faults(body, parties.store))
        if not parties.customer_known:
            message = f"unknown customer {body.customer_id!r}"
            faults.append(FieldError(field="customer_id", message=message))
        if not parties.channel_known:
            message = f"unknown channel {body.channel!r}"
            faults.append(FieldError(field="channel", message=message))
        if faults:
            raise invalid(faults)
        request = PricingRequest(
            customer_id=body.customer_id,
            channel=body.channel,
            currency=body.currency,
            country=parties.store.country if parties.store else body.country or "",
            at=at,
            lines=cart,
            tax_included=None if body.tax is None else body.tax == "included",
        )
        priced = await price_lines(conn, request)
    if isinstance(priced, PriceRefused):
        raise price_problem(priced)
    return _answer(body, at, priced)


def _cart(body: AskQuote) -> list[CartLine]:
    cart = []
    seen: set[str] = set()
    for position, line in enumerate(body.lines):
        line_id = line.line_id or str(position + 1)
        if line_id in seen:
            message = f"{line_id!r} stands on another line already"
            raise invalid([FieldError(field=f"lines[{position}].line_id", message=message)])
        seen.add(line_id)
        cart.append(
            CartLine(
                line_id=line_id,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
            )
        )
    return cart


def _faults(body: AskQuote, store: Store | None) -> Iterator[FieldError]:
    if body.collect_at is not None:
        if body.country is not None:
            message = "what is fetched at a location is sent nowhere else: leave this out"
            yield FieldError(field="country", message=message)
        yield from store_refusals("collect_at", body.collect_at, store)
    elif body.country is None:
        yield FieldError(field="country", message="required, unless collect_at is given")


def _answer(body: AskQuote, at: datetime, priced: Priced) -> QuoteAnswer:
    by_rate: defaultdict[tuple[str, int], Amount] = defaultdict(lambda: NOTHING)
    total = NOTHING
    for line in priced.lines:
        by_rate[line.vat_category, line.vat_bps] += line.amount
        total += line.amount
    if total.gross > MAX_TOTAL:
        message = f"must come to at most {MAX_TOTAL} minor units"
        raise invalid([FieldError(field="lines", message=message)])
    return QuoteAnswer(
        at=at,
        customer_id=body.customer_id,
        channel=body.channel,
        tax="included" if priced.tax_included else "added",
        agreement_version=priced.agreement_version,
        valid_until=priced.valid_until,
        lines=[
            QuotedLineAnswer(
                **line.model_dump(exclude={"tax_included", "source"}),
                price_source=line.source,
                net=line.amount.net,
                vat=line.amount.vat,
                gross=line.amount.gross,
            )
            for line in priced.lines
        ],
        vat=[
            VatTotal(
                currency=body.currency,
                vat_category=category,
                vat_bps=bps,
                net=amount.net,
                vat=amount.vat,
                gross=amount.gross,
            )
            for (category, bps), amount in sorted(by_rate.items())
        ],
        total=Sums(currency=body.currency, net=total.net, vat=total.vat, gross=total.gross),
    )
