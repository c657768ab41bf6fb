"""The API and the world as applications, for one test after the other.

At its first request each works out its routes, which takes as long as many a test.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import world.app
from api.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from opentelemetry.trace import TracerProvider
    from sqlalchemy.ext.asyncio import AsyncEngine
    from temporalio.client import Client

    from world.settings import Settings

_IDLE: dict[timedelta, list[FastAPI]] = {}
_IDLE_WORLDS: list[FastAPI] = []


@contextmanager
def app_on(
    engine: AsyncEngine,
    client: Client,
    task_queue: str,
    *,
    patience: timedelta = timedelta(seconds=10),
    tracing: TracerProvider | None = None,
) -> Iterator[FastAPI]:
    """The API on these connections; its routes may have served another test's."""
    app = create_app(engine, client, task_queue, patience=patience, tracing=tracing)
    if tracing is not None:
        yield app
        return
    idle = _IDLE.setdefault(patience, [])
    used = idle.pop() if idle else app
    used.state = app.state
    yield used
    idle.append(used)


@contextmanager
def world_on(settings: Settings) -> Iterator[FastAPI]:
    """The world with these settings; its routes may have served another test's."""
    app = world.app.create_app(settings)
    used = _IDLE_WORLDS.pop() if _IDLE_WORLDS else app
    # Its ledger and all that hangs on it are made when it starts to serve.
    used.router.lifespan_context = app.router.lifespan_context
    yield used
    _IDLE_WORLDS.append(used)
