"""Which shipments of standard orders give their stock to a critical one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """A shipment that no location has started to pick, and what it holds of each SKU."""

    shipment_id: str
    order_id: str
    location_id: str
    location_name: str
    units: Mapping[str, int]


def choose(holders: Sequence[Holder], lacking: Mapping[str, int], *, whole: bool) -> list[Holder]:
    """The first of `holders` that together have what is lacking, or as much of it as they have.

    Nobody is chosen in vain: where the `whole` is wanted and they have less, none is.
    """
    open_units = dict(lacking)
    chosen = []
    for holder in holders:
        given = [sku for sku in holder.units if open_units.get(sku, 0) > 0]
        if not given:
            continue
        chosen.append(holder)
        for sku in given:
            open_units[sku] -= holder.units[sku]
    return [] if whole and any(units > 0 for units in open_units.values()) else chosen
