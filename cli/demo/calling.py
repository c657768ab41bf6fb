"""Calls of the API by somebody who does not give up: what gets no answer is sent again."""

import asyncio
from typing import Any

import httpx

TRIES = 8
_FIRST_PAUSE = 0.25
_TIMEOUT = 30.0


class NoAnswerError(Exception):
    """All tries ended without an answer; the message says how the last one did."""


def api_client(api_url: str, connections: int) -> httpx.AsyncClient:
    """A client for so many calls at a time."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(base_url=api_url, timeout=_TIMEOUT, limits=limits, trust_env=False)


async def call(
    client: httpx.AsyncClient, method: str, path: str, body: Any = None
) -> httpx.Response:
    """The answer, a refusal too. Raises NoAnswerError."""
    why = ""
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
        try:
            answer = await client.request(method, path, json=body)
        except httpx.TransportError as error:
            why = type(error).__name__
            continue
        if answer.is_success or answer.is_client_error:
            return answer
        why = f"{answer.status_code} {answer.reason_phrase}"
    raise NoAnswerError(f"{why}, {TRIES} times")


def problem_of(answer: httpx.Response) -> str:
    """The end of a refusal's type, such as `not-amendable`; its status if it is no problem
    document."""
    if "json" not in answer.headers.get("content-type", ""):
        return f"{answer.status_code} {answer.reason_phrase}"
    return str(answer.json()["type"]).rpartition(":")[2]
