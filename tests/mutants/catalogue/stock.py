"""Bugs in what orders claim of stock, and in who gets what comes free."""

from tests.mutants.mutant import Mutant, failing

STOCK = (
    Mutant(
        name="stock-read-without-lock",
        bug="Stock is read for a reservation without locking its rows.",
        file="adapters/postgres/stock/rows.py",
        old="ORDER BY s.sku, s.location_id FOR UPDATE OF s",
        new="ORDER BY s.sku, s.location_id",
        caught_by=failing(
            "integration/test_stock_desk",
            "test_of_a_hundred_orders_at_many_desks_ten_get_the_ten_units",
        ),
    ),
    Mutant(
        name="pool-sold-to-others",
        bug="What is kept for one channel counts as available for every other one.",
        file="adapters/postgres/stock/rows.py",
        old="s.withheld - l.buffer - s.pooled AS common",
        new="s.withheld - l.buffer AS common",
        caught_by=failing(
            "integration/test_stock_desk",
            "test_a_channel_takes_from_its_own_pool_first_and_never_from_another_ones",
            raises="CheckViolation",
            says="ck_stock_reserved",
        ),
    ),
    Mutant(
        name="earmark-kept-by-cancelled-rest",
        bug="What was kept for an order stays reserved when the rest of that order is cancelled.",
        file="activities/cancelling.py",
        old="""    unused = await allocation.drop_earmarks(step.conn, step.order_id)
    await stock.release(step.conn, step.order_id, unused)
    free.update(sku for sku, _ in unused)
    await give_up_supplies(step, event)
""",
        new="""    await give_up_supplies(step, event)
""",
        caught_by=failing(
            "integration/test_stopping",
            "test_what_a_hold_kept_is_free_once_the_rest_is_cancelled",
        ),
    ),
    Mutant(
        name="freed-stock-given-to-nobody",
        bug="What a cancelled order gives back is not offered to the orders that wait for it.",
        file="activities/orders.py",
        old="""    await stock.release(step.conn, step.order_id, freed)
    free.update(sku for sku, _ in freed)
""",
        new="""    await stock.release(step.conn, step.order_id, freed)
""",
        caught_by=failing(
            "integration/test_freed_stock",
            "test_what_a_cancelled_order_gives_back_goes_to_those_that_wait",
        ),
    ),
    Mutant(
        name="dispatch-missed-twice",
        bug="Units that left before a count, and are reported after it, are taken off once more.",
        file="adapters/postgres/stock/claims.py",
        old="s.on_hand - CASE WHEN :leaves AND NOT l.counted THEN",
        new="s.on_hand - CASE WHEN :leaves THEN",
        caught_by=failing(
            "integration/test_counts",
            "test_what_left_before_the_count_and_is_told_after_it_is_not_missed_twice",
        ),
    ),
)
