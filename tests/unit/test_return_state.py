"""What the workflow of a return knows, whatever comes in whichever order."""

from domain.messages.returns import (
    CancelReturn,
    ReportRecorded,
    ReturnReport,
    ReturnState,
    ReturnStatus,
)

BOTH = ReportRecorded(received={"1": 2}, inspected={"1": 2}, is_complete=True)


def test_the_answer_to_a_repeated_report_takes_nothing_back_that_came_since() -> None:
    state = ReturnState()
    state.take_in(BOTH)
    state.take_in(ReportRecorded(received={"1": 1}, refunds=("R1",)))
    assert (state.received, state.inspected) == ({"1": 2}, {"1": 2})
    assert state.is_complete
    assert state.refunds == ["R1"]


def test_what_comes_after_all_that_was_announced_makes_a_return_wait_again() -> None:
    state = ReturnState()
    state.take_in(BOTH)
    state.take_in(ReportRecorded(received={"1": 3}, inspected={"1": 2}))
    assert not state.is_complete
    assert state.awaits_inspection == 1


def test_a_return_that_goes_on_as_the_books_have_it_keeps_what_it_was_told() -> None:
    waiting = ReturnReport(event_id="E1", location_id="LIL", by="Marie")
    cancelling = CancelReturn(by="Ann", note="she keeps it")
    state = ReturnState(
        status=ReturnStatus.CANCELLED, waiting=[waiting], cancelling=cancelling, attempt=2
    )
    state.go_on_from(
        ReturnState(status=ReturnStatus.RECEIVED, has_begun=True, received={"1": 1}, refunds=["R1"])
    )
    assert state == ReturnState(
        status=ReturnStatus.RECEIVED,
        has_begun=True,
        received={"1": 1},
        refunds=["R1"],
        waiting=[waiting],
    )


def test_a_report_says_the_same_whether_or_not_it_is_to_be_written_first() -> None:
    said = ReturnReport(event_id="E1", location_id="LIL", by="Marie")
    assert said.says_the_same(said.model_copy(update={"written_first": True}))
    assert not said.says_the_same(said.model_copy(update={"location_id": "LYO"}))
