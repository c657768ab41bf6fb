"""How sure a figure is that was measured over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, stdev

# Two-sided 95% quantiles of Student's t with 1 to 30 degrees of freedom.
_T95 = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95% confidence interval, `mean - margin` to `mean + margin`. One measurement
    has no margin."""

    mean: float
    margin: float | None

    @property
    def is_clear(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.margin is not None and abs(self.mean) > self.margin


def estimate(values: Sequence[float]) -> Estimate:
    """Of independent measurements, at least one: Student's t interval."""
    mean = fmean(values)
    if len(values) < 2:
        return Estimate(mean, None)
    return Estimate(mean, _t95(len(values) - 1) * stdev(values) / sqrt(len(values)))


def paired(values: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """Of the differences between measurements under the same luck, pair by pair."""
    return estimate([one - other for one, other in zip(values, baseline, strict=True)])


def _t95(freedom: int) -> float:
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    # Cornish-Fisher expansion about the normal quantile (Abramowitz and Stegun, 26.7.5).
    z = NormalDist().inv_cdf(0.975)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
