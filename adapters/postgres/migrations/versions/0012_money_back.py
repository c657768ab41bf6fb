"""Money that goes back: by grade, refused by a provider, and paying for what is wanted instead."""

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"

_GROSS_OF_PART = """
CREATE FUNCTION line_gross_part(hundredths bigint, unit_price bigint, discount_bps int,
                                vat_bps int, tax_included boolean) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN tax_included THEN charged
                ELSE charged + round(charged * vat_bps / 10000.0)::bigint END
    FROM (SELECT round(hundredths * unit_price * (10000 - discount_bps) / 1000000.0)::bigint)
        AS c(charged)
$$
"""
_NET_OF_PART = """
CREATE FUNCTION line_net_part(hundredths bigint, unit_price bigint, discount_bps int, vat_bps int,
                              tax_included boolean) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN tax_included THEN round(charged * 10000.0 / (10000 + vat_bps))::bigint
                ELSE charged END
    FROM (SELECT round(hundredths * unit_price * (10000 - discount_bps) / 1000000.0)::bigint)
        AS c(charged)
$$
"""
_PART = "(bigint, bigint, int, int, boolean)"
_OPEN = ("'requested', 'authorised', 'received'", "'closed', 'expired', 'cancelled'")
_COMMENTS = {
    "inspections": (
        "In which state units came back and what became of them; refunded says that the policy refunds their grade.",
        "In which state units came back and what became of them; refunded says that the policy refunds their grade, percent how much of it.",
    ),
    "invoice_lines": (
        "net and gross are what these units come to, in minor units: those that follow the units of the line that were invoiced before; credited of them are on credit notes.",
        "net and gross are what these units come to, in minor units: those that follow the units of the line that were invoiced before; credited of them are on credit notes, refunded_hundredths is how much of these was given back, in hundredths of a unit.",
    ),
    "credit_note_lines": (
        "Units of an invoice line that a credit note takes back: those that follow `before` of the invoice line's own, by which their amounts in minor units are exact.",
        "Units of an invoice line that a credit note takes back, and the hundredths of a unit that it gives back for them: those that follow `before` of the invoice line's own, by which their amounts in minor units are exact.",
    ),
    "payments": (
        "What a provider has blocked for the tender of an order at position; untold until the provider knows that less of it is needed.",
        "What a provider has blocked for the tender of an order at position; untold until the provider knows that less of it is needed. What a refund that is held funds, no provider knows of.",
    ),
    "refunds": (
        "What goes back of a capture, for a credit note, its source; attempts counts how often the provider was asked under a new reference, reason is why it refused.",
        "What goes back of a capture, for a credit note, its source; attempts counts how often the provider was asked under a new reference, reason is why it refused. What is held pays for an exchange; what is settled a person gave back in another way.",
    ),
}


def upgrade() -> None:
    op.execute(_GROSS_OF_PART)
    op.execute(_NET_OF_PART)
    _restate_returns("'requested', 'authorised', 'received', 'refund_refused'")
    _replace_check("refunds", "amount", "amount > 0 OR state = 'held' AND amount = 0")
    _replace_check(
        "refunds", "state", "state IN ('intent', 'refunded', 'refused', 'held', 'settled')"
    )
    for column in ("settled_by", "settled_how", "note", "moved_from"):
        op.add_column("refunds", sa.Column(column, sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_refunds_settled_by"),
        "refunds",
        "(state = 'settled') = (settled_by IS NOT NULL AND settled_how IS NOT NULL)",
    )
    _replace_check(
        "order_tenders", "tender", "tender IN ('exchange', 'voucher', 'card', 'account')"
    )
    op.add_column("refunds", sa.Column("funds", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_refunds_funds_payments"), "refunds", "payments", ["funds"], ["reference"]
    )
    op.create_unique_constraint(op.f("uq_refunds_funds"), "refunds", ["funds"])
    _count_hundredths()
    op.add_column(
        "inspections",
        sa.Column("percent", sa.Integer(), nullable=False, server_default=sa.text("100")),
    )
    op.execute("UPDATE inspections SET percent = 0 WHERE NOT refunded")
    op.create_check_constraint(
        op.f("ck_inspections_percent"), "inspections", "percent BETWEEN 0 AND 100"
    )
    for table, (before, after) in _COMMENTS.items():
        op.create_table_comment(table, after, existing_comment=before)


def downgrade() -> None:
    for table, (before, after) in _COMMENTS.items():
        op.create_table_comment(table, before, existing_comment=after)
    op.drop_column("inspections", "percent")
    for table, column in (
        ("credit_note_lines", "hundredths_before"),
        ("credit_note_lines", "hundredths"),
        ("invoice_lines", "refunded_hundredths"),
    ):
        op.drop_column(table, column)
    # The older release knows of no money that moves from an order to another: the new order's was
    # authorised somewhere, and what was kept back for it is on its way to the customer.
    op.execute("UPDATE order_tenders SET tender = 'voucher' WHERE tender = 'exchange'")
    _replace_check("order_tenders", "tender", "tender IN ('voucher', 'card', 'account')")
    op.drop_constraint(op.f("ck_refunds_settled_by"), "refunds", type_="check")
    op.execute("DELETE FROM refunds WHERE amount = 0")
    op.execute("UPDATE refunds SET state = 'refunded' WHERE state IN ('held', 'settled')")
    _replace_check("refunds", "state", "state IN ('intent', 'refunded', 'refused')")
    _replace_check("refunds", "amount", "amount > 0")
    for column in ("funds", "settled_by", "settled_how", "note", "moved_from"):
        op.drop_column("refunds", column)
    op.execute("UPDATE returns SET status = 'received' WHERE status = 'refund_refused'")
    _restate_returns(_OPEN[0])
    op.execute(f"DROP FUNCTION line_net_part{_PART}")
    op.execute(f"DROP FUNCTION line_gross_part{_PART}")


def _restate_returns(open_ones: str) -> None:
    op.drop_index(op.f("ix_returns_open"), table_name="returns")
    _replace_check("returns", "status", f"status IN ({open_ones}, {_OPEN[1]})")
    op.create_index(
        op.f("ix_returns_open"),
        "returns",
        ["opened_at"],
        postgresql_where=sa.text(f"status IN ({open_ones})"),
    )


def _count_hundredths() -> None:
    """What was credited until now was credited whole."""
    columns = (
        ("invoice_lines", "refunded_hundredths", "credited"),
        ("credit_note_lines", "hundredths", "quantity"),
        ("credit_note_lines", "hundredths_before", "before"),
    )
    for table, column, units in columns:
        op.add_column(
            table,
            sa.Column(column, sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        )
        op.execute(f"UPDATE {table} SET {column} = 100 * {units}")  # noqa: S608 - constants


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
