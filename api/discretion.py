"""What people and partners say of an order, as it may be kept.

What comes from outside in words goes through here before it reaches a history, the timeline or a
log.
"""

from typing import TypeVar

from pydantic import BaseModel

from adapters.postgres.contacts import Contacts
from api.services import Services
from domain.discretion import discreet

Told = TypeVar("Told", bound=BaseModel)

# The fields of messages in which somebody explains himself, and in which he is named.
_IN_WORDS = ("reason", "note")
_WHO = ("by", "released_by", "rejected_by", "agreed_by")


async def discreetly(services: Services, reference: str, told: Told) -> Told:
    """The same message without what it repeats, in words or as a name, of the personal data of the
    order that `reference` is about: the order's own id, or that of a part of it."""
    said = {name: getattr(told, name, None) for name in (*_IN_WORDS, *_WHO)}
    if not any(said.values()):
        return told
    unnamed = await Contacts(services.engine).of_reference(reference)
    kept = {
        name: discreet(words, unnamed, given_names=name not in _WHO)
        for name, words in said.items()
        if words
    }
    return told.model_copy(update=kept)
