"""Locations over HTTP, behind one address: `/warehouses/{location}/releases`."""

from typing import Literal

import httpx
from pydantic import BaseModel

from adapters.http import ContactsOf, Partner, nobody
from domain.ports import Accepted, Recalled, Refused, RelabelRequest, ReleaseRequest


class _Recall(BaseModel):
    recalled: Literal[True]


class HttpWarehouses:
    """A WarehouseGateway over a client that is the caller's to close."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        timeout: httpx.Timeout,
        contacts_of: ContactsOf = nobody,
    ) -> None:
        self._partner = Partner("warehouse", client, base_url, timeout, contacts_of)

    async def release(self, request: ReleaseRequest) -> Accepted | Refused:
        """Hand a shipment over for picking; see the port."""
        answer = await self._partner.call(
            "POST",
            "warehouses",
            request.location_id,
            "releases",
            reference=request.reference,
            body=request.model_dump(mode="json", exclude={"location_id"}),
        )
        return answer.expect_or_refusal(202, Accepted)

    async def recall(self, location_id: str, reference: str) -> Recalled | Refused:
        """Stop a shipment; see the port."""
        answer = await self._partner.call(
            "DELETE",
            "warehouses",
            location_id,
            "releases",
            reference=reference,
            query={"reference": reference},
        )
        outcome = answer.expect_or_refusal(200, _Recall)
        return outcome if isinstance(outcome, Refused) else Recalled()

    async def relabel(self, request: RelabelRequest) -> Accepted | Refused:
        """Put another label on a shipment; see the port."""
        answer = await self._partner.call(
            "PATCH",
            "warehouses",
            request.location_id,
            "releases",
            reference=request.reference,
            body=request.model_dump(mode="json", exclude={"location_id"}),
        )
        return answer.expect_or_refusal(202, Accepted)
