"""Policies as TOML."""

import json
import re
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from domain.messages.policy import OrderPolicy
from domain.policies.book import fields_of

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_DURATION = TypeAdapter(timedelta)


def policy_toml(policy: OrderPolicy, name: str) -> str:
    """All that a policy says, as a book says it of the policy of this name."""
    key = name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    lines = [f"[policies.{key}]"]
    lines += [
        f"{field} = {toml_value(value)}"
        for field, value in fields_of(policy).items()
        if value is not None
    ]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """A value of a policy as TOML writes it; what is no limit as `"none"`."""
    match value:
        case None:
            return '"none"'
        case timedelta():
            return f'"{_DURATION.dump_python(value, mode="json")}"'
        case tuple():
            return f"[{', '.join(toml_value(item) for item in value)}]"
        case _:
            # What else there is, strings, numbers and booleans, JSON writes alike.
            return json.dumps(value, ensure_ascii=False)
