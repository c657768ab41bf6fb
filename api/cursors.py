"""Where a page of a list ends, in a form that is only to be given back."""

import base64
import binascii
import json
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from api.problems import FieldError, invalid

Place = TypeVar("Place")


def cursor_at(place: object) -> str:
    """A cursor for a place that JSON can say."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(cursor: str, kind: TypeAdapter[Place]) -> Place:
    """The place that a cursor was made of. Raises a 422 problem for one that is not ours."""
    try:
        content = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        return kind.validate_json(content)
    except (UnicodeError, binascii.Error, ValidationError) as error:
        message = "is not one that `next` gave"
        raise invalid([FieldError(field="cursor", message=message)]) from error


def page_links(request: Request, following: str | None) -> dict[str, str]:
    """Links to this page and the next one."""
    links = {"self": str(request.url.replace(scheme="", netloc=""))}
    if following is not None:
        asked = [(name, value) for name, value in request.query_params.multi_items()]
        kept = [(name, value) for name, value in asked if name != "cursor"]
        links["next"] = f"{request.url.path}?{urlencode([*kept, ('cursor', following)])}"
    return links
