"""HTTP clients of what the tests run on loopback."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from ssl import SSLContext

# It trusts nobody, and nothing on loopback speaks TLS. A client that is given none reads all
# certificates of the system first, which takes 34 ms.
_NO_TLS: SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def plain_http(**options: Any) -> httpx.AsyncClient:
    """Make a client for plain HTTP, which takes no proxy, with these options of httpx's."""
    return httpx.AsyncClient(verify=_NO_TLS, trust_env=False, **options)
