"""Running what is expected to catch a mutant, in a tree of its own, and judging how that ended."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tests.mutants.campaigning import run_campaign
from tests.mutants.mutant import ByCampaign, ByTests, Mutant
from tests.mutants.running import run_python

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Verdict(StrEnum):
    """`broken`: it failed, but not by what was expected to catch it."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant; `by` is what caught it, `said` what that said, or what is wrong."""

    mutant: Mutant
    verdict: Verdict
    by: str
    said: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """How one test ended: `raised` and `said` are the exception's name and message."""

    node: str
    outcome: str
    raised: str
    said: str


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen in one tree. `broken` says what failed outside of any test's call, `imported`
    are the project's files that were imported, where that is known."""

    tests: Sequence[Ended] = ()
    broken: Sequence[str] = ()
    imported: frozenset[str] = field(default_factory=frozenset)

    def missing(self, nodes: Sequence[str]) -> list[str]:
        """Those of which no test ran; one without parameters stands for each with some."""
        ran = {name for test in self.tests for name in (test.node, test.node.partition("[")[0])}
        return [node for node in nodes if node not in ran]


async def run_tests(tree: Path, nodes: Sequence[str]) -> Run:
    """Run tests of a tree, with the code of that tree."""
    # Beside the tree: what is in a tree may be a link to what is in others.
    witness = tree.with_name(f"{tree.name}.json")
    command = [
        "-m",
        "pytest",
        "-n",
        "0",
        "-vv",
        "-p",
        "tests.mutants.witness",
        f"--witness={witness}",
    ]
    code, output = await run_python(tree, *command, "-p", "no:cacheprovider", *nodes)
    if not witness.is_file():
        return Run(broken=[f"pytest ended with {code}: {_end_of(output)}"])
    seen: dict[str, Any] = json.loads(witness.read_text(encoding="utf-8"))
    broken = [*seen["broken"]]
    if seen["strangers"]:
        broken.append(f"not imported from the copy: {', '.join(seen['strangers'])}")
    tests = [Ended(**test) for test in seen["tests"]]
    return Run(tests, broken, frozenset(seen["imported"]))


async def catch(mutant: Mutant, tree: Path) -> Outcome:
    """Run what is expected to catch a mutant in the tree that has its bug."""
    began = time.monotonic()
    expected = mutant.caught_by
    if isinstance(expected, ByTests):
        verdict, by, said = judge(mutant, expected, await run_tests(tree, expected.nodes))
    else:
        verdict, by, said = await _campaign(expected, tree)
    return Outcome(mutant, verdict, by, said, time.monotonic() - began)


def judge(mutant: Mutant, expected: ByTests, run: Run) -> tuple[Verdict, str, str]:
    """How it ended, by which test, and what that said."""
    if run.broken:
        return Verdict.BROKEN, "", run.broken[0]
    if mutant.file not in run.imported:
        return Verdict.BROKEN, "", f"{mutant.file} was not imported"
    missing = run.missing(expected.nodes)
    if missing:
        return Verdict.BROKEN, "", f"{missing[0]} did not run"
    failed = [test for test in run.tests if test.outcome == "failed"]
    if not failed:
        return Verdict.SURVIVED, "", f"{len(run.tests)} test(s) passed"
    for test in failed:
        if test.raised == expected.raises and expected.says in test.said:
            return Verdict.CAUGHT, test.node, test.said
    other = failed[0]
    return Verdict.BROKEN, other.node, f"it fails with {other.raised}: {other.said}"


async def _campaign(expected: ByCampaign, tree: Path) -> tuple[Verdict, str, str]:
    report = await run_campaign(tree, expected)
    if report.broken:
        return Verdict.BROKEN, "", report.broken
    if not report.violations:
        return Verdict.SURVIVED, "", "no violation"
    broken = list(dict.fromkeys(said.partition(":")[0] for said in report.violations))
    found = [rule for rule in broken if rule in expected.rules]
    if not found:
        return Verdict.BROKEN, "", f"other rules are broken: {', '.join(broken)}"
    return Verdict.CAUGHT, f"{expected.fault} ({', '.join(found)})", report.violations[0]


def _end_of(output: str) -> str:
    return " ".join(output.split()[-60:])
