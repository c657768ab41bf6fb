"""Books of policies: what they say, what is wrong with one, what another one changes."""

from __future__ import annotations

import tomllib
from datetime import timedelta

import pytest

from domain.messages.policy import OrderPolicy, SourcingPolicy
from domain.policies import (
    ActiveBook,
    BookError,
    Change,
    Finding,
    Known,
    changes,
    lint,
    policy_toml,
    read_book,
)

ALL = "\n[[assign]]\npolicy = 'standard'\n"
BOOK = """
version = "2026-11"

[policies.standard]
pick_timeout = "PT20H"
hold_timeout = 3600
sourcing.max_shipments = 2
sourcing.max_distance_km = 500

[policies.express]
extends = "standard"
delivery_grace = 0.5
sourcing.lateness_per_day = 2000
sourcing.max_distance_km = "none"

[policies.first]
extends = "express"
sourcing.max_shipments = 1

[[assign]]
channel = "web"
segment = "consumer"
country = "FR"
policy = "express"
shadow = "first"

[[assign]]
type = "collect"
policy = "first"

[[assign]]
policy = "standard"
"""
KNOWN = Known(
    channels=frozenset({"web", "edi"}),
    kinds=frozenset({"warehouse", "store"}),
    countries=frozenset({"FR", "BE"}),
    versions=frozenset({"2026-10/standard"}),
)


def _faults(text: str, known: Known | None = None) -> list[tuple[str, str]]:
    """Severity and place of all that is found."""
    return [(finding.severity, finding.place) for finding in _findings(text, known)]


def _findings(text: str, known: Known | None = None) -> list[Finding]:
    try:
        return lint(read_book(text), known)
    except BookError as error:
        return error.findings


def test_a_policy_says_what_it_says_and_what_it_extends() -> None:
    book = read_book(BOOK)
    standard = OrderPolicy(
        version="2026-11/standard",
        pick_timeout=timedelta(hours=20),
        hold_timeout=timedelta(hours=1),
        sourcing=SourcingPolicy(max_shipments=2, max_distance_km=500),
    )
    express = standard.model_copy(
        update={
            "version": "2026-11/express",
            "delivery_grace": timedelta(seconds=0.5),
            "sourcing": SourcingPolicy(max_shipments=2, lateness_per_day=2000),
        }
    )
    assert book.policies["standard"] == standard
    assert book.policies["express"] == express
    assert book.policies["first"].sourcing == SourcingPolicy(max_shipments=1, lateness_per_day=2000)
    assert [row.policy for row in book.assign] == ["express", "first", "standard"]
    assert lint(book, KNOWN) == []


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("pick_timout = 3", "pick_timout", "unknown field; did you mean pick_timeout?"),
        ("sourcing.max_shipment = 3", "sourcing.max_shipment", "unknown field"),
        ("sourcing.max_shipments = 9", "sourcing.max_shipments", "less than or equal to 5, not 9"),
        ("sourcing.max_shipments = true", "sourcing.max_shipments", "integer, not True"),
        ("sourcing.split_penalty = '3'", "sourcing.split_penalty", "integer, not '3'"),
        ("sourcing.relaxation = ['shipments', 'x']", "sourcing.relaxation[2]", "not 'x'"),
        ("sourcing = 3", "sourcing", "object, not 3"),
        ("max_resourcings = -1", "max_resourcings", "greater than or equal to 0, not -1"),
        ("pick_timeout = 'soon'", "pick_timeout", "duration"),
        ("pick_timeout = inf", "pick_timeout", "duration"),
        ("pick_timeout = true", "pick_timeout", "duration, not True"),
        ("pick_timeout = -3", "pick_timeout", "a duration cannot be negative"),
        ("pick_timeout = 0", "pick_timeout", "over before anything can happen"),
        ("release_timeout = 'P2D'", "release_timeout", "must be shorter than pick_timeout"),
        ("version = '3'", "version", "the book's version and the name are it"),
        ("extends = 'other'", "extends", "no policy 'other' in this book"),
        ("extends = 'standard'", "extends", "'standard' extends itself"),
        ("sourcing.relaxation = ['kinds', 'kinds']", "sourcing.relaxation", "gives way twice"),
    ],
)
def test_a_field_that_cannot_be_is_named(line: str, place: str, words: str) -> None:
    [finding] = _findings(f"version = '1'\n[policies.standard]\n{line}\n{ALL}")
    assert (finding.severity, finding.place) == ("error", f"policies.standard.{place}")
    assert words in finding.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version = ", ""),
        ("[policies.a]", "version"),
        ("version = 'a b'\n[policies.a]", "version"),
        ("version = '1'", "policies"),
        ("version = '1'\n[policies.'a/b']", "policies.a/b"),
        ("version = '1'\ncolour = 2\n[policies.a]", "colour"),
        ("version = '1'\n[policies.a]\n[[assign]]", "assign[1].policy"),
        ("version = '1'\n[policies.a]\n[[assign]]\npolicy='a'\ncountry='fr'", "assign[1].country"),
        ("version = '1'\n[policies.a]\n[[assign]]\npolicy='a'\ntype='gift'", "assign[1].type"),
    ],
)
def test_what_is_no_book_is_refused_with_the_place(text: str, place: str) -> None:
    assert _faults(text) == [("error", place)]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = "version = 1\n[policies.a]\nx = 1\ny = 2\n[[assign]]\npolicy = 3"
    assert {place for _, place in _faults(text)} == {
        "version",
        "policies.a.x",
        "policies.a.y",
        "assign[1].policy",
    }


def test_policies_that_extend_each_other_in_a_circle_are_each_named_once() -> None:
    text = """version = "1"
    [policies.a]
    extends = "b"
    [policies.b]
    extends = "a"
    [policies.c]
    extends = "a"
    """
    assert _faults(text) == [("error", "policies.a.extends"), ("error", "policies.b.extends")]


def _assigned(*rows: str) -> str:
    assign = "".join(f"\n[[assign]]\npolicy = 'standard'\n{row}" for row in rows)
    return f"version = '1'\n[policies.standard]\n{assign}\n"


def test_a_row_that_an_earlier_one_hides_is_an_error() -> None:
    text = _assigned("channel = 'web'", "channel = 'web'\ncountry = 'FR'", "")
    [finding] = _findings(text)
    assert (finding.severity, finding.place) == ("error", "assign[2]")
    assert finding.message == "no order gets here: assign[1] takes all that fits this row"


def test_a_row_that_several_earlier_ones_hide_together_is_an_error() -> None:
    types = [f"type = '{name}'" for name in ("delivery", "collect", "ship_to_store")]
    [finding] = _findings(_assigned(*types, "channel = 'web'", ""))[:1]
    assert (finding.severity, finding.place) == ("error", "assign[4]")
    assert "assign[1], assign[2], assign[3] take all" in finding.message


def test_a_narrower_row_before_a_wider_one_is_right() -> None:
    rows = ("channel = 'web'\ncountry = 'FR'", "channel = 'web'", "country = 'FR'", "")
    assert _findings(_assigned(*rows)) == []


@pytest.mark.parametrize(
    "rows", [(), ("channel = 'web'",), ("segment = 'business'", "segment = 'consumer'")]
)
def test_orders_that_no_row_fits_are_an_error(rows: tuple[str, ...]) -> None:
    assert ("error", "assign") in _faults(_assigned(*rows))


def test_rows_may_name_only_policies_of_the_book() -> None:
    assert _faults(BOOK + "[[assign]]\npolicy = 'none'")[:1] == [("error", "assign[4].policy")]


def test_a_policy_that_no_order_gets_is_a_warning_unless_it_is_only_extended() -> None:
    text = (
        "version = '1'\n[policies.base]\n[policies.standard]\nextends = 'base'\n[policies.idle]\n"
    )
    assert _faults(text + ALL) == [("warning", "policies.idle")]


@pytest.mark.parametrize(
    ("shadow", "known", "expected"),
    [
        ("standard", None, [("error", "assign[1].shadow")]),
        ("slow", None, [("warning", "assign[1].shadow")]),
        ("other", None, []),
        ("2026-10/standard", KNOWN, []),
        ("2026-09/standard", KNOWN, [("error", "assign[1].shadow")]),
        ("2026-10/standard", None, [("warning", "assign[1].shadow")]),
    ],
)
def test_a_shadow_is_another_policy_of_the_book_or_a_stored_version(
    shadow: str, known: Known | None, expected: list[tuple[str, str]]
) -> None:
    text = f"""version = "1"
    [policies.standard]
    [policies.slow]
    extends = "standard"
    hold_timeout = "P9D"
    [policies.other]
    sourcing.max_shipments = 1
    [[assign]]
    policy = "standard"
    shadow = "{shadow}"
    """
    found = [f for f in _faults(text, known) if f[1].startswith("assign")]
    assert found == expected


def _fenced(fence: str) -> str:
    return f"version = '1'\n[policies.standard]\n{fence}\n{ALL}"


def test_a_fence_that_names_nothing_that_exists_is_told() -> None:
    place = "policies.standard.sourcing.kinds"
    unknown = _fenced("sourcing.kinds = ['store', 'kiosk']")
    assert _faults(unknown, KNOWN) == [("warning", place)]
    assert _faults(unknown) == []
    giving_way = _fenced("sourcing.kinds = ['kiosk']")
    assert _faults(giving_way, KNOWN) == [("warning", place)]
    shut = _fenced("sourcing.kinds = ['kiosk']\nsourcing.relaxation = ['shipments']")
    assert _faults(shut, KNOWN) == [("error", place)]
    countries = _fenced("sourcing.countries = ['FR', 'DE']")
    assert _faults(countries, KNOWN) == [("warning", "policies.standard.sourcing.countries")]


def test_before_anything_is_loaded_no_name_is_unknown() -> None:
    nothing = Known(frozenset(), frozenset(), frozenset(), frozenset())
    assert _faults(_fenced("sourcing.kinds = ['kiosk']"), nothing) == []
    assert _faults(_assigned("channel = 'fax'", ""), nothing) == []


def test_a_channel_that_does_not_exist_is_a_warning() -> None:
    assert _faults(_assigned("channel = 'fax'", ""), KNOWN) == [("warning", "assign[1].channel")]


def test_a_policy_as_toml_is_read_as_the_same_policy() -> None:
    policies = read_book(BOOK).policies
    told = OrderPolicy(
        version="2026-11/told",
        sourcing=SourcingPolicy(
            kinds=("store", 'a "quoted" \\ kind'), countries=("FR",), min_supply_confidence=0.25
        ),
        settling_time=timedelta(milliseconds=1500),
    )
    text = "version = '2026-11'\n" + "".join(
        policy_toml(policy, name) for name, policy in {**policies, "told": told}.items()
    )
    assert read_book(text).policies == {**policies, "told": told}


def test_a_name_that_is_no_bare_key_is_quoted() -> None:
    document = tomllib.loads(policy_toml(OrderPolicy(version="v1.2"), "v1.2"))
    assert list(document["policies"]) == ["v1.2"]


def test_what_a_book_changes_is_told_field_by_field() -> None:
    before = ActiveBook.of(read_book(BOOK))
    text = BOOK.replace("2026-11", "2026-12").replace('"PT20H"', '"PT22H"')
    text = text.replace("max_shipments = 1", "kinds = ['store']").replace(
        'shadow = "first"\n', "\n"
    )
    assert changes(before, ActiveBook.of(read_book(text))) == [
        Change("policies.express.pick_timeout", '"PT20H"', '"PT22H"'),
        Change("policies.first.sourcing.max_shipments", "1", "2"),
        Change("policies.first.sourcing.kinds", "[]", '["store"]'),
        Change("policies.first.pick_timeout", '"PT20H"', '"PT22H"'),
        Change("policies.standard.pick_timeout", '"PT20H"', '"PT22H"'),
        Change(
            "assign[1]",
            "channel web, segment consumer, country FR: express, beside it first",
            "channel web, segment consumer, country FR: express",
        ),
    ]


def test_a_new_version_of_the_same_contents_changes_nothing() -> None:
    before = ActiveBook.of(read_book(BOOK))
    assert changes(before, ActiveBook.of(read_book(BOOK.replace("2026-11", "2026-12")))) == []


def test_policies_and_rows_that_come_and_go_are_told() -> None:
    before = ActiveBook.of(read_book(f"version = '1'\n[policies.standard]\n{ALL}"))
    after = ActiveBook.of(
        read_book(
            "version = '2'\n[policies.a]\n[[assign]]\nchannel='w'\npolicy='a'\n"
            "[[assign]]\npolicy='a'"
        )
    )
    assert changes(before, after) == [
        Change("policies.a", None, "2/a"),
        Change("policies.standard", "1/standard", None),
        Change("assign[1]", "every order: standard", "channel w: a"),
        Change("assign[2]", None, "every order: a"),
    ]
    assert changes(ActiveBook(), before)[0] == Change("policies.standard", None, "1/standard")
