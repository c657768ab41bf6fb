"""A house for each test: its own database, world, task queue, worker and API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.house import House, open_house
from world.behaviour import Behaviour

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from cli.stack import TemporalServer


@pytest.fixture
async def house(
    database_url: str, temporal_server: TemporalServer, tmp_path: Path
) -> AsyncIterator[House]:
    async with open_house(database_url, temporal_server.address, tmp_path, Behaviour()) as opened:
        yield opened
