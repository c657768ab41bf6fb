"""Every stored history goes the same way with the code of today."""

import base64
import re
from pathlib import Path

import pytest

from cli.replay import load
from tests.replay.incompatible import OrderThatSleepsFirst
from tests.replay.record import PATHS
from worker.replaying import replay

HISTORIES = Path(__file__).parent / "histories"
FILES = sorted(HISTORIES.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_stored_history_replays(file: Path) -> None:
    assert await replay([load(file)]) == {}


def test_every_path_has_a_history() -> None:
    assert {file.stem.rsplit("-", 1)[0] for file in FILES} >= set(PATHS)


def test_no_history_holds_personal_data() -> None:
    """The recorded orders go to Ada Byron, 1 rue de Rivoli, and are paid with tok_visa."""
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        payloads = [base64.b64decode(data) for data in re.findall(r'"data": "([^"]*)"', text)]
        everything = (text.encode() + b"".join(payloads)).lower()
        for secret in (b"ada byron", b"rivoli", b"example.org", b"tok_visa"):
            assert secret not in everything, f"{secret!r} stands in {file.name}"


def test_no_history_says_where_it_was_recorded() -> None:
    for file in FILES:
        assert "site-packages" not in file.read_text(encoding="utf-8"), file.name


def test_a_history_that_was_stored_without_the_flags_of_its_sdk_is_replayed_with_them() -> None:
    history = load(HISTORIES / "straight-1.json")
    done = [e.workflow_task_completed_event_attributes.sdk_metadata for e in history.events]
    assert [flags for noted in done for flags in noted.core_used_flags] == [1, 2, 3, 4]


async def test_an_incompatible_change_is_caught() -> None:
    assert len(await replay([load(HISTORIES / "straight-1.json")], [OrderThatSleepsFirst])) == 1
