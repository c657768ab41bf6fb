"""Which units of an order may come back, and from which of its invoices they are.

What may come back was delivered (or fetched), is on no credit note and under no other return. Units
come from the shipment that is named, else from the oldest invoices that have some left: whoever
credits them knows then what exactly was charged for them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from domain.values import Value

Why = Literal["unknown_line", "not_delivered", "too_late", "too_many"]


class Sold(Value):
    """Units of a line on one invoice. `open` of them are on no credit note and under no return;
    `had_at` is when the customer got them, None while they are under way."""

    invoice_id: str
    shipment_id: str
    line_id: str
    sku: str
    open: int
    had_at: datetime | None


class Asked(Value):
    """Units of a line that are to come back; `reason` is for people."""

    line_id: str
    quantity: int
    reason: str = ""


class Part(Value):
    """Units of a line that come back, all of one invoice."""

    invoice_id: str
    line_id: str
    sku: str
    units: int
    reason: str = ""


class Authorised(Value):
    """What may come back, in the sequence in which it was asked for."""

    parts: tuple[Part, ...]


class Refusal(Value):
    """Why the line at `position` of what was asked for may not come back; `allowed` units of it
    may, if fewer are asked for."""

    position: int
    line_id: str
    why: Why
    allowed: int = 0


class NotReturnable(Value):
    """Nothing comes back before all that is asked for may."""

    refusals: tuple[Refusal, ...]


def authorise(
    sold: Sequence[Sold],
    asked: Sequence[Asked],
    *,
    at: datetime,
    window: timedelta | None,
    shipment_id: str | None = None,
    under_way: bool = False,
) -> Authorised | NotReturnable:
    """Decide on what is asked for at a moment. `sold` has the oldest invoice first.

    Units may come back for `window` after the customer had them, always without one. What is still
    `under_way` may come back where a carrier brings it back itself.
    """
    left = {(s.invoice_id, s.line_id): s.open for s in sold}
    parts: list[Part] = []
    refusals: list[Refusal] = []
    for position, wanted in enumerate(asked):
        of_line = [s for s in sold if s.line_id == wanted.line_id]
        there = [s for s in of_line if shipment_id in (None, s.shipment_id)]
        had = [s for s in there if under_way or s.had_at is not None]
        in_time = [s for s in had if _is_in_time(s, at, window)]
        missing = wanted.quantity
        for source in in_time:
            key = source.invoice_id, source.line_id
            units = min(missing, left[key])
            if units:
                left[key] -= units
                missing -= units
                parts.append(_part(source, units, wanted.reason))
        if missing:
            why = _why(of_line, had, in_time)
            allowed = wanted.quantity - missing
            refusals.append(
                Refusal(position=position, line_id=wanted.line_id, why=why, allowed=allowed)
            )
    if refusals:
        return NotReturnable(refusals=tuple(refusals))
    return Authorised(parts=_merged(parts))


def _is_in_time(sold: Sold, at: datetime, window: timedelta | None) -> bool:
    return window is None or sold.had_at is None or at <= sold.had_at + window


def _part(source: Sold, units: int, reason: str) -> Part:
    return Part(
        invoice_id=source.invoice_id,
        line_id=source.line_id,
        sku=source.sku,
        units=units,
        reason=reason,
    )


def _why(of_line: Sequence[Sold], had: Sequence[Sold], in_time: Sequence[Sold]) -> Why:
    if not of_line:
        return "unknown_line"
    if not had:
        return "not_delivered"
    if not in_time:
        return "too_late"
    return "too_many"


def _merged(parts: Iterable[Part]) -> tuple[Part, ...]:
    """A line may be asked for twice, for two reasons: the books have one row for it, the first
    reason stands there."""
    units: dict[tuple[str, str], int] = defaultdict(int)
    first: dict[tuple[str, str], Part] = {}
    for part in parts:
        key = part.invoice_id, part.line_id
        units[key] += part.units
        first.setdefault(key, part)
    return tuple(part.model_copy(update={"units": units[key]}) for key, part in first.items())
