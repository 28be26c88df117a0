"""Faults inside a query, with the line they stand on in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.declarations.assets_folder import checked, only_fault

PATH = "audiences/big_spenders.yaml"


def audience(sql: str) -> dict[str, str | bytes]:
    """An audience whose query is a block that starts on line 4."""
    block = "".join(f"  {line}\n" if line else "\n" for line in sql.split("\n"))
    return {PATH: f"name: Big Spenders\nowner: Sales\nsql: |\n{block}"}


@pytest.mark.parametrize(
    ("sql", "line", "message"),
    [
        ("selec user_id from orders", 4, "does not parse"),
        ("select user_id\nfrom orders\nwhere and", 6, "does not parse"),
        ("select user_id\n\n\nfrm orders x\n\n", 7, "does not parse"),
        (
            "-- клиенты, которые давно не покупали\nselect user_id\nfrm orders x\nwhere a\nand b\nand c",
            6,
            "does not parse",
        ),
        ("select 'open", 4, "is not SQL"),
        ("select user_id from orders; select 1", 4, "is not one SELECT"),
        ("delete from orders", 4, "is not one SELECT"),
        ("create table x as select 1", 4, "is not one SELECT"),
        ("-- nothing yet", 4, "is not one SELECT"),
        ("select user_id\nfrom orders\nwhere a < :since", 6, "parameter `:since`"),
        ("select user_id from orders where a < :AS_OF", 4, "parameter `:AS_OF`"),
        ("select user_id from orders where a < ?", 4, "parameter"),
        ("select user_id from orders where a < $1", 4, "parameter"),
        ("select user_id from orders where a < : as_of", 4, "does not parse"),
    ],
)
def test_a_fault_in_a_query_stands_on_its_line_in_the_file(tmp_path: Path, sql: str, line: int, message: str) -> None:
    """Counted from the top of the file, whatever alphabet comments are written in."""
    fault = only_fault(tmp_path, audience(sql))
    assert (fault.path, fault.line, fault.warning) == (tmp_path / PATH, line, False)
    assert message in fault.message
    assert fault.hint.strip()


def test_every_unknown_parameter_is_named(tmp_path: Path) -> None:
    """Two parameters, two lines."""
    faults = checked(
        tmp_path, audience("select user_id from o\nwhere a > :since\nand b < :until and c < :as_of")
    ).faults
    assert [(fault.line, ":since" in fault.message, ":until" in fault.message) for fault in faults] == [
        (5, True, False),
        (6, False, True),
    ]


def test_a_query_on_the_line_of_its_setting_has_that_line(tmp_path: Path) -> None:
    """Without a block, nothing is added."""
    fault = only_fault(tmp_path, {PATH: "name: Big Spenders\nsql: select user_id from where\n"})
    assert fault.line == 2


@pytest.mark.parametrize(
    "sql",
    [
        "select user_id from orders;",
        "from orders",
        "(select user_id from orders)",
        "with o as (select * from orders) select user_id from o",
        "select user_id from a union select user_id from b",
        "select user_id from orders qualify row_number() over (partition by user_id) = 1",
        "select user_id from orders where tags[1:2] = ['a', 'b'] and a::date < :as_of",
        "select user_id from orders where first_items[:n] = ['a']",
    ],
)
def test_any_single_query_of_duckdb_is_accepted(tmp_path: Path, sql: str) -> None:
    """DuckDB's own parser is the judge."""
    assert checked(tmp_path, audience(sql)).faults == ()


@pytest.mark.parametrize(
    "clock", ["now()", "current_date", "current_timestamp", "today()", "localtimestamp", "get_current_timestamp()"]
)
def test_reading_the_clock_beside_as_of_is_a_warning(tmp_path: Path, clock: str) -> None:
    """A past window would not give the same result again."""
    both = only_fault(tmp_path / "both", audience(f"select user_id from o where a > {clock} and a < :as_of"))
    assert (both.warning, "clock" in both.message) == (True, True)
    assert checked(tmp_path / "alone", audience(f"select user_id from o where a > {clock}")).faults == ()


def test_a_clock_in_a_comment_or_text_is_no_clock(tmp_path: Path) -> None:
    """Only what is computed counts."""
    sql = "select user_id, 'now()' as x from o where a < :as_of -- not now(), current_date"
    assert checked(tmp_path, audience(sql)).faults == ()


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "postgres", "redshift", "databricks"])
def test_other_dialects_refuse_what_is_not_one_select(tmp_path: Path, dialect: str) -> None:
    """Also where the warehouse would run it."""
    for number, sql in enumerate(["drop table orders", "select 1; drop table orders", "-- nothing"]):
        fault = only_fault(tmp_path / str(number), audience(sql), dialect)
        assert (fault.warning, fault.message) == (False, "sql is not one SELECT")


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "postgres", "redshift", "databricks"])
def test_what_only_the_warehouse_understands_is_a_warning(tmp_path: Path, dialect: str) -> None:
    """It runs as written; its lineage is not shown."""
    sql = "select user_id\nfrom orders o\nwhere a < :as_of strange strange words"
    loaded = checked(tmp_path, audience(sql), dialect)
    assert [(fault.line, fault.warning) for fault in loaded.faults] == [(6, True)]
    assert loaded.declarations is not None
    assert loaded.declarations.audiences[0].query.with_marker("%s").endswith("a < %s strange strange words\n")
