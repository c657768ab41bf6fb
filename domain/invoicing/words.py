"""The words of invoices and credit notes, in the languages that Ariane speaks."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "invoice": {"en": "Invoice", "fr": "Facture"},
    "credit_note": {"en": "Credit note", "fr": "Avoir"},
    "number": {"en": "Number", "fr": "Numéro"},
    "issued_on": {"en": "Date", "fr": "Date"},
    "due_on": {"en": "Due", "fr": "Échéance"},
    "delivered_on": {"en": "Dispatched", "fr": "Expédition"},
    "period": {"en": "Period", "fr": "Période"},
    "orders": {"en": "Order", "fr": "Commande"},
    "preceding": {"en": "Corrects invoice", "fr": "Corrige la facture"},
    "seller": {"en": "From", "fr": "Vendeur"},
    "buyer": {"en": "Billed to", "fr": "Client"},
    "deliver_to": {"en": "Delivered to", "fr": "Livré à"},
    "vat_id": {"en": "VAT number {id}", "fr": "N° TVA {id}"},
    "legal_id": {"en": "Registered as {id}", "fr": "SIREN {id}"},
    "item": {"en": "Item", "fr": "Article"},
    "quantity": {"en": "Quantity", "fr": "Quantité"},
    "price": {"en": "Price excl. VAT", "fr": "Prix HT"},
    "for_units": {"en": "for {units}", "fr": "pour {units}"},
    "discount": {"en": "Discount", "fr": "Remise"},
    "rate": {"en": "VAT", "fr": "TVA"},
    "net": {"en": "Net", "fr": "Total HT"},
    "taxable": {"en": "Taxable", "fr": "Base HT"},
    "vat": {"en": "VAT amount", "fr": "Montant TVA"},
    "gross": {"en": "Total incl. VAT", "fr": "Total TTC"},
    "prepaid": {"en": "Already paid", "fr": "Déjà réglé"},
    "payable": {"en": "To pay", "fr": "Net à payer"},
    "credited": {"en": "Credited to you", "fr": "À votre crédit"},
    "iban": {
        "en": "Pay to IBAN {iban}, quoting {number}.",
        "fr": "Virement à l'IBAN {iban}, en indiquant {number}.",
    },
    "page": {"en": "{number}, page {page}", "fr": "{number}, page {page}"},
    "terms.days": {
        "en": "Payable within {days} days of the invoice's date.",
        "fr": "Payable à {days} jours de la date de facture.",
    },
    "terms.at_once": {"en": "Payable on receipt.", "fr": "Payable à réception."},
    "terms.paid": {"en": "Paid.", "fr": "Acquittée."},
    "terms.credit": {
        "en": "Refunded to what it was paid with, or set against your account.",
        "fr": "Remboursé par le moyen de paiement d'origine, ou porté à votre compte.",
    },
    "line.order": {"en": "Order {reference}", "fr": "Commande {reference}"},
    "line.discount": {"en": "Discount", "fr": "Remise"},
    "line.deducted": {
        "en": "Less for the state it came back in",
        "fr": "Moins-value selon l'état au retour",
    },
    "exempt.E": {"en": "Exempt from VAT", "fr": "Exonéré de TVA"},
    "exempt.K": {
        "en": "Intra-Community supply, exempt from VAT (article 138 of Directive 2006/112/EC)",
        "fr": "Livraison intracommunautaire exonérée (article 262 ter I du CGI)",
    },
    "exempt.G": {
        "en": "Export outside the EU, exempt from VAT (article 146 of Directive 2006/112/EC)",
        "fr": "Exportation hors UE exonérée (article 262 I du CGI)",
    },
    "exempt.AE": {"en": "Reverse charge", "fr": "Autoliquidation"},
    "exempt.O": {"en": "Not subject to VAT", "fr": "Non soumis à la TVA"},
    # What a French company's invoice must say, by the code of its subject (UNTDID 4451): article
    # L441-9 of the Code de commerce, with the amount of D441-5 and the least rate of L441-10.
    "note.PMD": {
        "en": "Late payment bears interest at three times the French legal rate.",
        "fr": "Tout retard de paiement entraîne des pénalités au taux de trois fois l'intérêt "
        "légal.",
    },
    "note.PMT": {
        "en": "Late payment by a business also costs a lump sum of EUR 40 for recovery.",
        "fr": "Tout retard de paiement d'un professionnel entraîne une indemnité forfaitaire de "
        "40 EUR pour frais de recouvrement.",
    },
    "note.AAB": {
        "en": "No discount for early payment.",
        "fr": "Pas d'escompte pour paiement anticipé.",
    },
}
"""Each text in each language; `{names}` are filled in."""

FRENCH_NOTES: Final = ("PMT", "PMD", "AAB")
"""The subjects of the notes that a French seller's documents bear."""


def say(name: str, language: str, **details: object) -> str:
    """A text of `WORDS`, filled in."""
    return WORDS[name][language].format(**details)
