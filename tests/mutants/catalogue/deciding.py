"""Bugs in decisions: promises, plans, and what reports mean."""

from tests.mutants.mutant import Mutant, failing

DECIDING = (
    Mutant(
        name="promise-beyond-the-cut-off",
        bug="What comes at the minute of the cut-off is promised to leave on that day.",
        file="domain/calendar/timetable.py",
        old="        if day is not None and at < day.cut_off:",
        new="        if day is not None and at <= day.cut_off:",
        caught_by=failing(
            "unit/test_calendar",
            "test_what_comes_before_the_cut_off_of_a_working_day_leaves_that_day",
        ),
    ),
    Mutant(
        name="last-units-by-row-order",
        bug="Of orders that want the last units the one whose row is read first gets them.",
        file="domain/stock/grants.py",
        old="    for turn in sorted(range(len(wanted)), key=lambda n: wanted[n].rank):",
        new="    for turn in range(len(wanted)):",
        caught_by=failing(
            "unit/test_stock_decisions",
            "test_of_two_that_want_the_last_units_the_critical_one_gets_them",
        ),
    ),
    Mutant(
        name="late-report-moves-backwards",
        bug="A report that comes late takes a shipment back to where it was.",
        file="domain/progress.py",
        old="""    if not shipment.progress.reached(to):
        shipment.progress = to""",
        new="""    shipment.progress = to""",
        caught_by=failing(
            "unit/test_progress",
            "test_in_whatever_order_reports_come_a_shipment_never_goes_back",
        ),
    ),
)
