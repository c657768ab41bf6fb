"""Intervals over seeds, and trials of several rules under the same luck."""

from __future__ import annotations

from dataclasses import replace
from math import gamma, pi, sqrt
from statistics import fmean, stdev

import pytest

from domain.simulation import Disruptions
from domain.simulation.chance import Chance
from domain.simulation.statistics import estimate, paired
from domain.simulation.trial import compare
from tests.support.simulations import DAY, FAR, MONDAY, NEAR, order, place, rule, scenario


def _within(quantile: float, freedom: int, steps: int = 4000) -> float:
    """The share of Student's t distribution between -quantile and quantile, by Simpson's rule."""
    scale = gamma((freedom + 1) / 2) / (sqrt(freedom * pi) * gamma(freedom / 2))
    width = quantile / steps
    total = 0.0
    for step in range(steps + 1):
        weight = 1 if step in (0, steps) else 4 if step % 2 else 2
        total += weight * (1 + (step * width) ** 2 / freedom) ** (-(freedom + 1) / 2)
    return 2 * scale * total * width / 3


@pytest.mark.parametrize("count", [2, 3, 5, 10, 20, 31, 32, 60, 200])
def test_the_interval_is_students(count: int) -> None:
    values = [float(number * number % 7) for number in range(count)]
    measured = estimate(values)
    assert measured.mean == fmean(values)
    assert measured.margin is not None
    quantile = measured.margin * sqrt(count) / stdev(values)
    assert _within(quantile, count - 1) == pytest.approx(0.95, abs=2e-5)


def test_one_measurement_has_no_interval_and_is_never_clear() -> None:
    measured = estimate([3.0])
    assert (measured.mean, measured.margin, measured.is_clear) == (3.0, None, False)


def test_a_difference_that_is_always_the_same_is_clear_whatever_the_luck() -> None:
    luck = [10.0, 500.0, 90.0]
    assert not estimate([value + 1 for value in luck]).is_clear
    difference = paired([value + 1 for value in luck], luck)
    assert (difference.mean, difference.margin, difference.is_clear) == (1.0, 0.0, True)


def test_draws_are_even_and_depend_on_seed_and_name_alone() -> None:
    chance = Chance(7)
    draws = [chance.draw("a", number) for number in range(4000)]
    assert all(0 <= drawn < 1 for drawn in draws)
    assert fmean(draws) == pytest.approx(0.5, abs=0.02)
    assert Chance(7).draw("a", 3) == draws[3]
    assert Chance(8).draw("a", 3) != draws[3]
    assert {chance.whole(1, 3, number) for number in range(60)} == {1, 2, 3}
    # Names are told apart by their parts, not by what these make together.
    assert chance.draw("a", "bc") != chance.draw("ab", "c")


def test_rules_are_compared_under_the_same_luck() -> None:
    orders = [order(n, MONDAY + n * DAY / 8, x=2) for n in range(40)]
    stock = {("x", name): 100 for name in ("near", "far")}
    shaky = (place("near", NEAR, reliability=0.5), place("far", FAR))
    played = [
        replace(
            scenario(orders, stock, locations=shaky, disruptions=Disruptions(carrier_late=0.2)),
            seed=seed,
        )
        for seed in (1, 2, 3)
    ]
    told: list[int] = []
    trial = compare(played, [rule(), replace(rule(), name="twin")], told.append)
    assert trial.names == ("tried", "twin")
    assert trial.seeds == (1, 2, 3)
    assert sum(told) == 40 * 3 * 2
    assert trial.figure("otif", "tried").margin
    assert trial.difference("otif", "twin").mean == 0
    assert trial.difference("otif", "twin").margin == 0
    shares = [trial.load(name, "tried").mean for name in trial.locations()]
    assert sum(shares) == pytest.approx(1)
