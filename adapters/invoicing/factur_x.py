"""Documents as Factur-X: a PDF/A-3 that people read, with the same as CII that machines read."""

from functools import cache
from io import BytesIO

from facturx import generate_from_binary
from PIL import ImageCms
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from adapters.invoicing.page import draw
from adapters.invoicing.xml import cii
from domain.invoicing import Document
from domain.invoicing.words import say

_COLOURS = "sRGB IEC61966-2.1"


def factur_x(document: Document) -> bytes:
    """A document as Factur-X, profile EN 16931."""
    title = f"{say(document.kind, document.language)} {document.number}"
    pdf: bytes = generate_from_binary(
        _with_colours(draw(document)),
        cii(document),
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        pdf_metadata={
            "author": document.seller.name,
            "title": title,
            "subject": title,
            "keywords": "Factur-X",
        },
        lang=document.language,
        # Whoever looks for what a PDF/A says of itself finds it without unpacking.
        xmp_compression=False,
    )
    return pdf


def _with_colours(pdf: bytes) -> bytes:
    """The same with its colours defined, as PDF/A requires, in the version that PDF/A-3 is of."""
    writer = PdfWriter(clone_from=BytesIO(pdf))
    writer.pdf_header = "%PDF-1.7"
    profile = StreamObject()
    profile.set_data(_srgb())
    profile[NameObject("/N")] = NumberObject(3)
    # The package has no other way to put a stream into a file; its own documentation uses this.
    in_file = writer._add_object(profile)  # noqa: SLF001
    intent = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/OutputIntent"),
            NameObject("/S"): NameObject("/GTS_PDFA1"),
            NameObject("/OutputConditionIdentifier"): TextStringObject(_COLOURS),
            NameObject("/Info"): TextStringObject(_COLOURS),
            NameObject("/DestOutputProfile"): in_file,
        }
    )
    writer.root_object[NameObject("/OutputIntents")] = ArrayObject([intent])
    coloured = BytesIO()
    writer.write(coloured)
    return coloured.getvalue()


@cache
def _srgb() -> bytes:
    profile: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile
