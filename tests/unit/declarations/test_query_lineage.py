"""Relations a query reads, as lineage shows them."""

from __future__ import annotations

import pytest

from ac_pipeline.declarations.query import read_query, relation_query


@pytest.mark.parametrize(
    ("sql", "upstream"),
    [
        ("select 1", ()),
        ("select user_id from orders", ("orders",)),
        ("select * from b.two join a.one using (x) join b.two as again using (x)", ("a.one", "b.two")),
        ("with o as (select * from m.orders) select * from o", ("m.orders",)),
        ("with A as (select * from m.o), b as (select * from a) select * from B join m.c using (x)", ("m.c", "m.o")),
        ("with orders as (select * from marts.orders) select * from orders", ("marts.orders",)),
        ("with recursive r as (select 1 x union all select x + 1 from r where x < 9) select * from r", ()),
        ("select * from (select * from m.o where x in (select x from m.p)) s", ("m.o", "m.p")),
        ("select a from m.o union all select a from m.p except select a from m.q", ("m.o", "m.p", "m.q")),
        ("select * from range(10)", ()),
        ("select * from m.o, unnest(m.o.items)", ("m.o",)),
        ('select * from "Marts"."My Orders"', ("Marts.My Orders",)),
        ("select 'from x' -- from y\nfrom z /* from w */", ("z",)),
        ("select * from prod.marts.orders", ("prod.marts.orders",)),
    ],
)
def test_upstream_relations_are_sorted_unique_and_without_ctes(sql: str, upstream: tuple[str, ...]) -> None:
    """As written, wherever in the query they stand."""
    query, faults = read_query(sql, "duckdb")
    assert (query.upstream, faults) == (upstream, [])


SAMPLES = {
    "snowflake": """
        select c.value:id::string as user_id, max(o.ordered_at) as value
        from analytics.marts.orders o, lateral flatten(input => o.payload:customers) c
        where o.ordered_at <= :as_of and o.ordered_at > dateadd('day', -30, :as_of)
        group by 1
        qualify row_number() over (partition by user_id order by value desc) = 1""",
    "bigquery": """
        select user_id, safe_divide(sum(amount), count(*)) as value
        from `analytics.marts.orders`, unnest(items) as item
        where ordered_at <= :as_of and ordered_at > timestamp_sub(:as_of, interval 30 day)
        group by user_id""",
    "postgres": """
        select distinct on (user_id) user_id, (payload ->> 'amount')::numeric as value
        from analytics.marts.orders
        where ordered_at <= :as_of and ordered_at > :as_of - interval '30 days' and tags @> array['x']
        order by user_id, ordered_at desc""",
    "redshift": """
        select user_id, listagg(sku, ',') within group (order by sku) as value
        from analytics.marts.orders
        where ordered_at <= :as_of and ordered_at > dateadd(day, -30, :as_of)
        group by user_id""",
    "databricks": """
        select user_id, max_by(payload:sku::string, ordered_at) as value
        from analytics.marts.orders
        where ordered_at <= :as_of and ordered_at > :as_of - interval 30 days
        group by all""",
}


@pytest.mark.parametrize("dialect", SAMPLES)
def test_a_real_query_of_each_dialect_is_understood(dialect: str) -> None:
    """Both markers and the one upstream relation, without a fault."""
    query, faults = read_query(SAMPLES[dialect], dialect)
    assert faults == []
    assert query.upstream == ("analytics.marts.orders",)
    assert [query.text[start:end] for start, end in query.as_of] == [":as_of", ":as_of"]
    assert query.with_marker("?") == SAMPLES[dialect].replace(":as_of", "?")


@pytest.mark.parametrize("dialect", ["snowflake", "postgres", "redshift", "databricks"])
@pytest.mark.parametrize("clock", ["now()", "current_date", "current_timestamp"])
def test_every_dialect_has_clocks(dialect: str, clock: str) -> None:
    """Beside `:as_of` they are warned about."""
    _, faults = read_query(f"select user_id from t where a < {clock} and b < :as_of", dialect)
    assert [(fault.warning, "clock" in fault.message) for fault in faults] == [(True, True)]


def test_a_model_is_read_whole() -> None:
    """Its query names the relation once, and has no marker."""
    query = relation_query("marts.high_value")
    assert query.text == "select * from marts.high_value"
    assert (query.upstream, query.as_of) == (("marts.high_value",), ())
