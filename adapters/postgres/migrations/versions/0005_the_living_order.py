"""The living order: amounts by units, versions of an order, and of where it goes."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"

_LINE_GROSS = """
CREATE FUNCTION line_gross(units bigint, unit_price bigint, discount_bps int, vat_bps int,
                           tax_included boolean) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN tax_included THEN charged
                ELSE charged + round(charged * vat_bps / 10000.0)::bigint END
    FROM (SELECT round(units * unit_price * (10000 - discount_bps) / 10000.0)::bigint) AS c(charged)
$$
"""
_LINE_NET = """
CREATE FUNCTION line_net(units bigint, unit_price bigint, discount_bps int, vat_bps int,
                         tax_included boolean) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN tax_included THEN round(charged * 10000.0 / (10000 + vat_bps))::bigint
                ELSE charged END
    FROM (SELECT round(units * unit_price * (10000 - discount_bps) / 10000.0)::bigint) AS c(charged)
$$
"""
_LINES = (
    "backordered counts the units that are reserved nowhere: all, before sourcing.",
    "backordered counts the units that are reserved nowhere: all, before sourcing; invoiced and returned those on invoices and on credit notes; prices are in minor units, rates in basis points.",
)
_ORDERED = ("ordered > 0 AND unit_price >= 0", "ordered >= 0 AND unit_price >= 0")
_CONTACTS = (
    "The only table with personal data.",
    "The only table with personal data; an order's address may change, and each shipment keeps the revision that it goes to.",
)
_INVOICE_LINES = "net and gross are what these units come to, in minor units: those that follow the units of the line that were invoiced before; credited of them are on credit notes."


def upgrade() -> None:
    op.execute(_LINE_GROSS)
    op.execute(_LINE_NET)
    op.add_column("orders", _number("version", 1))
    op.add_column("orders", _number("contact_revision", 0))
    op.add_column("orders", _flag("tax_included", "true"))
    for column in ("discount_bps", "vat_bps", "invoiced", "returned"):
        op.add_column("order_lines", _number(column, 0))
    for table in ("order_lines", "invoice_lines"):
        category = sa.Column("vat_category", sa.Text(), nullable=False, server_default="Z")
        op.add_column(table, category)
    op.execute("""
        UPDATE order_lines l SET invoiced = n.units
        FROM (SELECT i.order_id, n.line_id, sum(n.quantity) AS units
              FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id GROUP BY 1, 2) AS n
        WHERE n.order_id = l.order_id AND n.line_id = l.line_id
    """)
    op.create_check_constraint(
        op.f("ck_order_lines_rates"),
        "order_lines",
        "discount_bps BETWEEN 0 AND 10000 AND vat_bps BETWEEN 0 AND 10000",
    )
    op.create_check_constraint(
        op.f("ck_order_lines_invoiced"),
        "order_lines",
        "0 <= returned AND returned <= invoiced AND invoiced <= shipped",
    )
    _replace_check("order_lines", "ordered", _ORDERED[1])
    op.create_table_comment("order_lines", _LINES[1], existing_comment=_LINES[0])
    for column in ("net", "gross"):
        op.add_column("invoice_lines", sa.Column(column, sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE invoice_lines SET net = quantity * unit_price, gross = quantity * unit_price"
    )
    for column in ("net", "gross"):
        op.alter_column("invoice_lines", column, nullable=False)
    for column in ("discount_bps", "vat_bps", "before", "credited"):
        op.add_column("invoice_lines", _number(column, 0))
    op.execute("""
        UPDATE invoice_lines n SET before = earlier.units
        FROM (SELECT n.invoice_id, n.line_id, sum(n.quantity) OVER (
                  PARTITION BY i.order_id, n.line_id ORDER BY i.issued_at, i.id
              ) - n.quantity AS units
              FROM invoices i JOIN invoice_lines n ON n.invoice_id = i.id) AS earlier
        WHERE earlier.invoice_id = n.invoice_id AND earlier.line_id = n.line_id
    """)
    op.create_check_constraint(
        op.f("ck_invoice_lines_credited"), "invoice_lines", "0 <= credited AND credited <= quantity"
    )
    op.create_table_comment("invoice_lines", _INVOICE_LINES)
    op.add_column("order_contacts", _number("revision", 0))
    op.drop_constraint(op.f("pk_order_contacts"), "order_contacts", type_="primary")
    op.create_primary_key(op.f("pk_order_contacts"), "order_contacts", ["order_id", "revision"])
    op.create_table_comment("order_contacts", _CONTACTS[1], existing_comment=_CONTACTS[0])
    op.add_column("shipments", _number("contact_revision", 0))


def downgrade() -> None:
    op.drop_column("shipments", "contact_revision")
    op.execute("""
        DELETE FROM order_contacts c USING orders o
        WHERE o.id = c.order_id AND c.revision <> o.contact_revision
    """)
    op.drop_constraint(op.f("pk_order_contacts"), "order_contacts", type_="primary")
    op.create_primary_key(op.f("pk_order_contacts"), "order_contacts", ["order_id"])
    op.create_table_comment("order_contacts", _CONTACTS[0], existing_comment=_CONTACTS[1])
    op.drop_column("order_contacts", "revision")
    op.drop_table_comment("invoice_lines", existing_comment=_INVOICE_LINES)
    op.drop_constraint(op.f("ck_invoice_lines_credited"), "invoice_lines", type_="check")
    for column in ("credited", "before", "vat_bps", "discount_bps", "gross", "net"):
        op.drop_column("invoice_lines", column)
    op.create_table_comment("order_lines", _LINES[0], existing_comment=_LINES[1])
    _replace_check("order_lines", "ordered", _ORDERED[0])
    op.drop_constraint(op.f("ck_order_lines_invoiced"), "order_lines", type_="check")
    op.drop_constraint(op.f("ck_order_lines_rates"), "order_lines", type_="check")
    for column in ("returned", "invoiced", "vat_bps", "discount_bps"):
        op.drop_column("order_lines", column)
    for table in ("invoice_lines", "order_lines"):
        op.drop_column(table, "vat_category")
    for column in ("tax_included", "contact_revision", "version"):
        op.drop_column("orders", column)
    op.execute("DROP FUNCTION line_net(bigint, bigint, int, int, boolean)")
    op.execute("DROP FUNCTION line_gross(bigint, bigint, int, int, boolean)")


def _number(name: str, default: int) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text(str(default)))


def _flag(name: str, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text(default))


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
