"""Locations that fulfil."""

from adapters.warehouses.http import HttpWarehouses

__all__ = ["HttpWarehouses"]
