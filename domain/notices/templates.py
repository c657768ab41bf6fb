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
    AMENDED = "amended"
    LINES_CANCELLED = "lines_cancelled"
    CANCELLED_IN_PART = "cancelled_in_part"
    CANCELLED_TOO_LATE = "cancelled_too_late"
    READY_TO_COLLECT = "ready_to_collect"
    COLLECT_REMINDER = "collect_reminder"
    COLLECTED = "collected"
    COLLECTION_EXPIRED = "collection_expired"
    RETURN_LABEL = "return_label"
    RETURN_WITHOUT_LABEL = "return_without_label"
    RETURN_RECEIVED = "return_received"
    RETURN_REFUNDED = "return_refunded"
    RETURN_NOT_REFUNDED = "return_not_refunded"
    RETURN_EXPIRED = "return_expired"


Spoken = dict[str, tuple[str, str]]
"""A subject and a body in each language."""
