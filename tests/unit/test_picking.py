"""What a pick report means for what was asked."""

from domain.picking import compare

ASKED = {"1": 4, "2": 3}


def test_no_report_by_line_means_that_all_was_picked() -> None:
    assert compare(ASKED, None) == (ASKED, {})


def test_what_is_reported_short_is_missing() -> None:
    assert compare(ASKED, {"1": 1, "2": 3}) == ({"1": 1, "2": 3}, {"1": 3})


def test_a_line_that_is_left_out_or_zero_was_not_picked() -> None:
    assert compare(ASKED, {"1": 4}) == ({"1": 4}, {"2": 3})
    assert compare(ASKED, {"1": 4, "2": 0}) == ({"1": 4}, {"2": 3})
    assert compare(ASKED, {}) == ({}, ASKED)


def test_too_much_less_than_nothing_and_strange_lines_do_not_count() -> None:
    assert compare(ASKED, {"1": 9, "2": -5, "77": 1}) == ({"1": 4}, {"2": 3})
