"""Every other database, through its SQLAlchemy dialect and driver. The text of a query is the user's own.

Of SQLAlchemy only the connection is used: which driver, how it is told a URL, and which of its cursors streams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from ac_pipeline.errors import PipelineError, SettingsError, WarehouseError
from ac_pipeline.model.query import Query
from ac_pipeline.warehouse.binding import Parameters, bound
from ac_pipeline.warehouse.connection import FIRST_ROWS, LABEL, Limit, QueryFailed, Warehouse, next_rows
from ac_pipeline.warehouse.engines import USE, Engine
from ac_pipeline.warehouse.messages import about_connection, about_data
from ac_pipeline.warehouse.values import Columns


@contextmanager
def open_sqlalchemy(url: str, engine: Engine, timeout: float) -> Iterator[Warehouse]:
    """Connect and prepare the session. Raises SettingsError (URL, driver) or WarehouseError."""
    made = engine_for(url, engine, timeout)
    try:
        connection = _connect(made, engine, timeout)
        try:
            yield SqlAlchemyWarehouse(connection, engine, timeout)
        finally:
            connection.invalidate()  # a transaction that only read needs no end, and a lost connection has none
            connection.close()
    finally:
        made.dispose()


def engine_for(url: str, engine: Engine, timeout: float) -> sa.Engine:
    """Return SQLAlchemy's engine; no connection is made. Raises SettingsError."""
    try:
        parsed = sa.make_url(url)
        if engine.driver and "+" not in parsed.drivername:
            parsed = parsed.set(drivername=engine.driver)
        made = sa.create_engine(
            parsed, poolclass=NullPool, connect_args=dict(engine.connect(timeout)), hide_parameters=True
        )
    except (ImportError, sa.exc.NoSuchModuleError):
        raise missing_driver(engine) from None
    except (sa.exc.ArgumentError, ValueError, TypeError):
        raise SettingsError(f"WAREHOUSE_URL is no URL that {engine.name} understands.", USE) from None
    if engine.name == "BigQuery":
        sa.event.listen(made, "do_execute", _bigquery_limit(timeout))
    return made


def missing_driver(engine: Engine) -> SettingsError:
    """Return the error for a database whose driver is not installed: it says what to install."""
    what = f"WAREHOUSE_URL names a database of {engine.name}, whose driver is not installed."
    if engine.extra:
        return SettingsError(what, f"Install it: pip install 'ac-pipeline[{engine.extra}]'")
    return SettingsError(what, "Install its SQLAlchemy dialect and driver beside ac-pipeline; check the spelling, too.")


def _bigquery_limit(timeout: float) -> Callable[..., bool]:
    """Return what runs a query in SQLAlchemy's place: nothing else gives a job a time limit and a label."""

    def execute(cursor: Any, statement: str, parameters: Parameters, _: object) -> bool:  # noqa: ANN401  (BigQuery's)
        bigquery = import_module("google.cloud.bigquery")
        limited = bigquery.QueryJobConfig(job_timeout_ms=int(timeout * 1000), labels={"client": LABEL})
        cursor.execute(statement, parameters, job_config=limited)
        return True

    return execute


def _connect(made: sa.Engine, engine: Engine, timeout: float) -> sa.Connection:
    try:
        connection = made.connect().execution_options(stream_results=True)
        for statement in engine.session(timeout):
            connection.exec_driver_sql(statement)
    except PipelineError:
        raise
    except Exception as error:  # noqa: BLE001  (drivers raise what they like, and their messages may hold the URL)
        raise WarehouseError(
            f"The warehouse ({engine.name}) cannot be reached: {about_connection(_said(error))}",
            "Check WAREHOUSE_URL, and that the server accepts connections from here.",
        ) from None
    return connection


class SqlAlchemyWarehouse:
    """One connection; whether all queries see one state is the engine's affair (see `Engine.session`)."""

    def __init__(self, connection: sa.Connection, engine: Engine, timeout: float) -> None:
        self._connection = connection
        self._engine = engine
        self._timeout = timeout

    def read(self, query: Query, as_of: datetime, since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows. Raises QueryFailed."""
        moment = self._engine.moment
        style = self._engine.paramstyle or self._connection.dialect.paramstyle
        values = {"as_of": moment(as_of), "since": moment(since or as_of)}
        text, parameters = bound(query, style, values)
        try:
            yield from self._rows(text, parameters)
        except QueryFailed:
            raise
        except Exception as error:  # noqa: BLE001  (drivers raise what they like; one declaration fails, not the run)
            raise QueryFailed(about_data(_said(error))) from None

    def _rows(self, text: str, parameters: Parameters) -> Iterator[pa.RecordBatch]:
        limit, rows = Limit(self._timeout), FIRST_ROWS
        with limit.waiting(partial(self._connection.exec_driver_sql, text, parameters)) as result:
            if result.cursor is None or result.cursor.description is None:
                raise QueryFailed("it is no SELECT: it has no rows, not even none")
            columns = Columns(str(column[0]) for column in result.cursor.description)
            while found := limit.waiting(partial(result.cursor.fetchmany, rows)):
                batch = columns.batch(found)
                yield batch
                rows = next_rows(len(found), batch.nbytes)


def _said(error: Exception) -> str:
    """The driver's words; SQLAlchemy's own would repeat the query."""
    original = getattr(error, "orig", None) or error
    texts = [str(part) for part in original.args if isinstance(part, str)]
    return f"{type(original).__name__}: {max(texts, key=len, default=str(original))}"
