"""A DuckDB file, or a database of MotherDuck, opened for reading only."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from ac_pipeline.errors import SettingsError, WarehouseError
from ac_pipeline.model.query import Query
from ac_pipeline.privacy import redact
from ac_pipeline.warehouse.connection import BATCH_ROWS, LABEL, Answer, Limit, QueryFailed, Warehouse, in_utc
from ac_pipeline.warehouse.messages import about_connection, about_query

_WITH_VALUES = re.compile(r"""['"].*['"]""", re.DOTALL)
_FROM_QUOTE = re.compile(r"""['"\n].*""", re.DOTALL)
_ABOUT_THE_QUERY = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


def database_of(url: str) -> str:
    """Return the path of a file, or the `md:…` of a database of MotherDuck. Raises SettingsError."""
    if url.startswith(("md:", "motherduck:")):
        return url
    prefix = "duckdb:///"
    if not url.startswith(prefix) or not url.removeprefix(prefix):
        raise SettingsError("WAREHOUSE_URL names no DuckDB file.", "Use duckdb:///absolute/path.duckdb.")
    return "/" + url.removeprefix(prefix).lstrip("/")


@contextmanager
def open_duckdb(url: str, timeout: float) -> Iterator[Warehouse]:
    """Open it. Raises WarehouseError if there is no such file, or it cannot be opened."""
    database = database_of(url)
    connection = _file(Path(database)) if database.startswith("/") else _motherduck(database)
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield DuckDBWarehouse(connection, timeout)
    finally:
        connection.close()


def _file(path: Path) -> duckdb.DuckDBPyConnection:
    if not path.exists():
        raise WarehouseError(
            f"WAREHOUSE_URL names {path}, and there is no such file.",
            "Correct the path, or make the warehouse first (`dbt build`; `make example` in a new project without dbt).",
        )
    try:
        return duckdb.connect(path, read_only=True, config={"autoinstall_known_extensions": False})
    except duckdb.Error as error:
        raise WarehouseError(
            f"The warehouse {path} cannot be opened: {redact(str(error))}",
            "It must be a DuckDB file, and no program may be writing to it meanwhile.",
        ) from None


def _motherduck(database: str) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(database, read_only=True, config={"custom_user_agent": LABEL})
    except duckdb.Error as error:
        raise WarehouseError(
            f"MotherDuck cannot be opened: {about_connection(str(error))}",
            "The token is taken from the variable motherduck_token; DuckDB fetches its extension `motherduck` once.",
        ) from None


class DuckDBWarehouse:
    """While a file is open read only nobody can write to it: every query sees the same state. MotherDuck has no such
    promise for several queries.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout

    def read(self, query: Query, as_of: datetime, since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows. Raises QueryFailed."""
        values = {"as_of": in_utc(as_of)} if query.as_of else {}
        if query.since and since is not None:
            values["since"] = in_utc(since)
        text = query.with_marker("$as_of", "$since")
        limit = Limit(self._timeout)
        try:
            reader = self._within(limit, lambda: self._connection.sql(text, params=values).to_arrow_reader(BATCH_ROWS))
            while (batch := self._within(limit, lambda: next(reader, None))) is not None:
                yield batch
        except duckdb.InterruptException:
            raise limit.exceeded() from None
        except duckdb.Error as error:
            raise QueryFailed(_described(error)) from None

    def _within(self, limit: Limit, ask: Callable[[], Answer]) -> Answer:
        interrupt = threading.Timer(limit.left, self._connection.interrupt)  # DuckDB has no time limit of its own
        interrupt.daemon = True
        interrupt.start()
        try:
            return limit.waiting(ask)
        finally:
            interrupt.cancel()


def _described(error: duckdb.Error) -> str:
    """Errors about the text of a query name columns and tables; the others may repeat values, which are cut out."""
    text = str(error).rsplit("\n\nLINE ", 1)[0]
    if isinstance(error, _ABOUT_THE_QUERY):
        # Double quotes hold names here, which are what a person needs; single ones hold literals.
        return about_query(text)
    if isinstance(error, duckdb.ConversionException):
        # From the first quote to the last: values may hold quotes and line breaks of their own.
        return redact(_WITH_VALUES.sub("‹…›", text))
    # Some repeat the value once more without quotes, on lines of its own.
    return redact(_FROM_QUOTE.sub("‹…›", text))
