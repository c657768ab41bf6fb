"""Policies as data: a book of them, what is wrong with one, what a new one changes."""

from domain.policies.assignments import BookRow, Segment
from domain.policies.book import BookError, Finding, PolicyBook, Severity, read_book
from domain.policies.changes import (
    ActiveBook,
    Assignment,
    Change,
    changed_fields,
    changes,
    conditions,
    name_of,
)
from domain.policies.linting import Known, lint
from domain.policies.shadowing import Comparison, Comparisons, Decided, Difference, Figures
from domain.policies.toml import policy_toml

__all__ = [
    "ActiveBook",
    "Assignment",
    "BookError",
    "BookRow",
    "Change",
    "Comparison",
    "Comparisons",
    "Decided",
    "Difference",
    "Figures",
    "Finding",
    "Known",
    "PolicyBook",
    "Segment",
    "Severity",
    "changed_fields",
    "changes",
    "conditions",
    "lint",
    "name_of",
    "policy_toml",
    "read_book",
]
