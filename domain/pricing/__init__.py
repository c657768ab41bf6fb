"""What a cart costs a customer: agreements, price lists and value added tax, as pure functions."""

from domain.pricing.agreements import (
    Agreement,
    Assortment,
    CarrierServiceRight,
    Deviating,
    Discount,
    Invoicing,
    ListedPrice,
    PriceList,
    Segment,
)
from domain.pricing.cart import (
    AgreementInForce,
    CartLine,
    Grounds,
    Priced,
    PricedLine,
    PriceFault,
    PriceRefused,
    PriceSource,
    ProductFacts,
)
from domain.pricing.engine import price
from domain.pricing.vat import STANDARD, Rate, VatTerms, vat_terms

__all__ = [
    "STANDARD",
    "Agreement",
    "AgreementInForce",
    "Assortment",
    "CarrierServiceRight",
    "CartLine",
    "Deviating",
    "Discount",
    "Grounds",
    "Invoicing",
    "ListedPrice",
    "PriceFault",
    "PriceList",
    "PriceRefused",
    "PriceSource",
    "Priced",
    "PricedLine",
    "ProductFacts",
    "Rate",
    "Segment",
    "VatTerms",
    "price",
    "vat_terms",
]
