"""Opens the warehouse that WAREHOUSE_URL names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ac_pipeline.model.query import Query
from ac_pipeline.warehouse.connection import TIMEOUT, Warehouse
from ac_pipeline.warehouse.engines import DUCKDB, POSTGRES, engine_of


def dialect_of(url: str) -> str:
    """Return sqlglot's name of the SQL dialect the warehouse speaks. Raises SettingsError."""
    engine = engine_of(url)
    if engine is DUCKDB:
        from ac_pipeline.warehouse.of_duckdb import database_of

        database_of(url)
    return engine.dialect


@contextmanager
def open_warehouse(url: str, *, timeout: float = TIMEOUT, queries: Iterable[Query] = ()) -> Iterator[Warehouse]:
    """Open the warehouse for reading; `queries` are those that will be read, `timeout` is in seconds for each.

    Raises SettingsError for a malformed URL or a missing driver, WarehouseError if the warehouse refuses.
    """
    # Each engine is imported where it is used: its driver may be missing, and costs time.
    engine = engine_of(url)
    if engine is DUCKDB:
        from ac_pipeline.warehouse.of_duckdb import open_duckdb

        with open_duckdb(url, timeout) as opened:
            yield opened
    elif engine is POSTGRES:
        from ac_pipeline.warehouse.of_postgres import open_postgres

        with open_postgres(url, timeout, queries) as read_from_postgres:
            yield read_from_postgres
    else:
        from ac_pipeline.warehouse.of_sqlalchemy import open_sqlalchemy

        with open_sqlalchemy(url, engine, timeout) as read_from_other:
            yield read_from_other
