"""What of a stock row may still be taken, and by whom."""

from dataclasses import dataclass, field

Position = tuple[str, str]
"""A stock row's key: (sku, location id)."""


@dataclass(slots=True)
class Shelf:
    """`common` units are anybody's: on hand, less reserved, buffers, withheld and all pools. It is
    negative where pools and buffers come to more than there is. `pools` are what is left for each
    channel."""

    common: int
    pools: dict[str, int] = field(default_factory=dict)

    def available(self, channel: str) -> int:
        """Units that an order of this channel may take."""
        return max(0, self.common + self.pools.get(channel, 0))

    def take(self, order_id: str, channel: str, position: Position, units: int) -> "Earmark":
        """Take units that are available for an order, from its channel's own pool first."""
        drawn = min(units, self.pools.get(channel, 0))
        if drawn:
            self.pools[channel] -= drawn
        self.common -= units - drawn
        return Earmark(order_id, channel, position, units, drawn)


@dataclass(frozen=True, slots=True)
class Earmark:
    """Units of a position that an order gets; `drawn` of them come from its channel's pool."""

    order_id: str
    channel: str
    position: Position
    units: int
    drawn: int = 0
