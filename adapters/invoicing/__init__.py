"""Documents as files: UBL 2.1, and Factur-X (a PDF/A-3 with the invoice as CII in it), both of the
profile EN 16931. Making one is work for the processor, tens of milliseconds: not for an event loop.
"""

from adapters.invoicing.factur_x import factur_x
from adapters.invoicing.xml import cii, ubl

__all__ = ["cii", "factur_x", "ubl"]
