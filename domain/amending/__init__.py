"""Amendments of orders: what they change, what has to be stopped for them, and both in words."""

from domain.amending.choice import Carried, Choice, Line, choose
from domain.amending.wanted import WantedLine, total_of

__all__ = ["Carried", "Choice", "Line", "WantedLine", "choose", "total_of"]
