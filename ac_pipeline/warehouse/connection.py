"""The user's warehouse, read only: one connection, one consistent view, Arrow batches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa

from ac_pipeline.errors import SettingsError, WarehouseError
from ac_pipeline.model.declaration import Query
from ac_pipeline.privacy import redact

BATCH_ROWS = 100_000

_WITH_VALUES = re.compile(r"""['"].*['"]""", re.DOTALL)
_FROM_QUOTE = re.compile(r"""['"\n].*""", re.DOTALL)
_ABOUT_THE_QUERY = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


class QueryFailed(Exception):
    """A query did not run to its end. The text has no data of the warehouse in it."""


class Warehouse(Protocol):
    """An open warehouse."""

    def read(self, query: Query, as_of: datetime, since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows; `since` is for queries with that parameter. Raises QueryFailed, also half-way."""


def dialect_of(url: str) -> str:
    """Return sqlglot's name of the SQL dialect the warehouse speaks. Raises SettingsError."""
    _path_of(url)
    return "duckdb"


@contextmanager
def open_warehouse(url: str) -> Iterator[Warehouse]:
    """Open the warehouse read only. Raises SettingsError for a malformed URL, WarehouseError if it refuses."""
    path = _path_of(url)
    if not path.exists():
        raise WarehouseError(
            f"WAREHOUSE_URL names {path}, and there is no such file.",
            "Correct the path, or build the warehouse first (`dbt build` for a dbt project).",
        )
    try:
        connection = duckdb.connect(path, read_only=True, config={"autoinstall_known_extensions": False})
    except duckdb.Error as error:
        raise WarehouseError(
            f"The warehouse {path} cannot be opened: {redact(str(error))}",
            "It must be a DuckDB file, and no program may be writing to it meanwhile.",
        ) from None
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield _DuckDBWarehouse(connection)
    finally:
        connection.close()


class _DuckDBWarehouse:
    """While the file is open read only nobody can write to it: every query sees the same state."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def read(self, query: Query, as_of: datetime, since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        values = {"as_of": as_of.astimezone(UTC).replace(tzinfo=None)} if query.as_of else {}
        if query.since and since is not None:
            values["since"] = since.astimezone(UTC).replace(tzinfo=None)
        text = query.with_marker("$as_of", "$since")
        try:
            yield from self._connection.sql(text, params=values).to_arrow_reader(BATCH_ROWS)
        except duckdb.Error as error:
            raise QueryFailed(_described(error)) from None


def _described(error: duckdb.Error) -> str:
    """Errors about the text of a query name columns and tables; the others may repeat values, which are cut out."""
    text = str(error).rsplit("\n\nLINE ", 1)[0]
    if isinstance(error, _ABOUT_THE_QUERY):
        # Double quotes hold names here, which are what a person needs; single ones hold literals.
        return redact(text.split("\n\n")[0].replace('"', ""))
    if isinstance(error, duckdb.ConversionException):
        # From the first quote to the last: values may hold quotes and line breaks of their own.
        return redact(_WITH_VALUES.sub("‹…›", text))
    # Some repeat the value once more without quotes, on lines of its own.
    return redact(_FROM_QUOTE.sub("‹…›", text))


def _path_of(url: str) -> Path:
    prefix = "duckdb:///"
    if not url.startswith(prefix) or not url.removeprefix(prefix):
        scheme = url.split(":", 1)[0] if ":" in url else "no scheme"
        raise SettingsError(
            f"WAREHOUSE_URL is not a URL this version reads (it starts with {scheme}).",
            "Use duckdb:///absolute/path.duckdb.",
        )
    return Path("/" + url.removeprefix(prefix).lstrip("/"))
