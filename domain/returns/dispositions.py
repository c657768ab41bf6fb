"""What becomes of what came back."""

from enum import StrEnum


class Disposition(StrEnum):
    """What becomes of what came back: for sale again, set aside to be made good or sent back, or
    gone."""

    RESTOCK = "restock"
    REFURBISH = "refurbish"
    RETURN_TO_SUPPLIER = "return_to_supplier"
    SCRAP = "scrap"
