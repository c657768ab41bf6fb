"""A payment service provider over HTTP: `/payments/authorisations` and `/payments/captures`."""

import httpx

from adapters.http import Partner
from domain.ports import AuthorisationRequest, Authorised, Captured, Refused


class HttpPayments:
    """A PaymentGateway over a client that is the caller's to close."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, timeout: httpx.Timeout) -> None:
        self._partner = Partner("payment provider", client, base_url, timeout)

    async def authorise(self, request: AuthorisationRequest) -> Authorised | Refused:
        """Block an amount; see the port."""
        answer = await self._partner.call(
            "POST",
            "payments",
            "authorisations",
            reference=request.reference,
            body=request.model_dump(mode="json"),
        )
        return answer.expect_or_refusal(201, Authorised)

    async def find(self, reference: str) -> Authorised | Refused | None:
        """Look an authorisation up; see the port."""
        answer = await self._partner.call(
            "GET",
            "payments",
            "authorisations",
            reference=reference,
            query={"reference": reference},
        )
        if answer.is_unknown_reference:
            return None
        return answer.expect_or_refusal(200, Authorised)

    async def capture(
        self, authorisation_reference: str, reference: str, amount: int
    ) -> Captured | Refused:
        """Take part of an authorised amount; see the port."""
        answer = await self._partner.call(
            "POST",
            "payments",
            "captures",
            reference=reference,
            body={
                "reference": reference,
                "authorisation_reference": authorisation_reference,
                "amount": amount,
            },
        )
        return answer.expect_or_refusal(201, Captured)

    async def void(self, reference: str) -> None:
        """Give back what is authorised and not captured; see the port."""
        answer = await self._partner.call(
            "DELETE",
            "payments",
            "authorisations",
            reference=reference,
            query={"reference": reference},
        )
        answer.expect_status(204)
