"""What will be wanted, by what was: exponential smoothing of demand over time."""

from datetime import datetime, timedelta
from math import exp, log

from domain.values import Value


class Horizon(Value):
    """Orders from `since` until `at` are looked at, and what they say holds for `ahead` from then
    on. A unit counts half as much for each `half_life` that has passed since it was ordered."""

    since: datetime
    at: datetime
    half_life: timedelta
    ahead: timedelta

    @property
    def until(self) -> datetime:
        return self.at + self.ahead

    def expected(self, weighted_units: float) -> float:
        """The units to expect within the horizon, where `weighted_units` is the sum of what was
        ordered, each unit times 0.5 to the power of its age in half-lives.

        The rate of demand is that sum over the sum of the weights of all moments looked at, so that
        a steady demand is expected as it was.
        """
        decay = log(2) / self.half_life.total_seconds()
        weight = (1 - exp(-decay * (self.at - self.since).total_seconds())) / decay
        return weighted_units * self.ahead.total_seconds() / weight
