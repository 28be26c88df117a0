"""Extraction: every declaration of a window through one connection, all of them in one dlt load.

dlt keeps state between runs in its working folder and its destination; after a crash it would load
the old package instead of the new rows, and a changed column type fails its loads from then on.
So every extraction gets a folder of its own, which is gone after the run, and a declaration counts
only when its load finished and as many rows are there as were read.

A load succeeds or fails as a whole. A query that fails is kept out of it; when dlt itself fails, each declaration
is read again, from the same snapshot, and loaded alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from ac_pipeline.model.declaration import Declaration
from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.warehouse.connection import TIMEOUT, Warehouse
from ac_pipeline.warehouse.loading import DATASET as DATASET
from ac_pipeline.warehouse.loading import Batches, count_rows, failure_of, run_dlt, typed
from ac_pipeline.warehouse.opening import open_warehouse

logger = logging.getLogger(__name__)

DESCRIBES_NOW = "describes now: its query does not use :as_of, so it is unknown for a past window"


def extract(
    url: str,
    declarations: tuple[Declaration, ...],
    *,
    as_of: datetime,
    is_now: bool,
    folder: Path,
    timeout: float = TIMEOUT,
    progress: Callable[[Extracted], None] = lambda _: None,
) -> Extraction:
    """Read `declarations` as of a moment into the new `folder`; each result or failure is passed to `progress`.

    `is_now` says that `as_of` ends the newest complete window, so that declarations that describe
    now may be read. Raises WarehouseError when the warehouse cannot be opened; a query that fails
    is a result with `failure`, and the others go on. `timeout` is in seconds for each query.
    """
    folder.mkdir(mode=0o700)
    file = folder / "extracted.duckdb"
    duckdb.connect(file).close()
    readings = [_Reading(declaration, as_of, f"t{number}") for number, declaration in enumerate(declarations)]
    wanted = [reading for reading in readings if reading.declaration.query.any_window or is_now]
    with open_warehouse(url, timeout=timeout, queries=[one.declaration.query for one in wanted]) as warehouse:
        _load(warehouse, wanted, file, folder)
    loaded = count_rows(file)
    results = tuple(
        reading.result(loaded)
        if reading in wanted
        else Extracted(reading.declaration, failure=DESCRIBES_NOW, skipped=True)
        for reading in readings
    )
    for result in results:
        _log(result)
        progress(result)
    return Extraction(file, results)


@dataclass(slots=True, eq=False)
class _Reading:
    """How far one declaration was read."""

    declaration: Declaration
    as_of: datetime
    table: str
    rows: int = 0
    failure: str = ""

    def batches(self, warehouse: Warehouse) -> Batches:
        """Yield the rows with the name of their table; a failure is noted, not raised: it concerns this one alone."""
        self.rows, self.failure = 0, ""
        try:
            for batch in warehouse.read(self.declaration.query, self.as_of):
                self.rows += batch.num_rows
                if batch.num_rows:
                    yield self.table, typed(pa.Table.from_batches([batch]))
        except Exception as error:  # noqa: BLE001  (whatever happens inside a driver; one declaration fails, not the run)
            self.failure = failure_of(error)

    def result(self, loaded: Mapping[str, int]) -> Extracted:
        """Return what can be used, given how many rows each table has."""
        arrived = loaded.get(self.table, 0)
        return what_counts(self.declaration, self.table, read=self.rows, arrived=arrived, failure=self.failure)


def what_counts(declaration: Declaration, table: str, *, read: int, arrived: int, failure: str = "") -> Extracted:
    """Return a declaration's result: usable only when nothing failed and as many rows arrived as were read."""
    if not failure and arrived != read:
        failure = f"{read} rows were read but {arrived} arrived in DuckDB"
    if failure:
        return Extracted(declaration, failure=failure)
    return Extracted(declaration, table=table, rows=read)


def _load(warehouse: Warehouse, readings: Sequence[_Reading], file: Path, folder: Path) -> None:
    try:
        run_dlt(lambda: _one_after_another(warehouse, readings), file, folder / "dlt", "all")
    except Exception as error:  # noqa: BLE001  (dlt wraps whatever happens inside)
        logger.warning("all declarations together: %s; each is read again and loaded alone", failure_of(error))
    else:
        return
    for reading in readings:
        if not reading.failure:
            reading.table += "_alone"
            try:
                run_dlt(lambda one=reading: one.batches(warehouse), file, folder / reading.table, reading.table)  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001
                reading.failure = failure_of(error)


def _one_after_another(warehouse: Warehouse, readings: Sequence[_Reading]) -> Iterator[tuple[str, pa.Table]]:
    for reading in readings:
        yield from reading.batches(warehouse)


def _log(result: Extracted) -> None:
    if result.skipped:
        return
    if result.failure:
        logger.error("%s could not be extracted: %s", result.declaration.key, result.failure)
    else:
        logger.info("%s: %d rows extracted", result.declaration.key, result.rows)
