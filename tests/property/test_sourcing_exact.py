"""The plan is the best of all plans, on random problems small enough to look at every one.

`python -m tests.support.every_plan --problems 10000` looks at more of them.
"""

from __future__ import annotations

import random

import pytest

from cli.bench.sourcing.speed import POLICY, problem
from domain.sourcing import SourcingProblem, choice, plan
from tests.support.every_plan import best_rank, random_case, rank_of


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_no_other_plan_is_better(first: int) -> None:
    for seed in range(first, first + 20):
        case, policy = random_case(seed)
        decided = plan(case, policy)
        assert rank_of(case, policy, decided) == best_rank(case, policy), seed
        assert decided.method == "exact", seed


def test_what_large_networks_leave_out_is_never_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_MANY", 0)
    for seed in range(10_000, 10_050):
        case, policy = random_case(seed)
        assert rank_of(case, policy, plan(case, policy)) == best_rank(case, policy), seed


def _shuffled(rng: random.Random, case: SourcingProblem) -> SourcingProblem:
    names = (
        "lines",
        "locations",
        "services",
        "availability",
        "exclusions",
        "capacities",
        "planned",
    )
    rows = {name: list(getattr(case, name)) for name in names}
    for listed in rows.values():
        rng.shuffle(listed)
    return case.model_copy(update={name: tuple(listed) for name, listed in rows.items()})


def test_shuffled_rows_give_the_identical_plan() -> None:
    rng = random.Random(1)
    for seed in range(60):
        case, policy = random_case(seed)
        assert plan(_shuffled(rng, case), policy) == plan(case, policy), seed


@pytest.mark.parametrize(("places", "lines"), [(10, 12), (200, 4), (60, 30)])
def test_a_plan_that_is_not_proven_says_by_how_much_it_may_be_beaten(
    places: int, lines: int
) -> None:
    case = problem(random.Random(places), places, lines, 0.4)
    decided = plan(case, POLICY)
    assert plan(_shuffled(random.Random(2), case), POLICY) == decided
    assert decided.gap >= 0
    assert (decided.method == "exact") == (decided.bound is None)


def test_a_decision_without_its_explanation_is_the_same_decision() -> None:
    for seed in range(60):
        case, policy = random_case(seed)
        untold = {"alternatives": (), "excluded": (), "obstacle": None}
        decided = plan(case, policy).model_copy(update=untold)
        assert plan(case, policy, explain=False) == decided, seed
