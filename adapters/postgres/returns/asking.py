"""What people and channels ask for about returns: commands, each once under its sender's key."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.commands import run_once
from adapters.postgres.places import check_skus, known_channels, read_location
from adapters.postgres.returns.exchanging import unpriced
from adapters.postgres.returns.opening import NewReturn, lock_order, open_return
from domain.messages.returns import Resolution, ReturnOrigin
from domain.returns import Asked, NotReturnable, Refusal

_ID = TypeAdapter(str)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ExchangeLine(_Frozen):
    """Units that the customer wants instead."""

    sku: str
    quantity: int
    unit_price: int | None = None


class AskReturn(_Frozen):
    """A return as it is asked for; `key` names this one request to its sender. What is `brought` to
    a store needs no label, and goes no further; `states` are then the grade and the disposition of
    each line."""

    order_id: str
    key: str
    by: str
    lines: tuple[Asked, ...]
    channel: str | None
    shipment_id: str | None
    resolution: Resolution
    return_to: str | None
    brought: bool
    exchange_lines: tuple[ExchangeLine, ...] = ()
    states: tuple[tuple[str | None, str | None], ...] = ()


class UnknownOrder(LookupError):
    """There is no order of this id."""


class UnknownChannelNamed(LookupError):
    """There is no channel of this code."""


@dataclass(frozen=True, slots=True)
class Opened:
    """`first` when this call opened it, and not an earlier one."""

    return_id: str
    first: bool


class NotReturnableError(Exception):
    """Some of what is asked for may not come back."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__(", ".join(refusal.why for refusal in refusals))
        self.refusals = refusals


class NoPriceError(Exception):
    """Something that is wanted in exchange has no price."""


async def ask_return(engine: AsyncEngine, asked: AskReturn, now: datetime) -> Opened:
    """Open a return, once under its key.

    Raises UnknownOrder, UnknownLocation, UnknownChannelNamed, NotReturnableError, of what is wanted
    in exchange UnknownSkus and NoPriceError, and KeyReusedError when the key stands for another
    request.
    """
    here: list[str] = []

    async def act(conn: AsyncConnection) -> str:
        here[:] = [await _open(conn, asked, now)]
        return here[0]

    opened = await run_once(
        engine, key=f"return/{asked.order_id}/{asked.key}", request=asked, result=_ID, act=act
    )
    return Opened(opened, first=here == [opened])


async def _open(conn: AsyncConnection, asked: AskReturn, now: datetime) -> str:
    if asked.return_to is not None:
        await read_location(conn, asked.return_to)
    if asked.channel is not None and not await known_channels(conn, {asked.channel}):
        raise UnknownChannelNamed(asked.channel)
    await check_skus(conn, {line.sku for line in asked.exchange_lines})
    if not await lock_order(conn, asked.order_id):
        raise UnknownOrder(asked.order_id)
    opened = await open_return(
        conn,
        NewReturn(
            order_id=asked.order_id,
            origin=ReturnOrigin.STORE if asked.brought else ReturnOrigin.CUSTOMER,
            by=asked.by,
            lines=asked.lines,
            channel=asked.channel,
            resolution=asked.resolution,
            return_to=asked.return_to,
            shipment_id=asked.shipment_id,
            exchange_lines=[line.model_dump() for line in asked.exchange_lines],
        ),
        now,
    )
    if isinstance(opened, NotReturnable):
        raise NotReturnableError(opened.refusals)
    if asked.exchange_lines:
        wanted = [(line.sku, line.quantity, line.unit_price) for line in asked.exchange_lines]
        why = await unpriced(conn, opened, wanted, now)
        if why is not None:
            raise NoPriceError(why)
    return opened
