"""Bugs that faults reveal: what happens twice, or half, when something dies in between."""

from tests.mutants.mutant import ByCampaign, Mutant, failing

CALLS = (
    Mutant(
        name="voided-booking-revived",
        bug="The answer of a carrier makes a booking live that was voided in the meantime.",
        file="adapters/postgres/shipping.py",
        old="""    WHERE reference = :reference AND state = 'intent' RETURNING shipment_id""",
        new="""    WHERE reference = :reference RETURNING shipment_id""",
        caught_by=failing(
            "integration/test_carriers",
            "test_a_booking_voided_while_it_is_in_flight_is_voided_at_the_carrier_as_well",
        ),
    ),
    Mutant(
        name="sent-notice-sent-again",
        bug="A failure that is noted late makes a notice unsent that another relay has sent.",
        file="adapters/postgres/notices.py",
        old="WHERE n.id = a.id AND n.sent_at IS NULL AND (",
        new="WHERE n.id = a.id AND (",
        caught_by=failing(
            "integration/test_notices",
            "test_a_failure_that_is_noted_late_does_not_make_a_sent_notice_unsent",
        ),
    ),
    Mutant(
        name="key-claimed-apart",
        bug="A step claims its key in a transaction of its own, after that of its effect.",
        file="adapters/postgres/steps.py",
        old="""            outcome = await act(step)
            await step.finish""",
        new="""            outcome = await act(step)
        async with engine.begin() as step.conn:
            await step.finish""",
        caught_by=ByCampaign("worker-killed-after-commit", ("order-at-rest", "no rest")),
    ),
    Mutant(
        name="void-forgotten-after-a-crash",
        bug="What is void in our books stays booked when the carrier could not be told at first.",
        file="activities/carriers.py",
        old="""            await shipping.write_voided(conn, request.shipment_id, reference)
            # The shipment may go by another carrier since.
            carrier = await shipping.read_booked_carrier(conn, reference)
        await self._carriers.void(carrier, reference)
""",
        new="""            first = await shipping.write_voided(conn, request.shipment_id, reference)
            # The shipment may go by another carrier since.
            carrier = await shipping.read_booked_carrier(conn, reference)
        if first:
            await self._carriers.void(carrier, reference)
""",
        caught_by=failing(
            "integration/test_carriers",
            "test_a_booking_that_a_crash_left_to_be_voided_is_voided",
        ),
    ),
    Mutant(
        name="lost-reply-is-a-refusal",
        bug="A carrier whose reply is lost is taken to have refused, and is not asked what it has.",
        file="activities/carriers.py",
        old="""    except OutcomeUnknown:
        known = await carriers.find(carrier, reference)
        if known is None:
            raise
        return known
""",
        new="""    except OutcomeUnknown:
        return PortRefused(code="no_answer", reason="the carrier did not answer")
""",
        caught_by=ByCampaign("carrier-times-out-after-booking", ("booked-there", "carrier-ledger")),
    ),
    Mutant(
        name="lost-reply-is-a-decline",
        bug="A payment whose reply is lost is taken to be declined, and stays blocked.",
        file="activities/payments.py",
        old="""        except OutcomeUnknown:
            known = await self._provider.find(asked.reference)
            if known is None:
                raise
            return known
""",
        new="""        except OutcomeUnknown:
            return Refused(code="no_answer", reason="the provider did not answer")
""",
        caught_by=failing(
            "integration/test_payments",
            "test_an_authorisation_whose_reply_was_lost_is_looked_up",
        ),
    ),
    Mutant(
        name="captured-under-a-name-of-the-attempt",
        bug="Each attempt at a capture asks the provider under a reference of its own.",
        file="activities/capturing.py",
        old="""    try:
        return await provider.capture(part.payment_reference, part.reference, part.amount)
    except OutcomeUnknown:
        known = await provider.find_capture(part.reference)
""",
        new="""    from temporalio import activity

    reference = f"{part.reference}:{activity.info().attempt}"
    try:
        return await provider.capture(part.payment_reference, reference, part.amount)
    except OutcomeUnknown:
        known = await provider.find_capture(part.reference)
""",
        caught_by=ByCampaign(
            "payment-times-out-after-success", ("captured-there", "invoiced-captured")
        ),
    ),
    Mutant(
        name="terminated-orders-overlooked",
        bug="The reconciler takes an order that somebody terminated for one that runs.",
        file="activities/reconciling.py",
        old="execution.status is WorkflowExecutionStatus.RUNNING or execution.status is None:",
        new="execution.status is not WorkflowExecutionStatus.COMPLETED:",
        caught_by=ByCampaign("order-terminated", ("order-at-rest", "workflow-at-rest", "no rest")),
    ),
)
