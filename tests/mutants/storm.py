"""`python -m tests.mutants.storm FAULT SEED SECONDS FILE`: a campaign of one fault, told in a file.

What `ariane chaos --only` does, of the tree in which this is run.
"""

import asyncio
import json
import sys
from pathlib import Path

from cli.chaos.campaign import ChaosOptions, Outcome, run_campaign

# What a bug has stopped for good is waited for in vain: healthy orders rest within seconds.
_REST_PATIENCE = 45.0
# Enough for a fault to happen to; two campaigns run at a time.
_CLIENTS, _ORDERS_PER_SECOND = 4, 1.5


def main(fault: str, seed: str, seconds: str, file: str) -> None:
    """Write what was violated, and how often the fault has happened, as JSON into the file."""
    options = ChaosOptions(
        seed=int(seed),
        seconds=float(seconds),
        clients=_CLIENTS,
        orders_per_second=_ORDERS_PER_SECOND,
        only=(fault,),
        data_dir=Path(file).with_suffix(""),
        rest_patience=_REST_PATIENCE,
    )
    outcome = Outcome(options, options.data_dir)
    asyncio.run(run_campaign(options, outcome))
    told = {"violations": _violations(outcome), "faults": outcome.account.counts.total()}
    Path(file).write_text(json.dumps(told), encoding="utf-8")


def _violations(outcome: Outcome) -> list[str]:
    found = [f"{violation.name}: {violation.sentence}" for violation in outcome.violations]
    left = {} if outcome.rest is None else outcome.rest.under_way
    found += [f"no rest: {count} {what}" for what, count in left.items()]
    return found + [f"no replay: {name}" for name in outcome.replays.failures]


if __name__ == "__main__":
    main(*sys.argv[1:])
