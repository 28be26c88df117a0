"""Extraction: every declaration of a window through one connection, one dlt load each.

dlt keeps state between runs in its working folder and its destination; after a crash it would load
the old package instead of the new rows, and a changed column type fails its loads from then on.
So every extraction gets a folder of its own, which is gone after the run, and a declaration counts
only when its load finished and as many rows are there as were read.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from ac_pipeline.model.declaration import Declaration
from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.warehouse.connection import QueryFailed, Warehouse, open_warehouse

if TYPE_CHECKING:
    from dlt import Pipeline

logger = logging.getLogger(__name__)

DATASET = "rows"
DESCRIBES_NOW = "describes now: its query does not use :as_of, so it is unknown for a past window"


def extract(
    url: str,
    declarations: tuple[Declaration, ...],
    *,
    as_of: datetime,
    is_now: bool,
    folder: Path,
    progress: Callable[[Extracted], None] = lambda _: None,
) -> Extraction:
    """Read `declarations` as of a moment into the new `folder`; each result or failure is passed to `progress`.

    `is_now` says that `as_of` ends the newest complete window, so that declarations that describe
    now may be read. Raises WarehouseError when the warehouse cannot be opened; a query that fails
    is a result with `failure`, and the others go on.
    """
    folder.mkdir(mode=0o700)
    file = folder / "extracted.duckdb"
    duckdb.connect(file).close()
    results = []
    with open_warehouse(url) as warehouse:
        for number, declaration in enumerate(declarations):
            if declaration.query.any_window or is_now:
                result = _load(warehouse, declaration, as_of, file, folder / f"dlt{number}", f"t{number}")
            else:
                result = Extracted(declaration, failure=DESCRIBES_NOW, skipped=True)
            results.append(result)
            progress(result)
    return Extraction(file, tuple(results))


def _load(
    warehouse: Warehouse, declaration: Declaration, as_of: datetime, file: Path, folder: Path, table: str
) -> Extracted:
    rows = 0

    def batches() -> Iterator[pa.Table]:
        nonlocal rows
        for batch in warehouse.read(declaration.query, as_of):
            rows += batch.num_rows
            if batch.num_rows:
                yield typed(pa.Table.from_batches([batch]))

    result = Extracted(declaration)
    try:
        run_dlt(batches, file, folder, table)
    except Exception as error:  # noqa: BLE001  (dlt wraps whatever happens inside; one declaration fails, not the run)
        failure = failure_of(error)
        logger.error("%s could not be extracted: %s", declaration.key, failure)  # noqa: TRY400  (a trace holds values)
        return replace(result, failure=failure)
    loaded = count_rows(file, table) if rows else 0
    if loaded != rows:
        failure = f"{rows} rows were read but {loaded} arrived in DuckDB"
        logger.error("%s could not be extracted: %s", declaration.key, failure)
        return replace(result, failure=failure)
    logger.info("%s: %d rows extracted", declaration.key, rows)
    return replace(result, table=table, rows=rows)


def run_dlt(
    batches: Callable[[], Iterator[pa.Table]],
    file: Path,
    folder: Path,
    table: str,
    *,
    newer: tuple[str, datetime, datetime] | None = None,
) -> None:
    """Load batches into a table; `newer` (column, after, until) leaves out rows of another time."""
    _set_environment(folder)
    import dlt

    pipeline: Pipeline = dlt.pipeline(
        pipeline_name=table,
        pipelines_dir=str(folder),
        destination=dlt.destinations.duckdb(str(file)),
        dataset_name=DATASET,
    )
    resource = dlt.resource(batches, name=table, write_disposition="replace")
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
    """Make columns of nothing but untyped NULLs text: dlt would leave them out."""
    for number, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(number, field.name, pa.nulls(table.num_rows, pa.string()))
    return table


def count_rows(file: Path, table: str) -> int:
    """Return how many rows a table has."""
    with duckdb.connect(file, read_only=True) as connection:
        row = connection.execute(f"select count(*) from {DATASET}.{table}").fetchone()
    return int(row[0]) if row else 0


def failure_of(error: BaseException) -> str:
    """Find the warehouse's own words below dlt's; anything else is named by its type only."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, QueryFailed):
            return str(cause)
        innermost, cause = cause, cause.__cause__ or cause.__context__
    return f"loading failed ({type(innermost).__name__})"
