"""The table of mutants in the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import ByCampaign, Gate, Mutant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.mutants.catching import Outcome

_BEGIN = "<!-- section: mutants -->"
_END = "<!-- end of section: mutants -->"


def write_table(file: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the section anew, or at the end of the file where there is none yet."""
    known = file.read_text(encoding="utf-8") if file.exists() else "# Reliability\n"
    before, _, rest = known.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    section = f"{_BEGIN}\n\n{section_of(outcomes)}\n{_END}"
    after = after.strip()
    parts = [before.strip(), section] + ([after] if after else [])
    file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def section_of(outcomes: Sequence[Outcome]) -> str:
    """Two tables: the bugs, and the changes that stored histories do not replay on."""
    changes = [o for o in outcomes if o.mutant.caught_by.gate is Gate.REPLAY]
    bugs = [o for o in outcomes if o not in changes]
    return f"""## Bugs that were planted

Written by `make chaos-mutants`: {len(outcomes)} changes, planted one at a time in a copy of the
tree, and what caught each. Seconds are of the whole catcher, with its servers.

### Bugs

{_rows(bugs)}

### Changes that running orders cannot follow

{_rows(changes)}
"""


def _rows(outcomes: Sequence[Outcome]) -> str:
    lines = ["| mutant | what is wrong | caught by | s |", "|---|---|---|---|"]
    lines += [
        f"| {o.mutant.name} | {o.mutant.bug} | {_caught_by(o.mutant, o)} | {o.seconds:.0f} |"
        for o in outcomes
    ]
    return "\n".join(lines)


def _caught_by(mutant: Mutant, outcome: Outcome) -> str:
    if isinstance(mutant.caught_by, ByCampaign):
        return f"{Gate.CHAOS}: {outcome.by}"
    file, _, test = outcome.by.partition("::")
    if mutant.caught_by.gate is Gate.REPLAY:
        return f"{Gate.REPLAY}: {test[test.find('[') + 1 : -1]}"
    return f"`{file.removeprefix('tests/').removesuffix('.py')}`: {test.removeprefix('test_')}"
