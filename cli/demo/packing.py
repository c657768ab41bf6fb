"""How large a product's box may be, where only its weight is known."""

from random import Random

# Kilograms of a litre: from what is mostly air to metal.
_DENSITY = (0.12, 2.5)
# A box is so much longer than a cube of its volume.
_OBLONG = (1.1, 2.2)


def packed(dice: Random, weight_grams: int) -> tuple[int, int]:
    """A volume in cubic centimetres and a longest side in millimetres."""
    volume = max(1, round(weight_grams / dice.uniform(*_DENSITY)))
    longest = round(10 * volume ** (1 / 3) * dice.uniform(*_OBLONG))
    return volume, longest
