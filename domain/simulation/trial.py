"""Several rules on the same scenarios: what each makes of them, and what the difference is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.simulation.course import Outcome
from domain.simulation.engine import simulate
from domain.simulation.rules import Rule
from domain.simulation.scenario import Scenario
from domain.simulation.statistics import Estimate, estimate, paired


@dataclass(frozen=True)
class Trial:
    """The outcomes of the rules, by name, one for each seed in the order of `seeds`. The first rule
    is the one that the others are compared with."""

    names: tuple[str, ...]
    seeds: tuple[int, ...]
    outcomes: dict[str, tuple[Outcome, ...]]

    def figure(self, name: str, rule: str) -> Estimate:
        """A figure of `Outcome.figures` under a rule."""
        return estimate(self._values(name, rule))

    def difference(self, name: str, rule: str) -> Estimate:
        """By how much a figure is more than under the first rule."""
        return paired(self._values(name, rule), self._values(name, self.names[0]))

    def load(self, location_id: str, rule: str) -> Estimate:
        """A location's share of all shipments."""
        return estimate(
            [
                outcome.load.get(location_id, 0) / max(1, outcome.shipments)
                for outcome in self.outcomes[rule]
            ]
        )

    def locations(self) -> list[str]:
        """Those that sent anything under any rule."""
        all_of_them = (outcome for played in self.outcomes.values() for outcome in played)
        return sorted({name for outcome in all_of_them for name in outcome.load})

    def _values(self, name: str, rule: str) -> list[float]:
        return [outcome.figures()[name] for outcome in self.outcomes[rule]]


def compare(
    scenarios: Iterable[Scenario],
    rules: Sequence[Rule],
    progressed: Callable[[int], None] | None = None,
) -> Trial:
    """Play every scenario, one for each seed, under every rule; their names differ."""
    seeds = []
    outcomes: dict[str, list[Outcome]] = {rule.name: [] for rule in rules}
    for scenario in scenarios:
        seeds.append(scenario.seed)
        for rule in rules:
            outcomes[rule.name].append(simulate(scenario, rule, progressed))
    return Trial(
        names=tuple(outcomes),
        seeds=tuple(seeds),
        outcomes={name: tuple(played) for name, played in outcomes.items()},
    )
