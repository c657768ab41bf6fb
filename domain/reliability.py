"""How far a location keeps its word: an average in which its latest shipments weigh most."""

from enum import StrEnum

from pydantic import Field

from domain.values import Value

# A location that failed always may still be asked: nobody learns from what is never tried.
_LEAST = 0.01


class Outcome(StrEnum):
    """What became of a shipment that a location was asked for."""

    KEPT = "kept"
    REJECTED = "rejected"
    SHORT = "short"
    LATE = "late"


class Counts(Value):
    """How many shipments of each outcome a reliability rests on."""

    kept: int = Field(default=0, ge=0)
    rejected: int = Field(default=0, ge=0)
    short: int = Field(default=0, ge=0)
    late: int = Field(default=0, ge=0)

    @property
    def total(self) -> int:
        return self.kept + self.rejected + self.short + self.late

    def after(self, outcome: Outcome) -> "Counts":
        """The counts with one more."""
        return self.model_copy(update={outcome.value: getattr(self, outcome.value) + 1})


class Reliability(Value):
    """The share of shipments, from 0 to 1, that a location sends whole and in time.

    With counts of nothing it is what was said of the location when it was set up.
    """

    value: float = Field(gt=0, le=1)
    counts: Counts = Counts()


def learned(previous: Reliability, outcome: Outcome, half_life: float) -> Reliability:
    """What one more outcome makes of a reliability: an exponential moving average.

    `half_life` is a number of shipments: after as many, what was thought before counts half. The
    start counts as any shipment before, so that a location is not judged by its first.
    """
    if half_life <= 0:
        raise ValueError("a half-life is a positive number of shipments")
    kept = 0.5 ** (1 / half_life)
    seen = 1.0 if outcome is Outcome.KEPT else 0.0
    value = seen + kept * (previous.value - seen)
    return Reliability(value=min(1.0, max(_LEAST, value)), counts=previous.counts.after(outcome))
