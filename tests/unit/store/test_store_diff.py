"""The one difference of the project, against dictionaries."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.store.sql import sql

VALUES = st.dictionaries(st.integers(1, 40), st.sampled_from(["true", "", "a", "A", "é", "e\u0301", "0", "0.0"]))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def difference(
    connection: duckdb.DuckDBPyConnection, old: dict[int, str], new: dict[int, str]
) -> list[tuple[int, str | None, str | None]]:
    for name, values in (("old_values", old), ("new_values", new)):
        connection.execute(
            f"create or replace temp table {name} as "
            "select unnest($ids::integer[]) as contact_id, unnest($values::varchar[]) as value",
            {"ids": list(values), "values": list(values.values())},
        )
    return sorted(connection.execute(sql("diff")).fetchall())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=VALUES, new=VALUES)
def test_the_difference_is_every_contact_whose_value_is_another(
    connection: duckdb.DuckDBPyConnection, old: dict[int, str], new: dict[int, str]
) -> None:
    """Entered without an old value, exited without a new one, changed with both; nobody else, nobody twice."""
    expected = [(key, old.get(key), new.get(key)) for key in sorted(old | new) if old.get(key) != new.get(key)]
    assert difference(connection, old, new) == expected


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=VALUES, new=VALUES)
def test_applying_the_difference_gives_the_new_values(
    connection: duckdb.DuckDBPyConnection, old: dict[int, str], new: dict[int, str]
) -> None:
    """Round trip: old plus difference is new."""
    result = dict(old)
    for contact, _, value in difference(connection, old, new):
        if value is None:
            del result[contact]
        else:
            result[contact] = value
    assert result == new
