"""Sourcing and promise: calendars, zones, policies by assignment, snapshots, collection."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    op.create_table(
        "network_snapshots",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_network_snapshots")),
        comment="Locations and services as decisions saw them, each state once.",
    )
    op.create_table(
        "location_outcomes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("shipment_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("learned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('kept', 'rejected', 'short', 'late')",
            name=op.f("ck_location_outcomes_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_location_outcomes_location_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_outcomes")),
        comment="What became of each shipment that a location was asked for: its first fault, or none.",
    )
    op.create_index(
        "ix_location_outcomes_new",
        "location_outcomes",
        ["id"],
        unique=False,
        postgresql_where=sa.text("NOT learned"),
    )
    op.create_index(
        "uq_location_outcomes_shipment_id", "location_outcomes", ["shipment_id"], unique=True
    )
    op.create_table(
        "policy_assignments",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("shadow_version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_version"],
            ["policies.version"],
            name=op.f("fk_policy_assignments_policy_version"),
        ),
        sa.ForeignKeyConstraint(
            ["shadow_version"],
            ["policies.version"],
            name=op.f("fk_policy_assignments_shadow_version"),
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_policy_assignments")),
        comment="Which policy a new order gets: that of the first row that fits; null fits all.",
    )
    op.create_table(
        "scarcities",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cost > 0", name=op.f("ck_scarcities_cost")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_scarcities_location_id")
        ),
        sa.ForeignKeyConstraint(["sku"], ["products.sku"], name=op.f("fk_scarcities_sku")),
        sa.PrimaryKeyConstraint("sku", "location_id", name=op.f("pk_scarcities")),
        comment="What taking a unit costs later orders, by the forecast; without a row nothing.",
    )
    op.create_table(
        "shadow_decisions",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_shadow_decisions_order_id")
        ),
        sa.PrimaryKeyConstraint("order_id", "generation", name=op.f("pk_shadow_decisions")),
        comment="What another policy would have decided from the same snapshot; it has no effect.",
    )
    op.add_column(
        "carrier_services",
        sa.Column("destination_prefix", sa.Text(), server_default=sa.text("''"), nullable=False),
    )
    op.add_column("carrier_services", sa.Column("max_unit_grams", sa.Integer(), nullable=True))
    op.add_column("carrier_services", sa.Column("max_unit_mm", sa.Integer(), nullable=True))
    op.add_column("carrier_services", sa.Column("grams_per_litre", sa.Integer(), nullable=True))
    op.add_column(
        "carrier_services",
        sa.Column(
            "breaks",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        "carrier_services",
        sa.Column("co2_grams_per_tkm", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "carrier_services",
        sa.Column("co2_source", sa.Text(), server_default=sa.text("''"), nullable=False),
    )
    op.add_column(
        "carrier_services",
        sa.Column("calendar", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.create_table_comment(
        "carrier_services",
        "destination_country '*' serves every country that has no row of its own, destination_prefix the zone of a country whose postal codes begin with it.",
        existing_comment="destination_country '*' serves every country that has no row of its own.",
        schema=None,
    )
    op.add_column("decisions", sa.Column("network", sa.Text(), nullable=True))
    op.create_index("ix_decisions_at", "decisions", ["at"], unique=False)
    op.create_foreign_key(
        op.f("fk_decisions_network"), "decisions", "network_snapshots", ["network"], ["hash"]
    )
    op.create_table_comment(
        "decisions",
        "What was decided and from which snapshot: locations and services stand in network, those that the destination does not use among them.",
        existing_comment=None,
        schema=None,
    )
    op.add_column("locations", sa.Column("region", sa.Text(), nullable=True))
    op.add_column(
        "locations", sa.Column("calendar", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "locations",
        sa.Column(
            "channels", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column(
        "locations",
        sa.Column(
            "markets", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column(
        "locations",
        sa.Column("collect", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "locations", sa.Column("kept", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "locations",
        sa.Column("rejected", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "locations", sa.Column("short", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "locations", sa.Column("late", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_table_comment(
        "locations",
        "handling_cost is for one shipment, in minor units of the policy's currency; buffer is withheld of every SKU there; collect says that customers may fetch there; kept, rejected, short and late count the shipments that reliability was learned from.",
        existing_comment="handling_cost is for one shipment, in minor units of the policy's currency; buffer is withheld of every SKU there.",
        schema=None,
    )
    op.add_column(
        "orders", sa.Column("type", sa.Text(), server_default=sa.text("'delivery'"), nullable=False)
    )
    op.add_column("orders", sa.Column("collect_at", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_orders_collect_at"), "orders", "locations", ["collect_at"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_orders_type"), "orders", "type IN ('delivery', 'collect', 'ship_to_store')"
    )
    op.create_check_constraint(
        op.f("ck_orders_collect_at"), "orders", "(type = 'delivery') = (collect_at IS NULL)"
    )
    op.execute(
        "INSERT INTO policy_assignments (position, policy_version)"
        " SELECT 1, version FROM policies WHERE active"
    )
    op.drop_index(
        op.f("uq_policies_active"), table_name="policies", postgresql_where=sa.text("active")
    )
    op.create_table_comment(
        "policies",
        "A version never changes: orders keep the one they started with.",
        existing_comment=None,
        schema=None,
    )
    op.drop_column("policies", "active")
    op.add_column("postal_codes", sa.Column("region", sa.Text(), nullable=True))
    op.add_column("postal_codes", sa.Column("timezone", sa.Text(), nullable=True))
    op.add_column(
        "products",
        sa.Column("volume_cm3", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "products",
        sa.Column("longest_mm", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("shipments", sa.Column("pick_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shipments", sa.Column("dispatch_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shipments", sa.Column("dispatch_day", sa.Date(), nullable=True))
    op.add_column("shipments", sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "shipments", sa.Column("collect_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("shipments", sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shipments", sa.Column("cost", sa.BigInteger(), nullable=True))
    op.add_column("shipments", sa.Column("co2_grams", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_shipments_location_day",
        "shipments",
        ["location_id", "dispatch_day"],
        unique=False,
        postgresql_where=sa.text("status <> 'abandoned'"),
    )
    op.create_table_comment(
        "shipments",
        "pick_by and dispatch_by keep the promise, dispatch_day is the location's own; ready_at, collect_until and collected_at are of what is fetched; cost is in minor units.",
        existing_comment=None,
        schema=None,
    )
    op.create_check_constraint(
        op.f("ck_products_size"), "products", "volume_cm3 >= 0 AND longest_mm >= 0"
    )
    op.drop_constraint(op.f("pk_carrier_services"), "carrier_services", type_="primary")
    op.create_primary_key(
        op.f("pk_carrier_services"),
        "carrier_services",
        ["carrier", "service", "origin_country", "destination_country", "destination_prefix"],
    )


def downgrade() -> None:
    op.execute("DELETE FROM carrier_services WHERE destination_prefix <> ''")
    op.drop_constraint(op.f("pk_carrier_services"), "carrier_services", type_="primary")
    op.create_primary_key(
        op.f("pk_carrier_services"),
        "carrier_services",
        ["carrier", "service", "origin_country", "destination_country"],
    )
    op.drop_table_comment(
        "shipments",
        existing_comment="pick_by and dispatch_by keep the promise, dispatch_day is the location's own; ready_at, collect_until and collected_at are of what is fetched; cost is in minor units.",
        schema=None,
    )
    op.drop_index(
        "ix_shipments_location_day",
        table_name="shipments",
        postgresql_where=sa.text("status <> 'abandoned'"),
    )
    op.drop_column("shipments", "co2_grams")
    op.drop_column("shipments", "cost")
    op.drop_column("shipments", "collected_at")
    op.drop_column("shipments", "collect_until")
    op.drop_column("shipments", "ready_at")
    op.drop_column("shipments", "dispatch_day")
    op.drop_column("shipments", "dispatch_by")
    op.drop_column("shipments", "pick_by")
    op.drop_column("products", "longest_mm")
    op.drop_column("products", "volume_cm3")
    op.drop_column("postal_codes", "timezone")
    op.drop_column("postal_codes", "region")
    op.add_column(
        "policies",
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.drop_table_comment(
        "policies",
        existing_comment="A version never changes: orders keep the one they started with.",
        schema=None,
    )
    op.execute(
        "UPDATE policies SET active = true WHERE version = (SELECT policy_version"
        " FROM policy_assignments ORDER BY position DESC LIMIT 1)"
    )
    op.create_index(
        op.f("uq_policies_active"),
        "policies",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.drop_constraint(op.f("fk_orders_collect_at"), "orders", type_="foreignkey")
    op.drop_column("orders", "collect_at")
    op.drop_column("orders", "type")
    op.create_table_comment(
        "locations",
        "handling_cost is for one shipment, in minor units of the policy's currency; buffer is withheld of every SKU there.",
        existing_comment="handling_cost is for one shipment, in minor units of the policy's currency; buffer is withheld of every SKU there; collect says that customers may fetch there; kept, rejected, short and late count the shipments that reliability was learned from.",
        schema=None,
    )
    op.drop_column("locations", "late")
    op.drop_column("locations", "short")
    op.drop_column("locations", "rejected")
    op.drop_column("locations", "kept")
    op.drop_column("locations", "collect")
    op.drop_column("locations", "markets")
    op.drop_column("locations", "channels")
    op.drop_column("locations", "calendar")
    op.drop_column("locations", "region")
    op.drop_table_comment(
        "decisions",
        existing_comment="What was decided and from which snapshot: locations and services stand in network, those that the destination does not use among them.",
        schema=None,
    )
    op.drop_constraint(op.f("fk_decisions_network"), "decisions", type_="foreignkey")
    op.drop_index("ix_decisions_at", table_name="decisions")
    op.drop_column("decisions", "network")
    op.create_table_comment(
        "carrier_services",
        "destination_country '*' serves every country that has no row of its own.",
        existing_comment="destination_country '*' serves every country that has no row of its own, destination_prefix the zone of a country whose postal codes begin with it.",
        schema=None,
    )
    op.drop_column("carrier_services", "calendar")
    op.drop_column("carrier_services", "co2_source")
    op.drop_column("carrier_services", "co2_grams_per_tkm")
    op.drop_column("carrier_services", "breaks")
    op.drop_column("carrier_services", "grams_per_litre")
    op.drop_column("carrier_services", "max_unit_mm")
    op.drop_column("carrier_services", "max_unit_grams")
    op.drop_column("carrier_services", "destination_prefix")
    op.drop_table("shadow_decisions")
    op.drop_table("scarcities")
    op.drop_table("policy_assignments")
    op.drop_index("uq_location_outcomes_shipment_id", table_name="location_outcomes")
    op.drop_index(
        "ix_location_outcomes_new",
        table_name="location_outcomes",
        postgresql_where=sa.text("NOT learned"),
    )
    op.drop_table("location_outcomes")
    op.drop_table("network_snapshots")
