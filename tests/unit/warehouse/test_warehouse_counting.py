"""A half-read audience is never taken for a smaller one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ac_pipeline.model.declaration import Declaration, Kind, Query
from ac_pipeline.warehouse.extract import what_counts

BUYERS = Declaration(Kind.AUDIENCE, "buyers", "Buyers", Query("select 1"), Path("audiences/buyers.yaml"))


@pytest.mark.parametrize("arrived", [0, 2, 4])
def test_a_result_counts_only_when_as_many_rows_arrived_as_were_read(arrived: int) -> None:
    """Fewer and more are a failure, which says both numbers, and names no table to use."""
    result = what_counts(BUYERS, "t0", read=3, arrived=arrived)
    assert (result.failure, result.table) == (f"3 rows were read but {arrived} arrived in DuckDB", "")


def test_a_failure_counts_whatever_arrived() -> None:
    """Rows of a query that broke off may all have arrived."""
    assert what_counts(BUYERS, "t0", read=3, arrived=3, failure="it broke off").failure == "it broke off"
    assert what_counts(BUYERS, "t0", read=3, arrived=3).table == "t0"
