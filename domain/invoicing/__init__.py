"""Invoices and credit notes as EN 16931 means them: their values, and what they say in which of its
business terms. Files are made of them in `adapters.invoicing`."""

from domain.invoicing.pricing import LinePricing, pricing_of
from domain.invoicing.terms import business_terms
from domain.invoicing.values import (
    Document,
    DocumentKind,
    DocumentLine,
    Party,
    Preceding,
    Seller,
    VatShare,
    vat_shares,
)

__all__ = [
    "Document",
    "DocumentKind",
    "DocumentLine",
    "LinePricing",
    "Party",
    "Preceding",
    "Seller",
    "VatShare",
    "business_terms",
    "pricing_of",
    "vat_shares",
]
