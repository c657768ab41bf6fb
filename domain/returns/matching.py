"""Of which returns the goods are that nobody had announced."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from domain.returns.authorising import Asked, Sold
from domain.values import Value


class Awaited(Value):
    """Units of a SKU that an open return still waits for."""

    return_id: str
    sku: str
    units: int


class Matched(Value):
    """Where units go: `with_returns` that wait for them, by return and SKU; `asked` is what a
    return is to be opened for; `left`, by SKU, is nothing that the customer has of the order."""

    with_returns: dict[str, dict[str, int]]
    asked: tuple[Asked, ...]
    left: dict[str, int]


def match(
    came: Mapping[str, int],
    awaited: Sequence[Awaited],
    sold: Sequence[Sold],
    *,
    at: datetime,
    window: timedelta | None,
) -> Matched:
    """Match units by SKU: with returns in their sequence first, then with what was sold and may
    still come back. What is under way to the customer may be what came."""
    left = dict(came)
    with_returns: dict[str, dict[str, int]] = {}
    for waiting in awaited:
        taken = min(left.get(waiting.sku, 0), waiting.units)
        if taken:
            left[waiting.sku] -= taken
            units = with_returns.setdefault(waiting.return_id, {})
            units[waiting.sku] = units.get(waiting.sku, 0) + taken
    asked: dict[str, int] = {}
    for source in sold:
        late = window is not None and source.had_at is not None and at > source.had_at + window
        taken = 0 if late else min(left.get(source.sku, 0), source.open)
        if taken:
            left[source.sku] -= taken
            asked[source.line_id] = asked.get(source.line_id, 0) + taken
    return Matched(
        with_returns=with_returns,
        asked=tuple(
            Asked(line_id=line, quantity=units, reason="came unannounced")
            for line, units in asked.items()
        ),
        left={sku: units for sku, units in left.items() if units},
    )
