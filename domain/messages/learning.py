"""The messages of learning how far locations keep their word."""

from pydantic import Field

from domain.values import Stored


class Learn(Stored):
    """Learn from every outcome that is not learned yet. `half_life` is a number of shipments, as in
    `domain.reliability.learned`."""

    half_life: float = Field(default=50, gt=0)


class Learned(Stored):
    """From how many outcomes was learned, and about which locations."""

    outcomes: int = 0
    locations: tuple[str, ...] = ()
