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
    act: Callable[[AsyncConnection], Awaitable[tuple[Result, bool]]],
) -> Done[Result]:
    """Run `act` once under `source`; it gives its answer, and whether more orders wait for `skus`
    than one transaction serves. Those are served afterwards, by a repeat too: what ran first may
    have died in between.

    Raises KeyReusedError when `source` stands for another request.
    """
    here: list[tuple[Result, bool]] = []

    async def noting(conn: AsyncConnection) -> Result:
        here[:] = [await act(conn)]
        return here[0][0]

    answer = await run_once(
        engine, key=f"stock {source}", request=request, result=result, act=noting
    )
    # An attempt that another one at the same moment forestalled did nothing.
    first = bool(here) and here[0][0] is answer
    if not first or here[0][1]:
        await arrivals.serve_all(engine, skus, event_id=f"{source}:rest", at=now)
    return Done(answer, first)
