"""How hard Hypothesis tries. `HYPOTHESIS_PROFILE=long` goes on for hours, each time from another
seed (or from `--hypothesis-seed`); without it a run is short and always the same."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")

settings.register_profile("quick", deadline=None, derandomize=True, report_multiple_bugs=False)
settings.register_profile(
    "long",
    deadline=None,
    report_multiple_bugs=False,
    print_blob=True,
    max_examples=int(os.environ.get("EX", "5000")),
    stateful_step_count=60,
    phases=[Phase.generate] if "NOSHRINK" in os.environ else list(Phase),
    suppress_health_check=list(HealthCheck),
)


def effort(*, examples: int, steps: int) -> settings:
    """What a state machine is given: so many examples, unless it is to go on for hours."""
    if PROFILE == "quick":
        # What fails is told as it is: to shrink it takes minutes, and is for the long profile.
        plainly = [Phase.explicit, Phase.generate]
        return settings(max_examples=examples, stateful_step_count=steps, phases=plainly)
    return settings()
