"""What the stack says when it cannot do what it was asked."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot start; the message tells a person why, and what to look at."""
