"""Closing a location of a house, and opening it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from tests.support.house import House


async def close(house: House, location: str, reason: str = "a flood") -> dict[str, Any]:
    """Close it under an id of its own; gives the API's answer."""
    return await _command(house, location, "closure", reason=reason)


async def open_again(house: House, location: str) -> dict[str, Any]:
    return await _command(house, location, "opening")


async def _command(house: House, location: str, what: str, **body: str) -> dict[str, Any]:
    body = {"id": uuid4().hex, "by": "Paul", **body}
    response = await house.api.post(f"/locations/{location}/{what}", json=body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer
