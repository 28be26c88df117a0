"""The demo's data through the real dbt on PostgreSQL: memberships and traits are those on DuckDB, window by window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ac_pipeline.dbt_project import DbtProject, dbt_environment
from ac_pipeline.declarations import require_declarations
from ac_pipeline.model.declaration import Declaration, Declarations, Kind
from ac_pipeline.settings import Settings
from ac_pipeline.store import canonical
from ac_pipeline.warehouse.connection import Warehouse
from ac_pipeline.warehouse.opening import open_warehouse
from postgres import Server

ROOT = Path(__file__).parents[2]
NOW = datetime(2024, 12, 31, 14, 30, 15, tzinfo=UTC)
START = datetime(2024, 5, 19, tzinfo=UTC)
"""1 January 1997, shifted."""
WINDOWS = [START + (NOW - START) / 19 * number for number in range(20)]
VARIABLES = json.dumps({"shift_days": 10_000, "now": NOW.isoformat()})

Both = tuple[Warehouse, Warehouse]


@pytest.fixture(scope="module")
def engines(cluster: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """DuckDB and PostgreSQL, each built by dbt from the same project, and open."""
    folder = tmp_path_factory.mktemp("demo")
    opened = []
    with ExitStack() as stack:
        for number, url in enumerate((f"duckdb://{folder / 'warehouse.duckdb'}", cluster.url("demo"))):
            project = DbtProject(ROOT / "dbt", folder / f"target{number}", VARIABLES)
            project.build(dbt_environment(Settings(_env_file=None, warehouse_url=url)))
            queries = [declaration.query for declaration in declared("duckdb").all]
            opened.append(stack.enter_context(open_warehouse(url, queries=queries)))
        yield opened[0], opened[1]


def declared(dialect: str) -> Declarations:
    """Return the demo's declarations; they are written once, for both."""
    return require_declarations(ROOT / "assets", dialect)


def read(warehouse: Warehouse, declaration: Declaration, as_of: datetime) -> pa.Table:
    """Return a declaration's rows."""
    batches = list(warehouse.read(declaration.query, as_of))
    return pa.Table.from_batches(batches) if batches else pa.table({"user_id": pa.array([], pa.string())})


def said(rows: pa.Table, declaration: Declaration, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return who is told what, in the text forms that the store compares."""
    connection.register("given", rows)
    kinds = {str(name): str(kind) for name, kind, *_ in connection.execute("describe given").fetchall()}
    if declaration.kind is Kind.CONTACTS:
        columns = ", ".join(canonical.text(name) for name in sorted(kinds))
    elif declaration.kind is Kind.TRAIT and rows.num_rows:
        columns = f"user_id, {canonical.value('value', declaration.value_type, kinds['value'])}"
    else:
        columns = "user_id"
    return connection.sql(f"select {columns} from given").to_arrow_table()


def test_twenty_windows_are_the_same_on_both_engines(engines: Both) -> None:
    """Every contact, membership and value, to the last decimal that is told; none is empty throughout."""
    seen: dict[str, int] = {}
    different = "select count(*) from ((from a except all from b) union all (from b except all from a))"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for of_duckdb, of_postgres in zip(declared("duckdb").all, declared("postgres").all, strict=True):
            for as_of in WINDOWS:
                connection.register("a", said(read(engines[0], of_duckdb, as_of), of_duckdb, connection))
                connection.register("b", said(read(engines[1], of_postgres, as_of), of_postgres, connection))
                ((wrong, rows),) = connection.execute(f"select ({different}), (select count(*) from a)").fetchall()
                assert wrong == 0, (of_duckdb.key, as_of)
                seen[of_duckdb.key] = seen.get(of_duckdb.key, 0) + rows
    assert len(seen) == 11
    assert min(seen.values()) > 0


def test_events_are_the_same_on_both_engines(engines: Both) -> None:
    """A stream is read from one moment to another; each purchase once, with its amount."""
    (stream,), (other,) = declared("duckdb").events, declared("postgres").events
    since = NOW - timedelta(days=60)
    a, b = (
        pa.Table.from_batches(list(warehouse.read(one.query, NOW, since))).sort_by("event_id").to_pylist()
        for warehouse, one in zip(engines, (stream, other), strict=True)
    )
    assert len(a) > 100
    assert a == b
