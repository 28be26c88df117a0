"""The demo's warehouse, built by the real dbt, and every declaration against the second opinion."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import duckdb
import pytest
import yaml

from ac_pipeline.cli.demo_truth import Truth, truth

ROOT = Path(__file__).parents[2]
DBT = ROOT / "dbt"
ASSETS = ROOT / "assets"
SEED = DBT / "seeds" / "cdnow_purchases.csv"

SHIFT_DAYS = 10_000
START = datetime(2024, 5, 19, tzinfo=UTC)
"""1 January 1997, shifted."""
NOW = datetime(2024, 12, 31, 14, 30, 15, tzinfo=UTC)
NOW_WITH_OFFSET = "2024-12-31T09:30:15-05:00"

AS_OF = [
    START,
    START + timedelta(days=3, hours=8),
    START + timedelta(days=14, seconds=1),
    START + timedelta(days=95),
    NOW - timedelta(hours=2),
    NOW,
]

AUDIENCES = sorted((ASSETS / "audiences").glob("*.yaml"))
TRAITS = sorted((ASSETS / "traits").glob("*.yaml"))


class Node(TypedDict):
    """What is read of an entry of dbt's manifest."""

    name: str
    description: str
    columns: dict[str, dict[str, object]]


@dataclass(frozen=True)
class Built:
    """A finished run of dbt: its database, open for reading, and its manifest."""

    connection: duckdb.DuckDBPyConnection
    manifest: dict[str, dict[str, Node]]

    def rows(self, sql: str, as_of: datetime | None = None) -> list[tuple[object, ...]]:
        """Run a declaration's query with `:as_of` bound as a timestamp in UTC without zone."""
        if as_of is None or ":as_of" not in sql:
            return self.connection.execute(sql).fetchall()
        moment = as_of.astimezone(UTC).replace(tzinfo=None)
        return self.connection.execute(sql.replace(":as_of", "$as_of"), {"as_of": moment}).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("dbt")
    database = folder / "warehouse.duckdb"
    variables = json.dumps({"shift_days": SHIFT_DAYS, "now": NOW_WITH_OFFSET})
    before = set(DBT.rglob("*"))
    places = {"--project-dir": DBT, "--profiles-dir": DBT}
    places |= {"--target-path": folder / "target", "--log-path": folder / "logs"}
    options = [str(part) for option in places.items() for part in option]
    run = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "--warn-error", "build", *options, "--vars", variables],
        cwd=folder,
        env=os.environ | {"AC_PIPELINE_DBT_DUCKDB_PATH": str(database), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert set(DBT.rglob("*")) == before
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    with duckdb.connect(str(database), read_only=True) as connection:
        yield Built(connection, manifest)


def declaration(path: Path) -> dict[str, str]:
    content: dict[str, str] = yaml.safe_load(path.read_text())
    return content


def users(truth_of: Truth, audience: str) -> set[str]:
    numbers = {c.email: c.last_name for c in truth_of.customers}
    return {f"cdnow-{numbers[email]}" for email in truth_of.members(audience)}


def canonical(value: object) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat(timespec="seconds")
    if isinstance(value, str):
        return value
    assert isinstance(value, int | Decimal)
    return format(Decimal(value).normalize(), "f")


def test_the_seed_is_the_whole_source() -> None:
    """Rows and customers as the data set's description states them; no purchase is lost or added."""
    with SEED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6919
    assert len({row["customer_id"] for row in rows}) == 2357
    assert len({row["sample_id"] for row in rows}) == 2357
    assert [int(row["purchase_id"]) for row in rows] == list(range(1, 6920))
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("244091.94")
    assert sum(int(row["cds"]) for row in rows) == 16479
    assert all(len(row["customer_id"]) == 5 for row in rows)
    days = [row["purchased_on"] for row in rows]
    assert (min(days), max(days)) == ("1997-01-01", "1998-06-30")


def test_schemas_are_named_exactly_as_declarations_name_them(built: Built) -> None:
    """No prefix of a target's schema."""
    found = built.rows("select table_schema || '.' || table_name from information_schema.tables order by 1")
    assert [name for (name,) in found] == [
        "marts.customers",
        "marts.high_value",
        "marts.orders",
        "raw.cdnow_purchases",
        "staging.stg_purchases",
    ]


def test_everything_is_described(built: Built) -> None:
    """Every model, seed, test of our own and column; no column of the database is missing in the project."""
    found = built.rows("select table_name || '.' || column_name from information_schema.columns")
    nodes = [node for node in built.manifest["nodes"].values() if "test_metadata" not in node]
    described = [
        f"{node['name']}.{column}"
        for node in nodes
        for column, about in node["columns"].items()
        if about["description"]
    ]
    assert sorted(described) == sorted(str(name) for (name,) in found)
    assert [node["name"] for node in nodes if not node["description"]] == []


def test_customers_are_made_from_the_source_and_from_nothing_else(built: Built) -> None:
    """Address and name come from the number; the first purchase is the start."""
    sql = "select * from marts.customers where user_id = 'cdnow-00004'"
    start = START.replace(tzinfo=None) + timedelta(hours=20, minutes=12, seconds=40)
    assert built.rows(sql) == [("cdnow-00004", "customer-00004@example.com", "Customer", "00004", start)]


def test_an_offset_in_now_is_converted_to_utc(built: Built) -> None:
    """What has happened is decided, and stamped, in UTC."""
    moment = NOW.replace(tzinfo=None)
    assert built.rows("select distinct computed_at from marts.high_value") == [(moment,)]
    (latest,) = built.rows("select max(ordered_at) from marts.orders")[0]
    assert isinstance(latest, datetime)
    assert timedelta(0) <= moment - latest < timedelta(hours=6)


def test_amounts_are_exact_decimals(built: Built) -> None:
    """Cents never pass through floating point."""
    sql = "select distinct typeof(amount) from marts.orders"
    assert built.rows(sql) == [("DECIMAL(10,2)",)]
    assert built.rows("select distinct typeof(lifetime_value) from marts.high_value") == [("DECIMAL(12,2)",)]


def test_high_value_customers_are_a_few_per_cent(built: Built) -> None:
    """An audience that held everybody or nobody would show nothing."""
    ((share,),) = built.rows("select (select count(*) from marts.high_value) / (select count(*) from marts.customers)")
    assert isinstance(share, float)
    assert 0.02 < share < 0.08


def test_there_are_declarations_to_compare() -> None:
    """File names are keys: snake case of the names."""
    assert [path.stem for path in AUDIENCES] == [
        "high_value",
        "lapsed_90days",
        "new_customers_last_14days",
        "order_completed_last_30days",
        "repeat_customers",
    ]
    assert [path.stem for path in TRAITS] == [
        "average_order_value",
        "customer_stage",
        "last_order_at",
        "lifetime_value",
        "orders_count",
    ]
    for path in [*AUDIENCES, *TRAITS]:
        assert declaration(path)["name"].lower().replace(" ", "_") == path.stem
        assert declaration(path)["description"]


@pytest.mark.parametrize("as_of", AS_OF, ids=str)
def test_contacts_are_the_customers_of_the_moment(built: Built, as_of: datetime) -> None:
    """Who has not bought by then is no contact yet."""
    expected = {
        (f"cdnow-{c.last_name}", c.email, c.first_name, c.last_name)
        for c in truth(SEED, SHIFT_DAYS, as_of, NOW).customers
    }
    rows = built.rows(declaration(ASSETS / "contacts.yaml")["sql"], as_of)
    assert len(rows) == len(set(rows))
    assert set(rows) == expected


@pytest.mark.parametrize("as_of", AS_OF, ids=str)
@pytest.mark.parametrize("path", AUDIENCES, ids=lambda path: path.stem)
def test_an_audience_has_the_members_counted_without_sql(built: Built, path: Path, as_of: datetime) -> None:
    """Each member once; a model has the members of the moment dbt ran, whatever `as_of` is."""
    content = declaration(path)
    if "model" in content:
        rows, as_of = built.rows(f"select user_id from {content['model']}"), NOW
    else:
        rows = built.rows(content["sql"], as_of)
    members = {str(user) for (user,) in rows}
    assert len(rows) == len(members)
    assert members == users(truth(SEED, SHIFT_DAYS, as_of, NOW), path.stem)


@pytest.mark.parametrize("as_of", AS_OF, ids=str)
@pytest.mark.parametrize("path", TRAITS, ids=lambda path: path.stem)
def test_a_trait_has_the_values_computed_without_sql(built: Built, path: Path, as_of: datetime) -> None:
    """To the cent, for every customer of the moment."""
    rows = built.rows(declaration(path)["sql"], as_of)
    expected = {f"cdnow-{c.last_name}": c.traits[path.stem] for c in truth(SEED, SHIFT_DAYS, as_of, NOW).customers}
    assert len(rows) == len(expected)
    assert {str(user): canonical(value) for user, value in rows} == expected


@pytest.mark.parametrize("key", ["lapsed_90days", "new_customers_last_14days", "order_completed_last_30days"])
def test_the_demo_shows_exits(built: Built, key: str) -> None:
    """Somebody who was a member at one of the moments is none at the next."""
    query = declaration(ASSETS / "audiences" / f"{key}.yaml")["sql"]
    members = [set(built.rows(query, moment)) for moment in AS_OF]
    assert any(before - after for before, after in pairwise(members))
