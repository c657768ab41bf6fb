"""Carriers over HTTP, behind one address: `/carriers/{carrier}/bookings`."""

from typing import Any

import httpx

from adapters.http import ContactsOf, Partner, nobody
from domain.ports import Booked, BookingRequest, Refused


class HttpCarriers:
    """A CarrierGateway over a client that is the caller's to close."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        timeout: httpx.Timeout,
        contacts_of: ContactsOf = nobody,
    ) -> None:
        self._partner = Partner("carrier", client, base_url, timeout, contacts_of)

    async def book(self, request: BookingRequest) -> Booked | Refused:
        """Book a service; see the port."""
        answer = await self._partner.call(
            "POST",
            "carriers",
            request.carrier,
            "bookings",
            reference=request.reference,
            body=_body(request),
        )
        return answer.expect_or_refusal(201, Booked)

    async def find(self, carrier: str, reference: str) -> Booked | Refused | None:
        """Look a booking up; see the port."""
        answer = await self._partner.call(
            "GET",
            "carriers",
            carrier,
            "bookings",
            reference=reference,
            query={"reference": reference},
        )
        if answer.is_unknown_reference:
            return None
        return answer.expect_or_refusal(200, Booked)

    async def void(self, carrier: str, reference: str) -> None:
        """Cancel a booking; see the port."""
        answer = await self._partner.call(
            "DELETE",
            "carriers",
            carrier,
            "bookings",
            reference=reference,
            query={"reference": reference},
        )
        answer.expect_status(204)


def _body(request: BookingRequest) -> dict[str, Any]:
    body = request.model_dump(mode="json", exclude={"carrier"})
    if request.collect_from is None:
        del body["collect_from"]
    return body
