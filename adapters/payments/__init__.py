"""Payment service providers."""

from adapters.payments.http import HttpPayments

__all__ = ["HttpPayments"]
