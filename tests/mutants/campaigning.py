"""Campaigns of faults against the code of a tree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.mutants.running import run_python

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.mutants.mutant import ByCampaign


@dataclass(frozen=True, slots=True)
class Report:
    """What a campaign says: the violations that its checker found, or why it could not end."""

    violations: Sequence[str]
    broken: str = ""


async def run_campaign(tree: Path, campaign: ByCampaign) -> Report:
    """Run a campaign of one fault, with clients and servers of its own."""
    file = tree.with_name(f"{tree.name}-{campaign.fault}.json")
    asked = (campaign.fault, str(campaign.seed), str(campaign.seconds), str(file))
    code, output = await run_python(tree, "-m", "tests.mutants.storm", *asked)
    if not file.is_file():
        return Report((), f"the campaign ended with {code}: {output[-1500:]}")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if not found["faults"]:
        return Report((), f"{campaign.fault} found nothing to happen to")
    return Report(found["violations"])
