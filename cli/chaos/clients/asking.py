"""Asking as a good client does: the same body again, with pauses, until there is an answer that
says whether it is done, or patience is over."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from cli.chaos.clients.writing import ClientTally, ToldLog
from cli.chaos.shared import CampaignState
from cli.chaos.told import Kind, Told, Verdict

Body = dict[str, Any]

PATIENCE = 90.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
# Longer than the API itself waits for a workflow; what is cut or swallowed on the way ends here.
_TIMEOUT = httpx.Timeout(16.0, connect=3.0)
_AT_ONCE_ODDS = 0.04
# Taken but not through yet, or not taken now.
_NOT_NOW = frozenset({202, 408, 425, 429})
# Another amendment of the order is being decided: this one was not looked at yet.
_TRY_AGAIN = "urn:ariane:problem:being-amended"


@dataclass(frozen=True)
class Wanted:
    """A request as it is sent each time. Two with one `key` are the same."""

    kind: Kind
    key: str
    subject: str
    method: str
    path: str
    body: Body


@dataclass(frozen=True)
class Answer:
    """What is known after asking; `document` is empty where no answer came."""

    verdict: Verdict
    status: int | None = None
    document: Body = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        return self.verdict is Verdict.OK


def http_client(api_url: str, connections: int) -> httpx.AsyncClient:
    """A client of the API for so many requests at a time."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections // 4)
    return httpx.AsyncClient(base_url=api_url, timeout=_TIMEOUT, limits=limits, trust_env=False)


class Asker:
    """Asks for one client, and logs each answer."""

    def __init__(
        self,
        number: int,
        http: httpx.AsyncClient,
        log: ToldLog,
        tally: ClientTally,
        state: CampaignState,
        patience: float = PATIENCE,
    ) -> None:
        self.number = number
        self._http = http
        self._log = log
        self._tally = tally
        self._state = state
        self._patience = patience

    async def ask(self, wanted: Wanted, dice: Random) -> Answer:
        """Ask until it is known, now and then with identical requests at the same time."""
        by_chance = dice.randint(2, 5) if dice.random() < _AT_ONCE_ODDS else 1
        times = max(by_chance, self._state.at_once)
        self._tally.requests += 1
        began = self._state.now
        answers = await asyncio.gather(*(self._see_through(wanted) for _ in range(times)))
        found = _best(answers)
        if found.verdict is Verdict.UNKNOWN:
            self._tally.given_up += 1
        else:
            self._tally.slowest = max(self._tally.slowest, self._state.now - began)
        return found

    async def look(self, path: str) -> Body | None:
        """Read something, which is not logged; None where it is not there, or nobody answers."""
        try:
            answer = await self._http.get(path)
            return dict(answer.json()) if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            return None

    async def _see_through(self, wanted: Wanted) -> Answer:
        until, pause = self._state.now + self._patience, _FIRST_PAUSE
        while True:
            answer = await self._once(wanted)
            if answer.verdict is not Verdict.UNKNOWN or self._state.now + pause > until:
                return answer
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _once(self, wanted: Wanted) -> Answer:
        asked_at = self._state.now
        try:
            sent = await self._http.request(wanted.method, wanted.path, json=wanted.body)
            answer = _understood(sent)
        except (httpx.TransportError, ValueError):
            # Cut off on the way there, or on the way back.
            answer = Answer(Verdict.UNKNOWN)
        self._log.write(
            Told(
                client=self.number,
                kind=wanted.kind,
                key=wanted.key,
                subject=wanted.subject,
                body=wanted.body,
                asked_at=asked_at,
                answered_at=self._state.now,
                verdict=answer.verdict,
                status=answer.status,
                answer=answer.document,
            )
        )
        return answer


def _understood(sent: httpx.Response) -> Answer:
    document = dict(sent.json())
    status = sent.status_code
    if status in _NOT_NOW or sent.is_server_error or document.get("type") == _TRY_AGAIN:
        return Answer(Verdict.UNKNOWN, status, document)
    return Answer(Verdict.OK if sent.is_success else Verdict.REFUSED, status, document)


def _best(answers: list[Answer]) -> Answer:
    """One that says it is done, else one that says it is not, else none."""
    rank = (Verdict.OK, Verdict.REFUSED, Verdict.UNKNOWN)
    return min(answers, key=lambda answer: rank.index(answer.verdict))
