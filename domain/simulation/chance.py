"""Chance that depends on a seed and a name, and on nothing that was drawn before.

What happens to an order at a location is drawn by their names. So it happens under every policy
that sends this order from there, whatever else that policy does: policies are compared under the
same luck (common random numbers), and their difference is not drowned by it.
"""

from hashlib import blake2b
from math import log

_BITS = 53  # of a float's mantissa: no draw is rounded up to 1


class Chance:
    """Draws by name, the same for the same seed on every machine."""

    def __init__(self, seed: int) -> None:
        self._key = blake2b(str(seed).encode(), digest_size=32).digest()

    def draw(self, *name: str | int) -> float:
        """A number from 0 up to but not including 1, evenly spread."""
        text = "\x1f".join(map(str, name)).encode()
        digest = blake2b(text, digest_size=8, key=self._key).digest()
        return (int.from_bytes(digest, "big") >> (64 - _BITS)) / float(1 << _BITS)

    def between(self, low: float, high: float, *name: str | int) -> float:
        return low + (high - low) * self.draw(*name)

    def whole(self, low: int, high: int, *name: str | int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.draw(*name) * (high - low + 1))

    def wait(self, mean: float, *name: str | int) -> float:
        """The time to the next of events that come independently, one in `mean` on average."""
        return -mean * log(1.0 - self.draw(*name))
