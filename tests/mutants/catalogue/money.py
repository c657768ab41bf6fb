"""Bugs in credit, payments, invoices and refunds."""

from tests.mutants.mutant import Mutant, failing

MONEY = (
    Mutant(
        name="credit-without-lock",
        bug="Credit is claimed without locking the account first.",
        file="adapters/postgres/credit.py",
        old="""    await lock_account_of(conn, order_id)
    if for_total is not None:""",
        new="""    if for_total is not None:""",
        caught_by=failing(
            "integration/test_credit",
            "test_of_two_orders_at_once_that_do_not_both_fit_one_gets_the_credit",
        ),
    ),
    Mutant(
        name="credit-to-ended-order",
        bug="An order that has ended is granted credit, which nobody ever gives back.",
        file="adapters/postgres/credit.py",
        old="    WHERE NOT has_ended AND (amount = 0 OR",
        new="    WHERE (amount = 0 OR",
        caught_by=failing(
            "integration/test_stock_races",
            "test_credit_that_is_asked_for_after_its_order_ended_is_refused",
        ),
    ),
    Mutant(
        name="locks-in-another-order",
        bug="A dispatch locks its order before the account, as nobody else does.",
        file="activities/shipments.py",
        old="""    await credit.lock_account_of(step.conn, step.order_id)
    await outlook.lock_order(step.conn, step.order_id)
    rows =""",
        new="""    await outlook.lock_order(step.conn, step.order_id)
    await credit.lock_account_of(step.conn, step.order_id)
    rows =""",
        caught_by=failing(
            "integration/test_shipments",
            "test_a_dispatch_takes_the_account_before_what_its_order_claims_of_it",
            raises="OperationalError",
            says="could not obtain lock",
        ),
    ),
    Mutant(
        name="part-invoiced-from-zero",
        bug="The second part of a line is invoiced as if it were the first: cents go astray.",
        file="adapters/postgres/shipping.py",
        old="""{gross("l.invoiced + r.held")} - {gross("l.invoiced")} AS amount""",
        new="""{gross("r.held")} AS amount""",
        caught_by=failing(
            "integration/test_agreed_orders",
            "test_what_is_invoiced_in_parts_is_what_was_agreed_to_the_cent",
        ),
    ),
    Mutant(
        name="number-committed-before-its-dispatch",
        bug="An invoice's number is committed before the dispatch that it belongs to.",
        file="adapters/postgres/documents.py",
        old="    numbers: list[str] = list(issued.scalars())\n",
        new="""    numbers: list[str] = list(issued.scalars())
    await conn.execute(text("COMMIT"))
""",
        caught_by=failing(
            "integration/test_documents",
            "test_a_dispatch_that_is_rolled_back_gives_its_number_back",
        ),
    ),
    Mutant(
        name="refund-to-the-wrong-tender",
        bug="What comes back is refunded to vouchers before cards.",
        file="adapters/postgres/refunds.py",
        old="ORDER BY coalesce(once.tender, t.tender) = 'voucher', c.state",
        new="ORDER BY coalesce(once.tender, t.tender) <> 'voucher', c.state",
        caught_by=failing(
            "integration/test_refunds",
            "test_what_is_owed_falls_first_then_the_card_gets_back_then_the_voucher",
        ),
    ),
    Mutant(
        name="no-tombstone-for-authorisation",
        bug="What a provider was asked for in vain has no tombstone: a late attempt blocks money.",
        file="adapters/postgres/payments.py",
        old="    if references:\n        await conn.execute(_ENTOMB,",
        new="    if not references:\n        await conn.execute(_ENTOMB,",
        caught_by=failing(
            "integration/test_tenders",
            "test_what_was_asked_for_in_vain_is_void_whenever_its_attempt_comes",
        ),
    ),
    Mutant(
        name="release-of-hold-ignores-funds",
        bug="An order that a person lets go on is sourced though its payment was declined again.",
        file="workflows/sourcing.py",
        old="        if state.funded and (state.backordered",
        new="        if (state.backordered",
        caught_by=failing(
            "workflow/test_waiting",
            "test_a_declined_card_holds_the_order_and_nothing_is_reserved",
        ),
    ),
    Mutant(
        name="returned-twice",
        bug="What is under one return may be announced under another one.",
        file="adapters/postgres/returns/opening.py",
        old='_LOCK = text("SELECT id FROM orders WHERE id = :order_id FOR NO KEY UPDATE")',
        new='_LOCK = text("SELECT id FROM orders WHERE id = :order_id")',
        caught_by=failing(
            "integration/test_returns",
            "test_two_returns_of_the_same_units_at_once_get_them_once",
        ),
    ),
)
