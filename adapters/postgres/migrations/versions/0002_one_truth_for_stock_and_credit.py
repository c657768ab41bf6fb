"""One truth for stock and credit: earmarks, pools, supplies, counts, limits and payments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.create_table(
        "quarantined_rows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_quarantined_rows_location_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_rows")),
        comment="Rows of counts that could not be understood, and why.",
    )
    op.create_index(
        "ix_quarantined_rows_location_id", "quarantined_rows", ["location_id", "id"], unique=False
    )
    op.create_table(
        "supplies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("origin_id", sa.Text(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "confidence >= 0 AND confidence <= 1", name=op.f("ck_supplies_confidence")
        ),
        sa.CheckConstraint(
            "units > 0 AND received >= 0 AND claimed >= 0", name=op.f("ck_supplies_units")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_supplies_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["origin_id"], ["locations.id"], name=op.f("fk_supplies_origin_id")
        ),
        sa.ForeignKeyConstraint(["sku"], ["products.sku"], name=op.f("fk_supplies_sku")),
        sa.PrimaryKeyConstraint("id", "sku", name=op.f("pk_supplies")),
        comment="Stock that is to come: ordered from a supplier, or in transit from origin_id. claimed units are promised to orders that wait for them.",
    )
    op.create_index(
        "ix_supplies_open",
        "supplies",
        ["sku", "due"],
        unique=False,
        postgresql_where=sa.text("NOT closed"),
    )
    op.create_table(
        "credit_overrides",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_credit_overrides_credit_limit")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["accounts.customer_id"], name=op.f("fk_credit_overrides_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_overrides")),
        comment="A limit that a person gave an account until a moment; the highest one in force counts, where it is above the account's own.",
    )
    op.create_index(
        "ix_credit_overrides_customer_id",
        "credit_overrides",
        ["customer_id", "until"],
        unique=False,
    )
    op.create_table(
        "customer_payments",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_customer_payments_amount")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["accounts.customer_id"], name=op.f("fk_customer_payments_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "reference", name=op.f("pk_customer_payments")),
        comment="Money that a customer paid on account.",
    )
    op.create_table(
        "earmarks",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("declined", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("units >= 0", name=op.f("ck_earmarks_units")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_earmarks_order_id")),
        sa.PrimaryKeyConstraint("order_id", "sku", "location_id", name=op.f("pk_earmarks")),
        comment="Units that are reserved for an order and in no shipment of it yet. declined says that the order was offered these and could not be sent from there.",
    )
    op.create_index(
        "ix_earmarks_held",
        "earmarks",
        ["sku", "location_id"],
        unique=False,
        postgresql_where=sa.text("units > 0"),
    )
    op.create_table(
        "order_signals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_signals_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_signals")),
        comment="What the books have to tell an order's workflow; removed when it is told.",
    )
    op.create_table(
        "pool_draws",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("units >= 0", name=op.f("ck_pool_draws_units")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_pool_draws_order_id")),
        sa.PrimaryKeyConstraint("order_id", "sku", "location_id", name=op.f("pk_pool_draws")),
        comment="What an order holds from its channel's pool, given back there when it is released.",
    )
    op.create_table(
        "pools",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("units >= 0", name=op.f("ck_pools_units")),
        sa.ForeignKeyConstraint(["channel"], ["channels.code"], name=op.f("fk_pools_channel")),
        sa.ForeignKeyConstraint(
            ["sku", "location_id"],
            ["stock.sku", "stock.location_id"],
            name=op.f("fk_pools_sku_location_id"),
        ),
        sa.PrimaryKeyConstraint("sku", "location_id", "channel", name=op.f("pk_pools")),
        comment="Units kept for a channel: what is left of them.",
    )
    op.create_table(
        "supply_claims",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("supply_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("promise", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_supply_claims_units")),
        sa.ForeignKeyConstraint(
            ["order_id", "line_id"],
            ["order_lines.order_id", "order_lines.line_id"],
            name=op.f("fk_supply_claims_order_id_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["supply_id", "sku"],
            ["supplies.id", "supplies.sku"],
            name=op.f("fk_supply_claims_supply_id_sku"),
        ),
        sa.PrimaryKeyConstraint("order_id", "line_id", "supply_id", name=op.f("pk_supply_claims")),
        comment="A backordered unit's claim on a supply; promise is when it then reaches the customer.",
    )
    op.create_index(
        "ix_supply_claims_supply_id", "supply_claims", ["supply_id", "sku"], unique=False
    )
    op.create_table(
        "yields",
        sa.Column("shipment_id", sa.Text(), nullable=False),
        sa.Column("for_order_id", sa.Text(), nullable=False),
        sa.Column("refused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["for_order_id"], ["orders.id"], name=op.f("fk_yields_for_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_yields_shipment_id")
        ),
        sa.PrimaryKeyConstraint("shipment_id", name=op.f("pk_yields")),
        comment="Shipments that were asked to give their stock to a critical order, each once.",
    )
    op.create_index("ix_yields_for_order_id", "yields", ["for_order_id"], unique=False)
    op.create_table(
        "payment_allocations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_allocations_amount")),
        sa.ForeignKeyConstraint(
            ["customer_id", "payment_reference"],
            ["customer_payments.customer_id", "customer_payments.reference"],
            name=op.f("fk_payment_allocations_customer_id_payment_reference"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_payment_allocations_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_allocations")),
        comment="Which invoice a customer's payment paid, and how much of it.",
    )
    op.create_index(
        "ix_payment_allocations_invoice_id", "payment_allocations", ["invoice_id"], unique=False
    )
    op.create_index(
        "ix_payment_allocations_payment",
        "payment_allocations",
        ["customer_id", "payment_reference"],
        unique=False,
    )
    op.add_column(
        "accounts",
        sa.Column("ship_complete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "accounts",
        sa.Column("unapplied_amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_table_comment(
        "accounts",
        "Exposure is open_amount (ordered, not yet invoiced) plus unpaid_amount (invoiced) less unapplied_amount (paid, and not for an invoice yet).",
        existing_comment="Exposure is open_amount (ordered, not yet invoiced) plus unpaid_amount (invoiced).",
        schema=None,
    )
    op.add_column("credit_claims", sa.Column("granted_exposure", sa.BigInteger(), nullable=True))
    op.add_column("credit_claims", sa.Column("granted_limit", sa.BigInteger(), nullable=True))
    op.create_table_comment(
        "credit_claims",
        "What of an order still counts as ordered, not yet invoiced, in its account; granted_* is how the account stood when it was last raised, the claim included.",
        existing_comment="What of an order still counts as ordered, not yet invoiced, in its account.",
        schema=None,
    )
    op.add_column(
        "locations", sa.Column("buffer", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_table_comment(
        "locations",
        "handling_cost is for one shipment, in minor units of the policy's currency; buffer is withheld of every SKU there.",
        existing_comment="handling_cost is for one shipment, in minor units of the policy's currency.",
        schema=None,
    )
    op.create_index(
        "ix_order_lines_waiting",
        "order_lines",
        ["sku"],
        unique=False,
        postgresql_where=sa.text("backordered > 0"),
    )
    op.add_column(
        "stock", sa.Column("withheld", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "stock", sa.Column("pooled", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "stock", sa.Column("set_aside", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("stock", sa.Column("withheld_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("stock", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table_comment(
        "stock",
        "buffer is what a person withholds, withheld what could not be found (since withheld_at, until a count), pooled what is left in the pools of channels, set_aside what is there and not for sale. counted_at is when the last count that counts was taken.",
        existing_comment=None,
        schema=None,
    )
    op.add_column(
        "stock_ledger",
        sa.Column("aside", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("stock_ledger", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("stock_ledger", sa.Column("by", sa.Text(), nullable=True))
    op.alter_column(
        "stock_ledger",
        "delta",
        existing_type=sa.INTEGER(),
        server_default=sa.text("0"),
        existing_nullable=False,
    )
    op.create_table_comment(
        "stock_ledger",
        "Append-only. source names what moved the units: a receipt, a shipment, a count. delta changes what is on hand, aside what is set aside; at is when the units really moved.",
        existing_comment="Append-only. source names what moved the units: a receipt, a shipment, a count.",
        schema=None,
    )
    # What short picks withheld stood in the buffer, which is a person's from now on.
    op.execute(
        "UPDATE stock SET withheld = buffer, buffer = 0, withheld_at = now() WHERE buffer > 0"
    )
    op.create_check_constraint(
        op.f("ck_stock_parts"), "stock", "withheld >= 0 AND pooled >= 0 AND set_aside >= 0"
    )
    op.create_check_constraint(op.f("ck_locations_buffer"), "locations", "buffer >= 0")
    op.create_check_constraint(
        op.f("ck_accounts_unapplied_amount"), "accounts", "unapplied_amount >= 0"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_stock_parts"), "stock")
    op.drop_constraint(op.f("ck_locations_buffer"), "locations")
    op.drop_constraint(op.f("ck_accounts_unapplied_amount"), "accounts")
    op.execute("UPDATE stock SET buffer = buffer + withheld")
    op.create_table_comment(
        "stock_ledger",
        "Append-only. source names what moved the units: a receipt, a shipment, a count.",
        existing_comment="Append-only. source names what moved the units: a receipt, a shipment, a count. delta changes what is on hand, aside what is set aside; at is when the units really moved.",
        schema=None,
    )
    op.alter_column(
        "stock_ledger",
        "delta",
        existing_type=sa.INTEGER(),
        server_default=None,
        existing_nullable=False,
    )
    op.drop_column("stock_ledger", "by")
    op.drop_column("stock_ledger", "note")
    op.drop_column("stock_ledger", "aside")
    op.drop_table_comment(
        "stock",
        existing_comment="buffer is what a person withholds, withheld what could not be found (since withheld_at, until a count), pooled what is left in the pools of channels, set_aside what is there and not for sale. counted_at is when the last count that counts was taken.",
        schema=None,
    )
    op.drop_column("stock", "counted_at")
    op.drop_column("stock", "withheld_at")
    op.drop_column("stock", "set_aside")
    op.drop_column("stock", "pooled")
    op.drop_column("stock", "withheld")
    op.drop_index(
        "ix_order_lines_waiting",
        table_name="order_lines",
        postgresql_where=sa.text("backordered > 0"),
    )
    op.create_table_comment(
        "locations",
        "handling_cost is for one shipment, in minor units of the policy's currency.",
        existing_comment="handling_cost is for one shipment, in minor units of the policy's currency; buffer is withheld of every SKU there.",
        schema=None,
    )
    op.drop_column("locations", "buffer")
    op.create_table_comment(
        "credit_claims",
        "What of an order still counts as ordered, not yet invoiced, in its account.",
        existing_comment="What of an order still counts as ordered, not yet invoiced, in its account; granted_* is how the account stood when it was last raised, the claim included.",
        schema=None,
    )
    op.drop_column("credit_claims", "granted_limit")
    op.drop_column("credit_claims", "granted_exposure")
    op.create_table_comment(
        "accounts",
        "Exposure is open_amount (ordered, not yet invoiced) plus unpaid_amount (invoiced).",
        existing_comment="Exposure is open_amount (ordered, not yet invoiced) plus unpaid_amount (invoiced) less unapplied_amount (paid, and not for an invoice yet).",
        schema=None,
    )
    op.drop_column("accounts", "unapplied_amount")
    op.drop_column("accounts", "ship_complete")
    op.drop_index("ix_payment_allocations_payment", table_name="payment_allocations")
    op.drop_index("ix_payment_allocations_invoice_id", table_name="payment_allocations")
    op.drop_table("payment_allocations")
    op.drop_index("ix_yields_for_order_id", table_name="yields")
    op.drop_table("yields")
    op.drop_index("ix_supply_claims_supply_id", table_name="supply_claims")
    op.drop_table("supply_claims")
    op.drop_table("pools")
    op.drop_table("pool_draws")
    op.drop_table("order_signals")
    op.drop_index("ix_earmarks_held", table_name="earmarks", postgresql_where=sa.text("units > 0"))
    op.drop_table("earmarks")
    op.drop_table("customer_payments")
    op.drop_index("ix_credit_overrides_customer_id", table_name="credit_overrides")
    op.drop_table("credit_overrides")
    op.drop_index("ix_supplies_open", table_name="supplies", postgresql_where=sa.text("NOT closed"))
    op.drop_table("supplies")
    op.drop_index("ix_quarantined_rows_location_id", table_name="quarantined_rows")
    op.drop_table("quarantined_rows")
