"""The way every other database is read, with the one that needs no server: SQLite through SQLAlchemy."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from ac_pipeline.declarations.query import read_query
from ac_pipeline.model.declaration import Declaration, Kind
from ac_pipeline.warehouse import extract
from ac_pipeline.warehouse.connection import Limit, QueryFailed
from ac_pipeline.warehouse.opening import open_warehouse

AS_OF = datetime(2026, 4, 5, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "w.db") as connection:
        connection.execute(
            "create table orders as select 1 as user_id, '2026-04-05 11:00:00' as ordered_at, 'Ada' as who"
        )
        connection.execute("insert into orders values (2, '2026-04-06 11:00:00', 'Zoë')")
    connection.close()
    return f"sqlite:///{tmp_path}/w.db"


def audience(key: str, text: str) -> Declaration:
    return Declaration(Kind.AUDIENCE, key, key, read_query(text, "sqlite")[0], Path(f"audiences/{key}.yaml"))


def test_a_window_is_read_through_sqlalchemy(url: str, tmp_path: Path) -> None:
    """Bound, several at once, in batches; one that fails or tries to write does not stop the others."""
    many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000) select i as user_id from n"
    results = extract(
        url,
        (
            audience("then", "select user_id from orders where ordered_at <= :as_of and who like 'A%'"),
            audience("broken", "select no_such from orders"),
            audience("writes", "insert into orders values (3, null, null) returning 1 as user_id"),
            audience("many", many),
        ),
        as_of=AS_OF, is_now=True, folder=tmp_path / "extraction",
    ).results  # fmt: skip
    assert [result.rows for result in results] == [1, 0, 0, 30_000]
    assert "no such column" in results[1].failure
    assert "readonly database" in results[2].failure


def test_a_failure_half_way_repeats_no_value(url: str) -> None:
    """The failing function's own words hold data; they are not shown."""
    text = "select json_extract(who, '$.a') as user_id from orders"
    with open_warehouse(url) as warehouse, pytest.raises(QueryFailed) as failed:
        list(warehouse.read(read_query(text, "sqlite")[0], AS_OF))
    assert "Ada" not in str(failed.value)


def test_the_time_that_counts_is_the_warehouses() -> None:
    """Waiting for it, over all batches; not what is done with the rows meanwhile."""
    moments = iter([0.0, 0.4, 100.0, 100.4, 200.0, 200.4])
    limit = Limit(1.0, clock=lambda: next(moments))
    assert limit.waiting(lambda: "first") == "first"
    assert limit.waiting(lambda: "second") == "second"
    assert limit.left == pytest.approx(0.2)
    with pytest.raises(QueryFailed, match=r"WAREHOUSE_TIMEOUT allows \(1 seconds\)"):
        limit.waiting(lambda: pa.nulls(1))
