"""A command on stock: done once, and those that wait get what it brings, all of them."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import arrivals
from adapters.postgres.commands import run_once

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """`first` when this call did it, and not an earlier one."""

    answer: Result
    first: bool


async def run_stock_command(
    engine: AsyncEngine,
    *,
    source: str,
    request: BaseModel,
    result: TypeAdapter[Result],
    skus: Collection[str],
    now: datetime,
    act: Callable[[AsyncConnection], Awaitable[Result]],
) -> Done[Result]:
    """Run `act` once under `source`, and give what it leaves of `skus` to those that wait for them.

    `act` serves those that it finds waiting. More may wait than one transaction serves, or have
    begun to since it looked: they are served afterwards, by a repeat too, as what ran first may
    have died in between. Raises KeyReusedError when `source` stands for another request.
    """
    here: list[Result] = []

    async def noting(conn: AsyncConnection) -> Result:
        here[:] = [await act(conn)]
        return here[0]

    answer = await run_once(
        engine, key=f"stock {source}", request=request, result=result, act=noting
    )
    event_id = f"{source}:rest:{now.isoformat()}"
    await arrivals.serve_all(engine, skus, event_id=event_id, at=now)
    # An attempt that another one at the same moment forestalled did nothing.
    return Done(answer, first=bool(here) and here[0] is answer)
