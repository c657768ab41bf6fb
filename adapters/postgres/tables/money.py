"""Credit, payments and invoices."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from adapters.postgres.tables.base import at, metadata, units

accounts = Table(
    "accounts",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("currency", Text, nullable=False),
    Column("credit_limit", BigInteger, nullable=False),
    Column("terms_days", Integer, nullable=False),
    Column("ship_complete", Boolean, nullable=False, server_default=text("false")),
    Column("open_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("unpaid_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("unapplied_amount", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("credit_limit >= 0", name="credit_limit"),
    CheckConstraint("open_amount >= 0 AND unpaid_amount >= 0", name="exposure"),
    CheckConstraint("unapplied_amount >= 0", name="unapplied_amount"),
    comment="Exposure is open_amount (ordered, not yet invoiced) plus unpaid_amount (invoiced) "
    "less unapplied_amount (paid, and not for an invoice yet).",
)

credit_claims = Table(
    "credit_claims",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("customer_id", ForeignKey("accounts.customer_id"), nullable=False),
    Column("open_amount", BigInteger, nullable=False),
    Column("override_by", Text),
    Column("granted_exposure", BigInteger),
    Column("granted_limit", BigInteger),
    CheckConstraint("open_amount >= 0", name="open_amount"),
    Index("ix_credit_claims_customer_id", "customer_id"),
    comment="What of an order still counts as ordered, not yet invoiced, in its account; granted_* "
    "is how the account stood when it was last raised, the claim included.",
)

credit_overrides = Table(
    "credit_overrides",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", ForeignKey("accounts.customer_id"), nullable=False),
    Column("credit_limit", BigInteger, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    at("granted_at"),
    at("until"),
    CheckConstraint("credit_limit >= 0", name="credit_limit"),
    Index("ix_credit_overrides_customer_id", "customer_id", "until"),
    comment="A limit that a person gave an account until a moment; the highest one in force "
    "counts, where it is above the account's own.",
)

customer_payments = Table(
    "customer_payments",
    metadata,
    Column("customer_id", ForeignKey("accounts.customer_id"), primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    at("received_at"),
    at("booked_at"),
    CheckConstraint("amount > 0", name="amount"),
    comment="Money that a customer paid on account.",
)

payments = Table(
    "payments",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("authorised", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False, server_default=text("0")),
    Column("currency", Text, nullable=False),
    Column("position", Integer, nullable=False, server_default=text("1")),
    at("expires_at", nullable=True),
    Column("untold", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("state IN ('intent', 'authorised', 'declined', 'voided')", name="state"),
    CheckConstraint("captured >= 0 AND captured <= authorised", name="captured"),
    Index("ix_payments_order_id", "order_id"),
    comment="What a provider has blocked for the tender of an order at position; untold until the "
    "provider knows that less of it is needed. "
    "What a refund that is held funds, no provider knows of.",
)

payment_captures = Table(
    "payment_captures",
    metadata,
    Column("shipment_id", ForeignKey("shipments.id"), primary_key=True),
    Column("payment_reference", ForeignKey("payments.reference"), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    Column("refunded", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("state IN ('intent', 'captured', 'refused')", name="state"),
    CheckConstraint("refunded >= 0 AND refunded <= amount", name="refunded"),
    Index("ix_payment_captures_payment_reference", "payment_reference"),
    comment="What a shipment's invoice takes of an authorisation, under a reference of ours; "
    "refunded is what went back of it or is on the way.",
)

invoices = Table(
    "invoices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("shipment_id", ForeignKey("shipments.id"), nullable=False, unique=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False, server_default=text("0")),
    Column("due_on", Date, nullable=False),
    at("issued_at"),
    Column("document", ForeignKey("documents.number")),
    Column("on_account", BigInteger, nullable=False, server_default=text("0")),
    Column("captured", BigInteger, nullable=False, server_default=text("0")),
    Column("credited", BigInteger, nullable=False, server_default=text("0")),
    Column("owed", BigInteger, Computed("on_account - paid - credited", persisted=True)),
    CheckConstraint("paid >= 0 AND credited >= 0 AND paid + credited <= on_account", name="paid"),
    CheckConstraint("captured >= 0 AND captured <= amount - on_account", name="captured"),
    Index("ix_invoices_order_id", "order_id"),
    Index("ix_invoices_customer_id", "customer_id"),
    Index("ix_invoices_document", "document"),
    Index("ix_invoices_unnumbered", "customer_id", postgresql_where=text("document IS NULL")),
    comment="What a customer is charged for one shipment: on_account of it to the account, the "
    "rest to payments up front, of which captured is there; paid and credited lower what is owed; "
    "document is the numbered invoice that it is on.",
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("invoice_id", ForeignKey("invoices.id"), primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    units("discount_bps"),
    units("vat_bps"),
    Column("vat_category", Text, nullable=False, server_default=text("'Z'")),
    units("before"),
    units("credited"),
    Column("refunded_hundredths", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("0 <= credited AND credited <= quantity", name="credited"),
    comment="net and gross are what these units come to, in minor units: those that follow the "
    "units of the line that were invoiced before; credited of them are on credit notes, "
    "refunded_hundredths is how much of these was given back, in hundredths of a unit.",
)

payment_allocations = Table(
    "payment_allocations",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("payment_reference", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    at("at"),
    CheckConstraint("amount <> 0", name="amount"),
    ForeignKeyConstraint(
        ["customer_id", "payment_reference"],
        ["customer_payments.customer_id", "customer_payments.reference"],
    ),
    Index("ix_payment_allocations_invoice_id", "invoice_id"),
    Index("ix_payment_allocations_payment", "customer_id", "payment_reference"),
    comment="Which invoice a customer's payment paid, and how much of it; below 0, what a credit "
    "note set free again.",
)
