"""Streams of events: each is read from where the store's cursor stands, one dlt load each.

dlt's incremental cursor leaves out what is not newer, also where a query does not use `:since`. It keeps no state:
how far a stream was read is written by the store, in the transaction that takes the events in.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ac_pipeline.model.events import EventStream, StreamRows
from ac_pipeline.warehouse.connection import TIMEOUT, QueryFailed, Warehouse
from ac_pipeline.warehouse.loading import Batches, count_rows, failure_of, run_dlt, typed
from ac_pipeline.warehouse.opening import open_warehouse

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamsRead:
    """What one reading of several streams brought; `file` holds the tables."""

    file: Path
    results: tuple[StreamRows, ...]


def read_streams(
    url: str, since: Mapping[EventStream, datetime], *, as_of: datetime, folder: Path, timeout: float = TIMEOUT
) -> StreamsRead:
    """Read the rows of each stream after a moment (UTC) and up to `as_of` into the new `folder`.

    Raises WarehouseError when the warehouse cannot be opened; a stream that fails is a result with `failure`, and
    the others go on.
    """
    folder.mkdir(mode=0o700)
    file = folder / "events.duckdb"
    duckdb.connect(file).close()
    with open_warehouse(url, timeout=timeout, queries=[stream.query for stream in since]) as warehouse:
        results = tuple(
            _load(warehouse, stream, after, as_of, file, folder / f"dlt{number}", f"e{number}")
            for number, (stream, after) in enumerate(since.items())
        )
    return StreamsRead(file, results)


def _load(
    warehouse: Warehouse, stream: EventStream, since: datetime, as_of: datetime, file: Path, folder: Path, table: str
) -> StreamRows:
    rows = 0

    def batches() -> Batches:
        nonlocal rows
        for batch in warehouse.read(stream.query, as_of, since):
            read = _with_cursor(batch, stream.cursor.lower())
            newer = _newer(read, stream.cursor.lower(), since, as_of)
            rows += newer
            if newer:
                yield table, read

    result = StreamRows(stream, since.astimezone(UTC).replace(tzinfo=None))
    try:
        run_dlt(batches, file, folder, table, newer=(stream.cursor.lower(), since, as_of))
    except Exception as error:  # noqa: BLE001  (dlt wraps whatever happens inside; one stream fails, not the run)
        failure = failure_of(error)
        logger.error("%s could not be read: %s", stream.key, failure)  # noqa: TRY400  (a trace holds values)
        return replace(result, failure=failure)
    loaded = count_rows(file).get(table, 0)
    if loaded != rows:
        failure = f"{rows} rows were read but {loaded} arrived in DuckDB"
        logger.error("%s could not be read: %s", stream.key, failure)
        return replace(result, failure=failure)
    logger.info("%s: %d rows read", stream.key, rows)
    return replace(result, table=table if rows else "", rows=rows)


def _with_cursor(batch: pa.RecordBatch, cursor: str) -> pa.Table:
    """Return rows whose cursor is in UTC, to the microsecond. Raises QueryFailed for one that is no timestamp."""
    # The names of columns have no letter case; the cursor is looked for before dlt makes them so.
    read = typed(pa.Table.from_batches([batch]).rename_columns([name.lower() for name in batch.schema.names]))
    if cursor not in read.schema.names:
        raise QueryFailed(f"the query has no column `{cursor}`; it has: {', '.join(read.schema.names)}")
    column = read.column(cursor)
    if not pa.types.is_timestamp(column.type):
        raise QueryFailed(f"the column `{cursor}` is no timestamp but {column.type}; cast it in the query")
    moments = pc.cast(column, pa.timestamp("us", tz="UTC"), safe=False)
    return read.set_column(read.schema.names.index(cursor), cursor, moments)


def _newer(read: pa.Table, cursor: str, since: datetime, as_of: datetime) -> int:
    """Count the rows of the time asked for, or of none."""
    moments = read.column(cursor)
    inside = pc.and_(pc.greater(moments, pa.scalar(since)), pc.less_equal(moments, pa.scalar(as_of)))
    return int(pc.sum(inside).as_py() or 0) + int(moments.null_count)
