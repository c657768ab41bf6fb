"""Changes of workflows that histories of running orders do not replay on."""

from tests.mutants.mutant import Mutant, replaying

CHANGES = (
    Mutant(
        name="step-added",
        bug="A placed order is written down once more before its funds are secured.",
        file="workflows/order.py",
        old="""        self._state.register(Undo.BOOKS)
        await self._secure_funds(override_by=None)
""",
        new="""        self._state.register(Undo.BOOKS)
        await self._outcomes.record(self._state.status, "")
        await self._secure_funds(override_by=None)
""",
        # The step's answer is taken for that of the one after it.
        caught_by=replaying("straight-1", says="Failed decoding arguments"),
    ),
    Mutant(
        name="activity-renamed",
        bug="The activity that books a carrier has another name.",
        file="activities/carriers.py",
        old="""    @activity.defn
    async def book_carrier(""",
        new="""    @activity.defn(name="book_service")
    async def book_carrier(""",
        caught_by=replaying("straight-1"),
    ),
    Mutant(
        name="timer-added",
        bug="A shipment waits for a second before its carrier is asked.",
        file="workflows/shipment.py",
        old="""        try:
            booking = await self._back.ask(""",
        new="""        await workflow.sleep(1)
        try:
            booking = await self._back.ask(""",
        caught_by=replaying("straight-1"),
    ),
    Mutant(
        name="local-activity-made-remote",
        bug="Credit is secured by a regular activity and not by a local one.",
        file="workflows/funds.py",
        old="""    credit = await books.do(
        CreditActivities""",
        new="""    credit = await ask(
        CreditActivities""",
        caught_by=replaying("straight-1"),
    ),
    Mutant(
        name="commands-swapped",
        bug="An order that ends gives its stock back before its payment, and not after it.",
        file="workflows/outcomes.py",
        old="        for undo in reversed(state.undo):",
        new="        for undo in tuple(state.undo):",
        caught_by=replaying("held-then-expired-1"),
    ),
    Mutant(
        name="signal-handler-renamed",
        bug="The handler of what carriers report has another name: what they said is lost.",
        file="workflows/reports.py",
        old="    def carrier_event(self, event: CarrierEvent)",
        new="    def carrier_report(self, event: CarrierEvent)",
        caught_by=replaying("straight-1"),
    ),
    Mutant(
        name="field-removed-from-message",
        bug="The answer of a booking has no tracking number any more.",
        file="domain/messages/steps.py",
        old="""    kind: Literal["booked"] = "booked"
    tracking_number: str
""",
        new="""    kind: Literal["booked"] = "booked"
""",
        caught_by=replaying("straight-1", says="tracking_number"),
    ),
    Mutant(
        name="upsert-dropped",
        bug="The search attributes of an order are not kept up to date any more.",
        file="workflows/display.py",
        old="            workflow.upsert_search_attributes(changes)\n",
        new="",
        caught_by=replaying("straight-1"),
    ),
    Mutant(
        name="branch-not-taken",
        bug="What a location could not find is sourced again only if it is more than one line.",
        file="workflows/shipment.py",
        old="""        if pick.missing:
            self._state.reopened = True""",
        new="""        if len(pick.missing) > 1:
            self._state.reopened = True""",
        caught_by=replaying("short-pick-1"),
    ),
    Mutant(
        name="continues-as-new-later",
        bug="An order continues as new after twice as many events.",
        file="workflows/order.py",
        old=">= self._policy.continue_as_new_after_events",
        new=">= 2 * self._policy.continue_as_new_after_events",
        caught_by=replaying("continued-as-new-1"),
    ),
)
