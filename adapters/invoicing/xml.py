"""Documents as XML, by the package `factur-x` from their business terms."""

from threading import Lock

from facturx import generate_cii_xml, generate_ubl_xml

from domain.invoicing import Document, business_terms

_LEVEL = "en16931"
# The package changes its own tables of fields while it works.
_ONE_AT_A_TIME = Lock()


def ubl(document: Document) -> bytes:
    """A document as UBL 2.1: an Invoice, or a CreditNote."""
    with _ONE_AT_A_TIME:
        xml: bytes = generate_ubl_xml(
            business_terms(document), level=_LEVEL, check_xsd=False, check_schematron=None
        )
    return xml


def cii(document: Document) -> bytes:
    """A document as UN/CEFACT Cross Industry Invoice, as Factur-X has it."""
    with _ONE_AT_A_TIME:
        xml: bytes = generate_cii_xml(
            business_terms(document), level=_LEVEL, check_xsd=False, check_schematron=None
        )
    return xml
