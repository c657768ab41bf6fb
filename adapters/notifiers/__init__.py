"""Whatever carries words to customers."""

from adapters.notifiers.http import HttpNotifier

__all__ = ["HttpNotifier"]
