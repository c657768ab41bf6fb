"""What customers are told, by name."""

from enum import StrEnum


class Template(StrEnum):
    CONFIRMED = "confirmed"
    PROMISE_CHANGED = "promise_changed"
    BACKORDERED = "backordered"
    ALL_BACKORDERED = "all_backordered"
    REST_EXPECTED = "rest_expected"
    REST_EXPECTED_IN_PART = "rest_expected_in_part"
    ALL_EXPECTED = "all_expected"
    ALL_EXPECTED_IN_PART = "all_expected_in_part"
    EXPECTED_CHANGED = "expected_changed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REMAINDER_CANCELLED = "remainder_cancelled"
    READY_TO_COLLECT = "ready_to_collect"
    COLLECT_REMINDER = "collect_reminder"
    COLLECTED = "collected"
    COLLECTION_EXPIRED = "collection_expired"


Spoken = dict[str, tuple[str, str]]
"""A subject and a body in each language."""
