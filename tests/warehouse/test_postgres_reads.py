"""What is read from a real PostgreSQL: types, bound values, one snapshot, and nothing but reading."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import psycopg
import pyarrow as pa
import pytest

from ac_pipeline.model.extraction import Extraction
from ac_pipeline.warehouse.connection import QueryFailed, Warehouse
from ac_pipeline.warehouse.opening import open_warehouse
from warehouse.shop import AS_OF, Shop, audience, query, trait

LONG = "Zoë 'x' \"y\" 😀 " * 20_000
KINDS = """create table kinds as select
    2::smallint as a_smallint, 7 as an_integer, 9007199254740993::bigint as a_bigint,
    0.1::numeric as a_numeric, 1.50::numeric(18, 2) as a_decimal,
    12345678901234567890.0123456789::numeric(38, 10) as a_long,
    200::numeric / 3 as a_third, 0.1::double precision as a_double, 0.5::real as a_real, true as a_boolean,
    date '2026-04-05' as a_date, timestamp '2026-04-05 10:11:12.345678' as a_moment,
    timestamptz '2026-04-05 10:11:12+02' as a_zoned, '0b6f3e5c-9a7d-4c1b-8f2e-5d4c3b2a1f00'::uuid as a_uuid,
    '{"a": [1, "ü"]}'::jsonb as a_json, 'x'::char(3) as a_char, 'gold'::tier as an_enum,
    interval '90 minutes' as a_span,
    array['a', null, 'b,c'] as texts, array[1, 2] as numbers, array[]::text[] as nothing"""
"""Every type a warehouse is likely to have."""


def loaded(extraction: Extraction, number: int = 0) -> list[dict[str, object]]:
    """Return a result's rows as DuckDB has them, moments in UTC."""
    assert extraction.failed == ()
    with duckdb.connect(extraction.file, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        rows = connection.execute(f"select columns(*)::varchar from rows.{extraction.results[number].table}")
        names = [column[0] for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def test_every_type_arrives_as_it_was(shop: Shop) -> None:
    """Decimals exact, moments in UTC, arrays as JSON, long texts whole, NULL as NULL; all through dlt into DuckDB."""
    shop.run("create type tier as enum ('silver', 'gold')", KINDS, "alter table kinds add long text")
    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute("update kinds set long = %s", (LONG,))
    shop.run("insert into kinds (an_integer) values (null)")
    full, empty = loaded(shop.extract(trait("kinds", "select * from kinds order by an_integer nulls last")))
    assert full == {
        "a_smallint": "2",
        "an_integer": "7",
        "a_bigint": "9007199254740993",
        "a_numeric": "0.1000000000",
        "a_decimal": "1.50",
        "a_long": "12345678901234567890.0123456789",
        "a_third": "66.6666666667",
        "a_double": "0.1",
        "a_real": "0.5",
        "a_boolean": "true",
        "a_date": "2026-04-05",
        "a_moment": "2026-04-05 10:11:12.345678+00",
        "a_zoned": "2026-04-05 08:11:12+00",
        "a_uuid": "0b6f3e5c-9a7d-4c1b-8f2e-5d4c3b2a1f00",
        "a_json": '{"a": [1, "ü"]}',
        "a_char": "x  ",
        "an_enum": "gold",
        "a_span": "01:30:00",
        "texts": '["a",null,"b,c"]',
        "numbers": "[1,2]",
        "nothing": "[]",
        "long": LONG,
    }
    assert set(empty.values()) == {None}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'infinity'::timestamp", "infinity"),
        ("'-infinity'::date", "infinity"),
        ("timestamptz '0044-03-15 12:00:00+00 BC'", "before Christ"),
        ("date '10000-01-01'", "after 9999"),
        ("'NaN'::numeric", "NaN"),
        ("1e30::numeric", "28 digits"),
        ("'x'::bytea", "bytea"),
        ("array[array[1, 2], array[3, 4]]", "arrays of arrays"),
    ],
)
def test_what_cannot_be_a_value_is_named_by_its_column(shop: Shop, value: str, said: str) -> None:
    """Nothing is invented for it, and nothing of the value is repeated."""
    with open_warehouse(shop.url) as warehouse, pytest.raises(QueryFailed, match=f"`value`.*{said}"):
        list(warehouse.read(query(f"select 1 as user_id, {value} as value"), AS_OF))


def members(warehouse: Warehouse, text: str, **moments: datetime) -> list[object]:
    """Return the first column of a query."""
    batches = warehouse.read(query(text), moments.get("as_of", AS_OF))
    return [value for batch in batches for value in batch.column(0).to_pylist()]


def test_as_of_is_bound_and_nothing_else_is_touched(shop: Shop) -> None:
    """Casts, JSON operators, percent signs, dollar quotes, comments: the server gets the user's text."""
    text = """select user_id -- it's :as_of, 100%
        from orders where ordered_at <= :as_of and :as_of::date = date '2026-04-05' and 'a%' like 'a\\%'
        and '{"k": 1}'::jsonb ? 'k' and '{"k": {"l": ":as_of"}}'::jsonb #>> '{k,l}' = $q$:as_of$q$
        and timestamptz '2026-04-05 13:59:59+02' < :as_of and ordered_at > :as_of - interval '30 days' order by 1;"""
    with open_warehouse(shop.url) as warehouse:
        assert members(warehouse, text) == [1, 2, 3, 4, 5]
        assert members(warehouse, text, as_of=datetime(2026, 4, 5, 10, tzinfo=UTC)) == []
        assert members(warehouse, "select pg_typeof(:as_of)::text") == ["timestamp without time zone"]
        assert members(warehouse, "select current_setting('application_name')") == ["ac-pipeline"]
        (declared,) = members(warehouse, "select statement from pg_cursors where :as_of > '2000-01-01'")
        assert str(declared).endswith("where $1 > '2000-01-01'"), "the moment is no part of the text"


def test_only_reading_is_possible(shop: Shop) -> None:
    """A transaction that only reads, whatever the user of the database may do; the others go on."""
    shop.run("create function grow() returns int language sql as 'insert into people values (9) returning 1'")
    results = shop.extract(
        audience("writes", "select grow() as user_id"), audience("reads", "select user_id from people")
    ).results
    assert [(r.rows, bool(r.failure)) for r in results] == [(0, True), (5, False)]
    assert "read-only transaction (state 25006)" in results[0].failure


def test_all_declarations_see_one_state(shop: Shop) -> None:
    """What is committed while the window is read is not seen, and a table cannot be emptied or swapped under it."""
    reading = [query("select user_id from people"), query("select user_id from orders")]
    with open_warehouse(shop.url, queries=reading) as warehouse:
        shop.run("insert into people values (6)")
        assert len(members(warehouse, reading[0].text)) == 5
        shop.run("insert into orders values (6)")
        assert len(members(warehouse, reading[1].text)) == 5
        for statement in ("truncate orders", "alter table orders rename to old", "drop table people"):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                shop.run("set lock_timeout = '20ms'", statement)
    with open_warehouse(shop.url, queries=reading) as warehouse:
        assert len(members(warehouse, reading[1].text)) == 6


def test_what_cannot_be_locked_is_read_all_the_same(shop: Shop) -> None:
    """Materialized views, relations that are none, a view of what others may not read: their queries say it."""
    shop.run("create materialized view m as select user_id from people", "create view v as select user_id from people")
    names = [query(f"select user_id from {name}") for name in ("m", "v", "public.people", "nowhere", '"Odd.Name"')]
    with open_warehouse(shop.url, queries=names) as warehouse:
        assert len(members(warehouse, names[0].text)) == len(members(warehouse, names[1].text)) == 5
        with pytest.raises(QueryFailed, match=r"relation nowhere does not exist \(state 42P01\); correct the name"):
            members(warehouse, names[3].text)
        assert len(members(warehouse, names[2].text)) == 5


def test_rows_come_in_batches_that_fit(shop: Shop) -> None:
    """Many narrow rows at once, few when their texts are long; none lost, none twice."""
    with open_warehouse(shop.url) as warehouse:
        narrow = list(warehouse.read(query("select i as user_id from generate_series(1, 300000) i"), AS_OF))
        wide = list(warehouse.read(query("select i, repeat('x', 20000) as t from generate_series(1, 5000) i"), AS_OF))
    assert sorted(pa.concat_arrays([batch.column(0) for batch in narrow]).to_pylist()) == list(range(1, 300_001))
    assert max(batch.num_rows for batch in narrow) > 40_000
    assert [batch.num_rows for batch in wide][:2] == [2000, 1599]
    assert sum(batch.num_rows for batch in wide) == 5000
