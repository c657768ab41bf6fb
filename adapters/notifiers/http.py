"""A notifier over HTTP: `/notifications`."""

import httpx

from adapters.http import Partner
from domain.ports import Message


class HttpNotifier:
    """A Notifier over a client that is the caller's to close."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, timeout: httpx.Timeout) -> None:
        self._partner = Partner("notifier", client, base_url, timeout)

    async def send(self, message: Message) -> None:
        """Hand over one message; see the port. A refusal is a GatewayProtocolError."""
        answer = await self._partner.call(
            "POST",
            "notifications",
            reference=message.reference,
            body=message.model_dump(mode="json"),
        )
        answer.expect_status(202)
