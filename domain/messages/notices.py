"""The messages of the relay that sends notices."""

from datetime import timedelta

from domain.values import Stored


class RelayNotices(Stored):
    """Send notices for `period`; look every `idle` when there are none."""

    period: timedelta = timedelta(minutes=5)
    idle: timedelta = timedelta(milliseconds=250)


class RelayReport(Stored):
    sent: int
