"""What the look-ahead is asked for on its schedule, and what it reports."""

from datetime import datetime, timedelta

from pydantic import Field

from domain.values import Stored


class LookAhead(Stored):
    """How far the look-ahead sees: it forecasts the demand of the next `horizon` from that of the
    last `lookback`, in which a unit counts half as much for each `half_life` since it was ordered.
    """

    horizon: timedelta = Field(default=timedelta(days=14), gt=timedelta(0))
    lookback: timedelta = Field(default=timedelta(days=56), gt=timedelta(0))
    half_life: timedelta = Field(default=timedelta(days=14), gt=timedelta(0))


class RefreshScarcities(Stored):
    """Forecast, and write down what taking a unit of each SKU at each location costs later
    orders."""

    request: LookAhead
    at: datetime


class ScarcitiesRefreshed(Stored):
    """`skus` had demand or stock to look at; `scarce` counts the (SKU, location) rows that cost
    something."""

    skus: int
    scarce: int


class Reoptimise(Stored):
    """Plan orders anew together that no location has started on, `limit` at most, where that saves
    at least `min_gain` minor units in all."""

    limit: int = Field(default=200, ge=2, le=2000)
    min_gain: int = Field(default=100, ge=1)


class ReoptimiseNow(Stored):
    request: Reoptimise
    at: datetime


class Reoptimised(Stored):
    """`looked_at` orders could still be planned anew, `changed` of them were, for `gain` minor
    units less in all."""

    looked_at: int
    changed: int
    gain: int
