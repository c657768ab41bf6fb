"""Tenders: an order is paid by several means, and what was paid goes back to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"

_PAYMENTS = "What a provider has blocked for the tender of an order at position; untold until the provider knows that less of it is needed."
_CAPTURES = "What a shipment's invoice takes of an authorisation, under a reference of ours; refunded is what went back of it or is on the way."
_ALLOCATIONS = (
    "Which invoice a customer's payment paid, and how much of it.",
    "Which invoice a customer's payment paid, and how much of it; below 0, what a credit note set free again.",
)
# An invoice whose payment was not asked for yet when the system was stopped.
_TO_BE_CAPTURED = """
INSERT INTO payment_captures (shipment_id, payment_reference, amount, state, reference)
SELECT i.shipment_id, p.reference, i.amount, 'intent', i.shipment_id || '\\:capture'
FROM invoices i JOIN orders o ON o.id = i.order_id AND o.tender = 'card'
JOIN LATERAL (
    SELECT reference FROM payments
    WHERE order_id = o.id AND state = 'authorised' ORDER BY reference LIMIT 1
) p ON true
WHERE i.amount > 0
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    _create_order_tenders()
    op.execute(
        "INSERT INTO order_tenders (order_id, position, tender) SELECT id, 1, tender FROM orders"
    )
    tokens = postgresql.JSONB(none_as_null=True)
    op.add_column("order_contacts", sa.Column("payment_tokens", tokens, nullable=True))
    op.execute("""
        UPDATE order_contacts SET payment_tokens = jsonb_build_object('1', payment_token)
        WHERE payment_token IS NOT NULL
    """)
    op.drop_column("order_contacts", "payment_token")
    op.add_column(
        "payments", sa.Column("position", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("payments", _moment("expires_at"))
    op.add_column(
        "payments",
        sa.Column("untold", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.create_table_comment("payments", _PAYMENTS)
    _widen_captures()
    _widen_invoices()
    op.execute(_TO_BE_CAPTURED)
    _replace_check("payment_allocations", "amount", "amount <> 0")
    op.create_table_comment(
        "payment_allocations", _ALLOCATIONS[1], existing_comment=_ALLOCATIONS[0]
    )
    _create_refunds()


def downgrade() -> None:
    op.drop_table("refunds")
    op.create_table_comment(
        "payment_allocations", _ALLOCATIONS[0], existing_comment=_ALLOCATIONS[1]
    )
    _merge_allocations()
    _replace_check("payment_allocations", "amount", "amount > 0")
    _narrow_invoices()
    _narrow_captures()
    op.drop_table_comment("payments", existing_comment=_PAYMENTS)
    for column in ("untold", "expires_at", "position"):
        op.drop_column("payments", column)
    op.add_column("order_contacts", sa.Column("payment_token", sa.Text(), nullable=True))
    op.execute("UPDATE order_contacts SET payment_token = payment_tokens ->> '1'")
    op.drop_column("order_contacts", "payment_tokens")
    op.execute("UPDATE orders SET tender = 'card' WHERE tender IN ('voucher', 'mixed')")
    op.drop_table("order_tenders")


def _merge_allocations() -> None:
    """What credit notes set free is no allocation any more: one row is left, of what remains."""
    grouped = """
        SELECT invoice_id, customer_id, payment_reference, min(id) AS first, sum(amount) AS amount
        FROM payment_allocations GROUP BY 1, 2, 3 HAVING min(amount) < 0
    """
    op.execute(f"CREATE TEMPORARY TABLE set_free ON COMMIT DROP AS {grouped}")
    op.execute("""
        UPDATE payment_allocations a SET amount = set_free.amount
        FROM set_free WHERE a.id = set_free.first AND set_free.amount > 0
    """)
    op.execute("""
        DELETE FROM payment_allocations a USING set_free f
        WHERE a.invoice_id = f.invoice_id AND a.customer_id = f.customer_id
          AND a.payment_reference = f.payment_reference AND (a.id <> f.first OR f.amount <= 0)
    """)


def _create_order_tenders() -> None:
    op.create_table(
        "order_tenders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tender", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "tender IN ('voucher', 'card', 'account')", name=op.f("ck_order_tenders_tender")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_order_tenders_amount")),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_tenders_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", "position", name=op.f("pk_order_tenders")),
        comment="What an order is paid with: each tender bears at most its amount, in minor units, and the one without takes the rest.",
    )
    for name, condition in (("rest", "amount IS NULL"), ("account", "tender = 'account'")):
        op.create_index(
            op.f(f"uq_order_tenders_{name}"),
            "order_tenders",
            ["order_id"],
            unique=True,
            postgresql_where=sa.text(condition),
        )


def _widen_captures() -> None:
    op.add_column("payment_captures", sa.Column("reference", sa.Text(), nullable=True))
    op.execute("UPDATE payment_captures SET reference = shipment_id || '\\:capture'")
    op.alter_column("payment_captures", "reference", nullable=False)
    op.create_unique_constraint(
        op.f("uq_payment_captures_reference"), "payment_captures", ["reference"]
    )
    op.add_column(
        "payment_captures",
        sa.Column("refunded", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.create_check_constraint(
        op.f("ck_payment_captures_refunded"),
        "payment_captures",
        "refunded >= 0 AND refunded <= amount",
    )
    op.drop_constraint(op.f("pk_payment_captures"), "payment_captures", type_="primary")
    op.create_primary_key(
        op.f("pk_payment_captures"), "payment_captures", ["shipment_id", "payment_reference"]
    )
    op.create_index(
        op.f("ix_payment_captures_payment_reference"), "payment_captures", ["payment_reference"]
    )
    op.create_table_comment("payment_captures", _CAPTURES)


def _narrow_captures() -> None:
    op.drop_table_comment("payment_captures", existing_comment=_CAPTURES)
    op.drop_index(op.f("ix_payment_captures_payment_reference"), table_name="payment_captures")
    # The older release knows of one capture for each shipment, and no other tender than cards.
    op.execute("""
        DELETE FROM payment_captures c USING payment_captures first
        WHERE first.shipment_id = c.shipment_id AND first.payment_reference < c.payment_reference
    """)
    op.drop_constraint(op.f("pk_payment_captures"), "payment_captures", type_="primary")
    op.create_primary_key(op.f("pk_payment_captures"), "payment_captures", ["shipment_id"])
    op.drop_constraint(op.f("ck_payment_captures_refunded"), "payment_captures", type_="check")
    op.drop_column("payment_captures", "refunded")
    op.drop_constraint(op.f("uq_payment_captures_reference"), "payment_captures", type_="unique")
    op.drop_column("payment_captures", "reference")


def _widen_invoices() -> None:
    for column in ("on_account", "captured", "credited"):
        op.add_column(
            "invoices",
            sa.Column(column, sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        )
    op.drop_constraint(op.f("ck_invoices_paid"), "invoices", type_="check")
    op.execute("""
        UPDATE invoices i
        SET on_account = CASE o.tender WHEN 'account' THEN i.amount ELSE 0 END,
            captured = CASE o.tender WHEN 'account' THEN 0 ELSE i.paid END,
            paid = CASE o.tender WHEN 'account' THEN i.paid ELSE 0 END
        FROM orders o WHERE o.id = i.order_id
    """)
    op.add_column(
        "invoices",
        sa.Column(
            "owed",
            sa.BigInteger(),
            sa.Computed("on_account - paid - credited", persisted=True),
            nullable=True,
        ),
    )
    op.create_check_constraint(
        op.f("ck_invoices_paid"),
        "invoices",
        "paid >= 0 AND credited >= 0 AND paid + credited <= on_account",
    )
    op.create_check_constraint(
        op.f("ck_invoices_captured"),
        "invoices",
        "captured >= 0 AND captured <= amount - on_account",
    )


def _narrow_invoices() -> None:
    op.drop_constraint(op.f("ck_invoices_captured"), "invoices", type_="check")
    op.drop_constraint(op.f("ck_invoices_paid"), "invoices", type_="check")
    op.drop_column("invoices", "owed")
    op.execute("UPDATE invoices SET paid = paid + credited + captured")
    for column in ("credited", "captured", "on_account"):
        op.drop_column("invoices", column)
    op.create_check_constraint(op.f("ck_invoices_paid"), "invoices", "paid >= 0 AND paid <= amount")


def _create_refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shipment_id", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="intent"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("reason", sa.Text(), nullable=True),
        _moment("intended_at", nullable=False),
        _moment("refunded_at"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint(
            "state IN ('intent', 'refunded', 'refused')", name=op.f("ck_refunds_state")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_refunds_invoice_id_invoices")
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id", "payment_reference"],
            ["payment_captures.shipment_id", "payment_captures.payment_reference"],
            name=op.f("fk_refunds_shipment_id_payment_captures"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        comment="What goes back of a capture, for a credit note, its source; attempts counts how often the provider was asked under a new reference, reason is why it refused.",
    )
    op.create_index(op.f("ix_refunds_order_id"), "refunds", ["order_id"])
    op.create_index(op.f("ix_refunds_capture"), "refunds", ["shipment_id", "payment_reference"])


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
