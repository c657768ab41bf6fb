"""The lines of an order as somebody wants them: checked, and at their prices."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.amendable import Present, PresentLine, read_goods
from adapters.postgres.pricing import CartLine, PriceRefused, PricingRequest, price_lines
from api.placing import MAX_WEIGHT_GRAMS, price_problem
from api.problems import FieldError, invalid
from domain.amending import WantedLine
from domain.pricing import PricedLine, PriceSource


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A line as somebody wants it. `unit_price` is None for the price that it has, or else for the
    agreed one."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int | None = None


def fewer(present: Present, less: Mapping[str, int]) -> list[AskedLine]:
    """The lines of an order without so many units of them, by their ids. Raises a 422 problem for a
    line that there is not, or of which there are not so many."""
    known = {line.line_id: line.agreed for line in present.lines}
    faults = [
        FieldError(field=f"lines[{position}]", message=_too_many(line_id, known.get(line_id)))
        for position, (line_id, units) in enumerate(less.items())
        if units > known.get(line_id, 0)
    ]
    if faults:
        raise invalid(faults)
    return [
        AskedLine(line.line_id, line.sku, line.agreed - less.get(line.line_id, 0))
        for line in present.lines
        if line.agreed
    ]


def _too_many(line_id: str, units: int | None) -> str:
    if units is None:
        return f"there is no line {line_id!r}"
    return f"line {line_id!r} is of {units} unit(s)"


async def wanted_lines(
    conn: AsyncConnection,
    present: Present,
    asked: Sequence[AskedLine] | None,
    country: str,
    *,
    as_priced: bool,
) -> list[WantedLine]:
    """The lines that are asked for, those that the order has if none are; `as_priced` keeps the
    prices that they have, else they are priced for the country where they are handed over. Raises a
    422 problem for what cannot be, naming the field."""
    asked = _as_now(present) if asked is None else asked
    goods = await read_goods(conn, (line.sku for line in asked))
    faults = list(_faults(present, asked, goods))
    if faults:
        raise invalid(faults)
    known = {line.line_id: line for line in present.lines}
    if as_priced:
        return [known[line.line_id].as_wanted(line.quantity) for line in asked]
    priced = await price_lines(conn, _cart(present, asked, country))
    if isinstance(priced, PriceRefused):
        raise price_problem(priced)
    last = max((line.position for line in present.lines), default=0)
    lines = []
    for sent, line in zip(asked, priced.lines, strict=True):
        was = known.get(sent.line_id)
        if was is None:
            last += 1
            lines.append(_at(line, last))
        elif was.invoiced and sent.unit_price is None:
            # What was invoiced and what is to be are one line, of one price.
            lines.append(was.as_wanted(sent.quantity))
        else:
            lines.append(_at(line, was.position))
    return lines


def _at(line: PricedLine, position: int) -> WantedLine:
    return WantedLine(
        position=position,
        price_source=line.source,
        **line.model_dump(include=set(WantedLine.model_fields) - {"position", "price_source"}),
    )


def _as_now(present: Present) -> list[AskedLine]:
    return [AskedLine(line.line_id, line.sku, line.agreed) for line in present.lines if line.agreed]


def _cart(present: Present, asked: Sequence[AskedLine], country: str) -> PricingRequest:
    """Priced as on the day when it was placed: the same lines come to the same again."""
    known = {line.line_id: line for line in present.lines}
    return PricingRequest(
        customer_id=present.customer_id,
        channel=present.channel,
        currency=present.currency,
        country=country,
        at=present.ordered_at,
        lines=[
            CartLine(
                line_id=line.line_id,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=_named_price(line, known.get(line.line_id)),
            )
            for line in asked
        ],
        agreement_version=present.agreement_version,
        as_agreed=True,
        tax_included=present.tax_included,
    )


def _named_price(asked: AskedLine, was: PresentLine | None) -> int | None:
    if asked.unit_price is not None or was is None:
        return asked.unit_price
    return was.unit_price if was.price_source is PriceSource.CHANNEL else None


def _faults(
    present: Present, asked: Sequence[AskedLine], goods: dict[str, int]
) -> Iterator[FieldError]:
    known = {line.line_id: line.sku for line in present.lines}
    seen: set[str] = set()
    for position, line in enumerate(asked):
        if line.line_id in seen:
            message = f"{line.line_id!r} stands on another line already"
            yield FieldError(field=f"lines[{position}].line_id", message=message)
        seen.add(line.line_id)
        if known.get(line.line_id, line.sku) != line.sku:
            message = f"line {line.line_id!r} is of SKU {known[line.line_id]!r}"
            yield FieldError(field=f"lines[{position}].sku", message=message)
        elif line.sku not in goods:
            message = f"unknown SKU {line.sku!r}"
            yield FieldError(field=f"lines[{position}].sku", message=message)
    if not any(line.quantity for line in asked):
        message = "must leave something of the order: cancel it instead"
        yield FieldError(field="lines", message=message)
    if sum(goods.get(line.sku, 0) * line.quantity for line in asked) > MAX_WEIGHT_GRAMS:
        tonnes = MAX_WEIGHT_GRAMS // 10**6
        yield FieldError(field="lines", message=f"must weigh at most {tonnes} t together")
