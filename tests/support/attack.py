"""The API attacked from its own description: the whole house in a thread, and what attacks it."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import schemathesis
from anyio.from_thread import start_blocking_portal
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from tests.support.house import House, open_house
from tests.support.stack import copy_of_template
from world.behaviour import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
    from pathlib import Path

    from schemathesis.engine.recorder import ScenarioRecorder

    from cli.stack import PostgresServer, TemporalServer

    Run = Callable[[Coroutine[Any, Any, Any]], Any]

# The seed is always the same; a longer run has more examples, not others.
_SEED = 1
# How often a value that means something here takes the place of a random one.
_KNOWN = 0.8
_CHECKS = {
    # Whether a request that is well formed is accepted is the business' to say: there may be no
    # such customer, or no room on the account.
    "positive_data_acceptance": {"enabled": False},
}


@dataclass
class Attack:
    """What came of an attack: `faults` in words, and for each operation how often each status was
    answered."""

    faults: dict[tuple[str, ...], str] = field(default_factory=dict)
    answers: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def note(self, recorder: ScenarioRecorder) -> None:
        """Add what was asked, answered and found in one scenario."""
        for case_id, interaction in recorder.interactions.items():
            operation = recorder.cases[case_id].value.operation.label
            if interaction.response is not None:
                self.answers[operation][interaction.response.status_code] += 1
        for checks in recorder.checks.values():
            for check in checks:
                if check.status == Status.FAILURE and check.failure_info is not None:
                    failure = check.failure_info.failure
                    key = (failure.operation or "", failure.title, failure.message[:200])
                    self.faults.setdefault(key, check.failure_info.code_sample)


def attack(
    url: str,
    known: Mapping[str, Sequence[str | int]],
    places: Mapping[str, str],
    *,
    examples: int,
    limits_of: str,
) -> Attack:
    """Ask everything that the API describes, well and badly, alone and one after the other.

    `known` are values by a name, `places` where in a request such a value may stand, as
    `body.lines[*].sku`. `examples` is how many random requests each operation gets; those whose
    path matches the regular expression `limits_of` are also asked all that lies at the limits of
    what their description allows, and just beyond.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": _SEED,
            "workers": 1,
            "base-url": url,
            "continue-on-failure": True,
            # What an earlier run has learned would make this one another.
            "cache": {"enabled": False},
            "generation": {"max-examples": examples, "deterministic": True},
            "checks": _CHECKS,
            "operations": [
                {"exclude-path-regex": limits_of, "phases": {"coverage": {"enabled": False}}}
            ],
            "dictionaries": {name: {"values": list(values)} for name, values in known.items()},
            "parameters": {
                place: {"dictionary": name, "probability": _KNOWN} for place, name in places.items()
            },
        }
    )
    found = Attack()
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            found.note(event.recorder)
        elif isinstance(event, events.NonFatalError):
            found.faults[event.label, "error", str(event.value)] = ""
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found


@contextmanager
def house_in_a_thread(
    postgres: PostgresServer, temporal: TemporalServer, directory: Path
) -> Iterator[tuple[House, Run]]:
    """A house on a database of its own, for what is no coroutine; gives it, and what runs a
    coroutine where it is."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(copy_of_template(postgres)) as url,
        portal.wrap_async_context_manager(
            open_house(url, temporal.address, directory, Behaviour())
        ) as house,
    ):

        async def wait_for(work: Coroutine[Any, Any, Any]) -> Any:
            return await work

        yield house, lambda work: portal.call(wait_for, work)
