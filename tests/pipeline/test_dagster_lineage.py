"""What Dagster shows before anything ran: keys, owners, kinds, columns. The keys are part of what users build on."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from pydantic import SecretStr

from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.settings import Settings
from pipeline.pipeline_support import POINTS, Company

PROJECT = Path(__file__).parents[2]
DECLARED = {
    "audiences/high_value",
    "audiences/lapsed_90days",
    "audiences/new_customers_last_14days",
    "audiences/order_completed_last_30days",
    "audiences/repeat_customers",
    "contacts",
    "traits/average_order_value",
    "traits/customer_stage",
    "traits/last_order_at",
    "traits/lifetime_value",
    "traits/orders_count",
}

EVENTS = {"events/order_completed"}


def names(keys: object) -> set[str]:
    return {key.to_user_string() for key in keys}  # type: ignore[attr-defined]


def test_the_keys_of_assets_checks_jobs_and_sensors_stay(company: Company) -> None:
    """Those of the declarations that come with the project, dbt apart; a new name here is one that users build on."""
    settings = company.settings().model_copy(update={"ac_pipeline_assets": PROJECT / "assets"})
    definitions = build_definitions(settings)
    graph = definitions.resolve_asset_graph()
    assert names(graph.materializable_asset_keys) == DECLARED | EVENTS | {"snapshot", "changes", "activecampaign"}
    checks = {(check.asset_key.to_user_string(), check.name) for check in graph.asset_check_keys}
    assert checks == {
        *((key, "extracted") for key in DECLARED | EVENTS),
        *(("snapshot", name) for name in ("keys", "emails", "values", "size", "guard")),
        *(
            ("activecampaign", name)
            for name in ("source_is_fresh", "delivery_is_fresh", "nothing_waits_long", "few_are_refused")
        ),
    }
    repository = definitions.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"}
    assert jobs == {"sync_audiences", "deliver_pending", "resend", "release", "retry", "retire"}
    assert {sensor.name for sensor in repository.sensor_defs} == {"alerts", "deliver_late"}
    partitions = repository.get_job("resend").partitions_def
    assert partitions is not None
    assert set(partitions.get_partition_keys()) == {key.rpartition("/")[2] for key in DECLARED}


def test_lineage_has_owners_kinds_groups_and_columns_from_the_declarations(company: Company) -> None:
    """From the relations of the warehouse to ActiveCampaign."""
    company.declare("traits/points", POINTS + "owner: ada@company.example\ndescription: What they collected.\n")
    company.run_sql("create table orders (user_id varchar, occurred_at timestamp)")
    company.declare("events/orders", "call: track\nevent: Order\nowner: Shop\nsql: select * from orders\n")
    company.audience("Vip", "1", owner="Customer Care", membership={"tag": "VIP", "list": "News"})
    graph = build_definitions(company.settings()).resolve_asset_graph()
    parents = {key.to_user_string(): names(graph.get(key).parent_keys) for key in graph.materializable_asset_keys}
    assert parents == {
        "contacts": {"warehouse/contacts"},
        "audiences/buyers": {"warehouse/buyers"},
        "audiences/vip": {"warehouse/vip"},
        "traits/points": {"warehouse/points"},
        "snapshot": {"contacts", "audiences/buyers", "audiences/vip", "traits/points"},
        "changes": {"snapshot"},
        "events/orders": {"snapshot", "warehouse/orders"},
        "activecampaign": {"changes", "events/orders"},
    }

    def shown(*path: str) -> tuple[object, ...]:
        node = graph.get(dg.AssetKey(path))
        columns = node.metadata["dagster/column_schema"].columns
        described = [(column.name, column.type) for column in columns]
        return node.group_name, set(node.kinds or ()), list(node.owners), node.description, described

    assert shown("traits", "points") == (
        "traits", {"dlt", "duckdb"}, ["ada@company.example"], "What they collected.",
        [("user_id", "text"), ("value", "number")],
    )  # fmt: skip
    assert shown("audiences", "vip")[2:] == (["team:Customer Care"], "Vip", [("user_id", "text")])
    fields = ("user_id", "email", "first_name", "last_name", "phone")
    assert shown("contacts")[4] == [(name, "text") for name in fields], "the columns that the query has"
    assert shown("snapshot")[:2] == ("sync", {"duckdb"})
    assert shown("activecampaign")[1:] == (
        {"activecampaign"}, [], "Contacts in ActiveCampaign, told what changed. Only the newest window is ever "
        "delivered.",
        [("email", "contact key"), ("User ID", "text field"), ("Buyers", "dropdown field: true, false"),
         ("Vip", "dropdown field: true, false"), ("VIP", "tag"), ("News", "list"), ("Points", "number field")],
    )  # fmt: skip


def test_the_delivery_looks_at_the_newest_window_only(company: Company) -> None:
    """By default Dagster would count all windows there ever were, in each run: thousands after a year."""
    graph = build_definitions(company.settings()).resolve_asset_graph()
    delivery = graph.get(dg.AssetKey("activecampaign"))
    mapping = delivery.partition_mappings[dg.AssetKey("changes")]
    assert isinstance(mapping, dg.LastPartitionMapping)


def test_neither_key_nor_webhook_is_in_what_dagster_keeps_of_the_definitions(company: Company) -> None:
    """Both are settings, and no metadata."""
    secret = SecretStr("https://hooks.example/secret-token")
    settings: Settings = company.settings().model_copy(update={"alert_webhook_url": secret})
    graph = build_definitions(settings).resolve_asset_graph()
    shown = str([graph.get(key).metadata for key in graph.materializable_asset_keys])
    assert "secret-token" not in shown
    assert company.key not in shown
