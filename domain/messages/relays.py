"""The messages of the relays, which send what is queued in the books."""

from datetime import timedelta

from domain.values import Stored


class RelayNotices(Stored):
    """Send notices for `period`; look every `idle` when there are none."""

    period: timedelta = timedelta(minutes=5)
    idle: timedelta = timedelta(milliseconds=250)


class RelaySignals(Stored):
    """Send signals to orders for `period`; look every `idle` when there are none."""

    period: timedelta = timedelta(minutes=5)
    idle: timedelta = timedelta(milliseconds=50)


class RelayReport(Stored):
    sent: int
