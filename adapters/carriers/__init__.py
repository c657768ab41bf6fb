"""Parcel carriers."""

from adapters.carriers.http import HttpCarriers

__all__ = ["HttpCarriers"]
