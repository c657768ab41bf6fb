"""Decisions that look further than the one order in hand."""
