"""The one place that turns what happens on the wire into what the ports promise.

    not connected, 429, 5xx                        GatewayUnavailable
    connection lost or time-out after sending      OutcomeUnknown; GatewayUnavailable for a GET
    402, 409, 422 with {"code", "reason"}          Refused, as a value
    anything else that is not foreseen             GatewayProtocolError

The text of these errors names the partner, the method and the status: never a body, which may hold
personal data. Of the words of a refusal everything is left out that names the order's recipient.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from domain.discretion import Contact, discreet
from domain.ports import GatewayProtocolError, GatewayUnavailable, OutcomeUnknown, Refused

_Model = TypeVar("_Model", bound=BaseModel)

ContactsOf = Callable[[str], Awaitable[Sequence[Contact]]]
"""Gives whom an answer about one of our references must not name."""


async def nobody(_reference: str) -> Sequence[Contact]:
    """For partners that are told of nobody."""
    return ()


_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# Of a connection that is reset while it is made uvloop keeps no socket, and anyio asks it all the
# same.
_OF_NO_SOCKET = "getpeername"
_REPLY_LOST = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
_REFUSALS = frozenset({402, 409, 422})


@dataclass(frozen=True)
class Answer:
    """A reply that is neither 429 nor 5xx. `asked` says in a few words what it replies to,
    `unnamed` are whom a refusal must not name."""

    asked: str
    status: int
    content: bytes
    unnamed: Sequence[Contact] = ()

    def expect(self, status: int, model: type[_Model]) -> _Model:
        """The body as `model`, fields it does not know ignored. Raises GatewayProtocolError."""
        self.expect_status(status)
        return self._read(model)

    def expect_status(self, status: int) -> None:
        """Where the body says nothing of use. Raises GatewayProtocolError."""
        if self.status != status:
            raise GatewayProtocolError(f"{self.asked}: unexpected status {self.status}")

    def expect_or_refusal(self, status: int, model: type[_Model]) -> _Model | Refused:
        """As `expect`, or the partner's refusal."""
        if self.status in _REFUSALS:
            refused = self._read(Refused)
            said = discreet(refused.reason, self.unnamed)
            return refused.model_copy(update={"reason": said})
        return self.expect(status, model)

    @property
    def is_unknown_reference(self) -> bool:
        """Whether the partner says that it does not know our reference.

        A bare 404 comes from a wrong address as well, and taking that for "never booked" would book
        twice: it is a GatewayProtocolError.
        """
        if self.status != 404:
            return False
        self._read(Refused)
        return True

    def _read(self, model: type[_Model]) -> _Model:
        try:
            body = _Object.model_validate_json(self.content).model_extra or {}
            known = {name: body[name] for name in model.model_fields if name in body}
            return model.model_validate(known)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "body"
            problem = f"{self.asked}: {self.status} with {where}: {first['msg']}"
        # Outside the handler: the cause would carry the body along.
        raise GatewayProtocolError(problem)


class _Object(BaseModel, extra="allow"):
    """Any JSON object."""


class Partner:
    """A system of others at `base_url`, asked over a shared client.

    `name` is what errors call it, `contacts_of` gives whom its refusals must not name. Raises
    ValueError for a base URL that is not http or https.
    """

    def __init__(
        self,
        name: str,
        client: httpx.AsyncClient,
        base_url: str,
        timeout: httpx.Timeout,
        contacts_of: ContactsOf = nobody,
    ) -> None:
        if httpx.URL(base_url).scheme not in ("http", "https"):
            raise ValueError(f"the base URL of the {name} is not an http address: {base_url}")
        self._name = name
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._contacts_of = contacts_of

    async def call(
        self,
        method: str,
        *path: str,
        reference: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Ask under our reference; `path` is in segments, each encoded here.

        Raises GatewayUnavailable, OutcomeUnknown or GatewayProtocolError.
        """
        asked = f"{self._name}, {method} {path[-1]}"
        url = "/".join((self._base_url, *(quote(segment, safe="") for segment in path)))
        try:
            response = await self._client.request(
                method,
                url,
                params=query,
                json=body,
                # A channel's reference may hold any character, a header only some.
                headers={"Idempotency-Key": quote(reference, safe=":/")},
                timeout=self._timeout,
            )
        except _NOT_SENT as error:
            raise GatewayUnavailable(f"{asked}: {type(error).__name__}") from error
        except _REPLY_LOST as error:
            lost = GatewayUnavailable if method == "GET" else OutcomeUnknown
            # The cause may repeat bytes of the reply.
            raise lost(f"{asked}: {type(error).__name__}") from None
        except httpx.DecodingError:
            raise GatewayProtocolError(f"{asked}: the reply cannot be decoded") from None
        except AttributeError as error:
            if error.name != _OF_NO_SOCKET:
                raise
            raise GatewayUnavailable(f"{asked}: reset while it was connecting") from error
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            raise GatewayUnavailable(f"{asked}: status {response.status_code}")
        is_refusal = response.status_code in _REFUSALS
        unnamed = await self._contacts_of(reference) if is_refusal else ()
        return Answer(asked, response.status_code, response.content, unnamed)
