"""The bugs that `python -m tests.mutants` plants: each can be planted, and is judged rightly."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.mutants.catalogue import BUGS, CHANGES, MUTANTS
from tests.mutants.catching import Ended, Outcome, Run, Verdict, judge
from tests.mutants.mutant import ROOT, ByTests, Gate, Mutant, failing, replaying
from tests.mutants.planting import Nursery
from tests.mutants.table import write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NODE = "tests/unit/test_a.py::test_b"
_EXPECTED = failing("unit/test_a", "test_b")
_MUTANT = Mutant("m", "A bug.", "domain/a.py", "old", "new", _EXPECTED)
_IMPORTED = frozenset({"domain/a.py"})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_can_be_planted_and_compiles(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    planted = mutant.applied_to(source)
    assert planted != source
    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse(source))


def test_there_are_25_bugs_and_ten_changes_of_workflows_each_with_a_name_of_its_own() -> None:
    assert (len(BUGS), len(CHANGES)) == (25, 10)
    assert len({mutant.name for mutant in MUTANTS}) == 35
    assert all(mutant.caught_by.gate is Gate.REPLAY for mutant in CHANGES)


def test_what_is_to_catch_a_mutant_exists() -> None:
    for mutant in MUTANTS:
        if isinstance(mutant.caught_by, ByTests):
            for node in mutant.caught_by.nodes:
                file, _, name = node.partition("::")
                function, _, history = name.removesuffix("]").partition("[")
                assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), node
                stored = ROOT / "tests/replay/histories" / f"{history}.json"
                assert not history or stored.is_file(), node


def test_a_text_that_stands_twice_or_never_is_not_replaced() -> None:
    for source in ("old old", "nothing"):
        with pytest.raises(ValueError, match="the old text stands"):
            _MUTANT.applied_to(source)


@pytest.mark.parametrize(
    ("tests", "broken", "imported", "verdict"),
    [
        ([Ended(_NODE, "failed", "AssertionError", "1 == 2")], [], _IMPORTED, Verdict.CAUGHT),
        ([Ended(_NODE, "passed", "", "")], [], _IMPORTED, Verdict.SURVIVED),
        ([Ended(_NODE, "failed", "NameError", "step")], [], _IMPORTED, Verdict.BROKEN),
        ([], ["test_a.py is not collected"], _IMPORTED, Verdict.BROKEN),
        # The test ran, but not on the code with the bug in it.
        ([Ended(_NODE, "failed", "AssertionError", "1 == 2")], [], frozenset(), Verdict.BROKEN),
    ],
)
def test_a_mutant_is_caught_by_what_was_expected_and_by_nothing_else(
    tests: Sequence[Ended], broken: Sequence[str], imported: frozenset[str], verdict: Verdict
) -> None:
    assert judge(_MUTANT, _EXPECTED, Run(tests, broken, imported))[0] is verdict


def test_a_failure_has_to_say_what_was_expected() -> None:
    expected = replaying("straight-1")
    for said, verdict in (("Nondeterminism error", "caught"), ("NameError", "broken")):
        ended = Ended(expected.nodes[0], "failed", "AssertionError", said)
        assert judge(_MUTANT, expected, Run([ended], (), _IMPORTED))[0] == verdict


async def test_a_bug_is_in_the_copy_of_its_mutant_alone(tmp_path: Path) -> None:
    nursery = Nursery(tmp_path)
    file = nursery.healthy / _MUTANT.file
    file.parent.mkdir(parents=True)
    file.write_text("is = 'old'\n")
    tree = await nursery.plant(_MUTANT)
    assert (tree / _MUTANT.file).read_text() == "is = 'new'\n"
    assert file.read_text() == "is = 'old'\n"


def test_the_table_is_written_between_its_marks_and_leaves_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "reliability.md"
    outcome = Outcome(_MUTANT, Verdict.CAUGHT, _NODE, "1 == 2", 3.2)
    write_table(file, [outcome])
    file.write_text(
        file.read_text().replace("# Reliability", "# What is promised") + "\n## After\n"
    )
    write_table(file, [outcome, outcome])
    text = file.read_text()
    assert text.startswith("# What is promised\n\n<!-- section: mutants -->\n")
    assert text.endswith("<!-- end of section: mutants -->\n\n## After\n")
    assert text.count("| m | A bug. | `unit/test_a`: b | 3 |") == 2
