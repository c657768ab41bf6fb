"""A payment service provider over HTTP: `/payments/authorisations`, `/captures`, `/refunds`."""

from typing import TypeVar

import httpx
from pydantic import BaseModel

from adapters.http import ContactsOf, Partner, nobody
from domain.ports import AuthorisationRequest, Authorised, Captured, Refunded, Refused

_Model = TypeVar("_Model", bound=BaseModel)


class HttpPayments:
    """A PaymentGateway over a client that is the caller's to close."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        timeout: httpx.Timeout,
        contacts_of: ContactsOf = nobody,
    ) -> None:
        self._partner = Partner("payment provider", client, base_url, timeout, contacts_of)

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
        return await self._find("authorisations", reference, Authorised)

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

    async def find_capture(self, reference: str) -> Captured | Refused | None:
        """Look a capture up; see the port."""
        return await self._find("captures", reference, Captured)

    async def void(self, reference: str, keep: int = 0) -> None:
        """Give back what is authorised beyond `keep` and not captured; see the port."""
        answer = await self._partner.call(
            "DELETE",
            "payments",
            "authorisations",
            reference=reference,
            query={"reference": reference, "keep": str(keep)},
        )
        answer.expect_status(204)

    async def refund(
        self, capture_reference: str, reference: str, amount: int
    ) -> Refunded | Refused:
        """Give back part of what was captured; see the port."""
        answer = await self._partner.call(
            "POST",
            "payments",
            "refunds",
            reference=reference,
            body={
                "reference": reference,
                "capture_reference": capture_reference,
                "amount": amount,
            },
        )
        return answer.expect_or_refusal(201, Refunded)

    async def find_refund(self, reference: str) -> Refunded | Refused | None:
        """Look a refund up; see the port."""
        return await self._find("refunds", reference, Refunded)

    async def _find(
        self, kind: str, reference: str, model: type[_Model]
    ) -> _Model | Refused | None:
        answer = await self._partner.call(
            "GET", "payments", kind, reference=reference, query={"reference": reference}
        )
        if answer.is_unknown_reference:
            return None
        return answer.expect_or_refusal(200, model)
