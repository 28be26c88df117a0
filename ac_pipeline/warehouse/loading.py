"""dlt as it is used here: one load of Arrow batches into the DuckDB file of this extraction, without any memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from ac_pipeline.warehouse.connection import QueryFailed

if TYPE_CHECKING:
    from dlt import Pipeline

DATASET = "rows"
Batches = Iterator[tuple[str, pa.Table]]
"""Rows, each batch with the name of the table it belongs to."""


def run_dlt(
    batches: Callable[[], Batches],
    file: Path,
    folder: Path,
    name: str,
    *,
    newer: tuple[str, datetime, datetime] | None = None,
) -> None:
    """Load batches into their tables; `newer` (column, after, until) leaves out rows of another time.

    The batches are read in the order they come in, never two queries at a time.
    """
    _set_environment(folder)
    import dlt

    pipeline: Pipeline = dlt.pipeline(
        pipeline_name=name,
        pipelines_dir=str(folder),
        destination=dlt.destinations.duckdb(str(file)),
        dataset_name=DATASET,
    )

    def named() -> Iterator[Any]:
        for table, rows in batches():
            yield dlt.mark.with_table_name(rows, table)

    resource = dlt.resource(named, name=name, write_disposition="replace")
    if newer is not None:
        column, after, until = newer
        # With an end dlt keeps no state of its own: the store has the cursor.
        resource.apply_hints(
            incremental=dlt.sources.incremental(
                column, initial_value=after, end_value=until, range_start="open", range_end="closed",
                on_cursor_value_missing="include",
            )
        )  # fmt: skip
    pipeline.run(resource, loader_file_format="parquet")


def _set_environment(folder: Path) -> None:
    """Set what dlt reads when it starts: no telemetry, nothing outside `folder`, no values in logs."""
    os.environ.update(
        RUNTIME__DLTHUB_TELEMETRY="false",
        RUNTIME__LOG_LEVEL="CRITICAL",
        DLT_DATA_DIR=str(folder),
        LOAD__DELETE_COMPLETED_JOBS="true",
        RESTORE_FROM_DESTINATION="false",  # the folder is always new: there is no state to look for
        LOAD__TRUNCATE_STAGING_DATASET="false",
    )


def typed(table: pa.Table) -> pa.Table:
    """Make columns of nothing but untyped NULLs text: dlt would leave them out. Moments without a zone are UTC."""
    for number, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(number, field.name, pa.nulls(table.num_rows, pa.string()))
        elif pa.types.is_timestamp(field.type) and field.type.tz != "UTC":
            # dlt would do the same, but imports pandas for it.
            utc = table.column(number).cast(pa.timestamp(field.type.unit, "UTC"))
            table = table.set_column(number, field.name, utc)
    return table


def count_rows(file: Path) -> dict[str, int]:
    """Return how many rows each table has that was loaded."""
    with duckdb.connect(file, read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = $dataset", {"dataset": DATASET}
        ).fetchall()
        counted = [
            (name, connection.execute(f'select count(*) from {DATASET}."{name}"').fetchone()) for (name,) in names
        ]
    return {name: int(row[0]) for name, row in counted if row}


def failure_of(error: BaseException) -> str:
    """Find the warehouse's own words below dlt's; anything else is named by its type only."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, QueryFailed):
            return str(cause)
        innermost, cause = cause, cause.__cause__ or cause.__context__
    return f"loading failed ({type(innermost).__name__})"
