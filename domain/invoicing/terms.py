"""What a document says in which business term of EN 16931 (BT-1 and following).

The names of the terms, and those of the parts of a party, are those that the package `factur-x`
makes UBL and CII from.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from domain.invoicing.pricing import decimals, pricing_of
from domain.invoicing.values import Document, DocumentKind, DocumentLine, Party, VatShare
from domain.invoicing.words import FRENCH_NOTES, say
from domain.wording import exponent_of

# UNTDID 1001, 4461, 5189; UN/ECE Recommendation 20.
_TYPE_CODES: Final = {DocumentKind.INVOICE: "380", DocumentKind.CREDIT_NOTE: "381"}
_SEPA_TRANSFER, _TRANSFER = "58", "30"
_DISCOUNT = "95"
_PIECE = "C62"
# Of the VATEX code list of EN 16931.
_EXEMPTION_CODES: Final = {
    "AE": "VATEX-EU-AE",
    "G": "VATEX-EU-G",
    "K": "VATEX-EU-IC",
    "O": "VATEX-EU-O",
}
_EXEMPT: Final = (*_EXEMPTION_CODES, "E")
_UNTAXED: Final = "O"
# ISO 6523: SIREN, and a SIREN as an address in the French directory of recipients.
_SIREN, _FRENCH_ADDRESS = "0002", "0225"
_SIREN_DIGITS = 9
# The frames of the French reform: goods, to be paid or paid already.
_GOODS, _GOODS_PAID = "B1", "B2"


def business_terms(document: Document) -> dict[str, Any]:
    """A document's business terms; amounts and prices are decimal strings. A fresh value each time:
    the package changes what it is given."""
    total = document.total
    amount = _Amounts(document.currency)
    terms: dict[str, Any] = {
        "BT-1": document.number,
        "BT-2": document.issued_on,
        "BT-3": _TYPE_CODES[document.kind],
        "BT-5": document.currency,
        "BT-9": document.due_on,
        "BT-20": payment_terms(document),
        "BT-72": document.delivered_on,
        "BG-3": [{"BT-25": p.number, "BT-26": p.issued_on} for p in document.preceding],
        "BG-4": _party(document.seller),
        "BG-7": _party(document.buyer),
        "BG-23": [_vat_share(share, document.language, amount) for share in document.vat],
        "BG-25": [
            _line(position, line, document, amount)
            for position, line in enumerate(document.lines, start=1)
        ],
        "BT-106": amount.of(total.net),
        "BT-109": amount.of(total.net),
        "BT-110": amount.of(total.vat),
        "BT-112": amount.of(total.gross),
        "BT-113": amount.of(document.prepaid) if document.prepaid else None,
        "BT-115": amount.of(document.payable),
    }
    if document.period is not None:
        terms["BT-73"], terms["BT-74"] = document.period
    if len(document.orders) == 1:
        [(terms["BT-14"], terms["BT-13"])] = document.orders
    if document.deliver_to is not None:
        terms["BG-13"] = _address(document.deliver_to) | {"name": document.deliver_to.name}
    terms |= dict(_payment_means(document))
    if document.seller.country == "FR":
        terms["BT-23"] = _GOODS if document.payable or not document.prepaid else _GOODS_PAID
        terms["BG-1"] = [{"BT-21": code, "BT-22": text} for code, text in legal_notes(document)]
    return terms


def payment_terms(document: Document) -> str:
    """How and when the document's amount is settled, in words."""
    if document.kind is DocumentKind.CREDIT_NOTE:
        return say("terms.credit", document.language)
    if not document.payable:
        return say("terms.paid", document.language)
    if not document.terms_days:
        return say("terms.at_once", document.language)
    return say("terms.days", document.language, days=document.terms_days)


def legal_notes(document: Document) -> tuple[tuple[str, str], ...]:
    """What the seller's law has a document say: codes of UNTDID 4451 and texts."""
    if document.seller.country != "FR":
        return ()
    return tuple((code, say(f"note.{code}", document.language)) for code in FRENCH_NOTES)


def exemption(category: str, language: str) -> str | None:
    """Why a category of VAT has no tax, in words; None where no reason is called for."""
    return say(f"exempt.{category}", language) if category in _EXEMPT else None


class _Amounts:
    """Minor units of one currency as decimal strings."""

    def __init__(self, currency: str) -> None:
        self._decimals = exponent_of(currency)

    def of(self, minor_units: int) -> str:
        return str(Decimal(minor_units).scaleb(-self._decimals))

    def price(self, minor_units: Decimal) -> str:
        return decimals(minor_units.scaleb(-self._decimals), self._decimals)


def _line(
    position: int, line: DocumentLine, document: Document, amount: _Amounts
) -> dict[str, Any]:
    pricing = pricing_of(line)
    terms: dict[str, Any] = {
        "BT-126": str(position),
        "BT-129": str(line.quantity),
        "BT-130": _PIECE,
        "BT-131": amount.of(line.amount.net),
        "BT-146": amount.price(pricing.price),
        "BT-151": line.vat_category,
        "BT-153": line.description,
        "BT-155": line.sku,
    }
    if line.vat_category != _UNTAXED:
        terms["BT-152"] = _percent(line.price.vat_bps)
    order = document.order_of(line)
    if order is not None:
        terms["BT-127-00"] = [{"BT-127": say("line.order", document.language, reference=order)}]
    if pricing.base_quantity != 1:
        terms["BT-149"] = str(pricing.base_quantity)
    if pricing.allowance:
        allowance = {
            "amount": amount.of(pricing.allowance),
            "reason": say("line.deducted" if line.deducted else "line.discount", document.language),
            "reason_code": _DISCOUNT,
        }
        if not line.deducted:
            allowance["base_amount"] = amount.of(pricing.base)
            allowance["rate"] = _percent(line.price.discount_bps)
        terms["BG-27"] = [allowance]
    return terms


def _vat_share(share: VatShare, language: str, amount: _Amounts) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "BT-116": amount.of(share.amount.net),
        "BT-117": amount.of(share.amount.vat),
        "BT-118": share.category,
    }
    if share.category != _UNTAXED:
        terms["BT-119"] = _percent(share.rate_bps)
    reason = exemption(share.category, language)
    if reason is not None:
        terms["BT-120"] = reason
    if share.category in _EXEMPTION_CODES:
        terms["BT-121"] = _EXEMPTION_CODES[share.category]
    return terms


def _party(party: Party) -> dict[str, Any]:
    known: dict[str, Any] = {"name": party.name, **_address(party)}
    if party.vat_id:
        known["vat_identifier"] = party.vat_id
    siren = _siren_of(party)
    if siren is not None:
        known |= {
            "legal_identifier": siren,
            "legal_identifier_schemeid": _SIREN,
            "einvoicing_addr": siren,
            "einvoicing_addr_schemeid": _FRENCH_ADDRESS,
        }
    elif party.legal_id:
        known["legal_identifier"] = party.legal_id
    return known


def _siren_of(party: Party) -> str | None:
    """A French company's number: its own, or the one that its VAT number ends with."""
    if party.country != "FR":
        return None
    for known in (party.legal_id or "", (party.vat_id or "")[-_SIREN_DIGITS:]):
        digits = known.replace(" ", "")
        if len(digits) == _SIREN_DIGITS and digits.isdecimal():
            return digits
    return None


def _address(party: Party) -> dict[str, Any]:
    lines = {"addr_l1": party.street, "city": party.city, "postcode": party.postal_code}
    return {name: line for name, line in lines.items() if line} | {"country_code": party.country}


def _payment_means(document: Document) -> Iterator[tuple[str, str]]:
    if document.kind is DocumentKind.INVOICE and document.payable and document.seller.iban:
        yield "BT-81", _SEPA_TRANSFER if document.currency == "EUR" else _TRANSFER
        yield "BT-83", document.number
        yield "BT-84", document.seller.iban


def _percent(bps: int) -> str:
    return f"{Decimal(bps) / 100:.2f}"
