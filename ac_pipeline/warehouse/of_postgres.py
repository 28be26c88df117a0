"""PostgreSQL: one read-only snapshot for all queries, server-side cursors, values bound by the server.

Not through SQLAlchemy: psycopg's raw cursor sends the user's text as it stands, with `$1` for the parameter, and
leaves each value in the server's own text form, which Arrow reads by the type the server states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import psycopg
import pyarrow as pa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ac_pipeline.errors import SettingsError, WarehouseError
from ac_pipeline.model.query import Query
from ac_pipeline.warehouse.connection import FIRST_ROWS, LABEL, Limit, QueryFailed, Warehouse, in_utc, next_rows
from ac_pipeline.warehouse.messages import about_connection, about_data, about_query
from ac_pipeline.warehouse.postgres_locks import lock_relations
from ac_pipeline.warehouse.postgres_types import columns_of, leave_as_text

_UNREACHABLE = (
    "Check host, port, user and password in WAREHOUSE_URL, and that the server accepts connections from here."
)
_PATIENCE = {"connect_timeout": "15", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
"""Seconds; a server that is gone without a word is noticed within a minute."""
_ABOUT_THE_QUERY = ("42", "3F")
"""Classes of states that concern the query's text or permissions, not data."""
_HINTS = {
    "42501": "give the user of WAREHOUSE_URL the right to read it (usage on the schema, select on the table)",
    "42P01": "correct the name, or build the table first",
    "42703": "the column may have been renamed or dropped: correct the query",
    "25006": "queries may only read",
}


@contextmanager
def open_postgres(url: str, timeout: float, queries: Iterable[Query] = ()) -> Iterator[Warehouse]:
    """Connect, and fix the state that all queries will see. Raises SettingsError or WarehouseError."""
    connection = _connect(url)
    try:
        with connection:
            try:
                lock_relations(connection, timeout, sorted({name for query in queries for name in query.upstream}))
            except psycopg.Error as error:
                raise WarehouseError(f"The warehouse refuses to be read: {_described(error)}.", _UNREACHABLE) from None
            leave_as_text(connection)
            yield PostgresWarehouse(connection, timeout)
            if not connection.broken:
                connection.rollback()
    finally:
        connection.close()


def _connect(url: str) -> psycopg.Connection:
    try:
        given = conninfo_to_dict("postgresql:" + url.split(":", 1)[1])
    except psycopg.Error as error:
        raise SettingsError(
            f"WAREHOUSE_URL is malformed: {about_connection(str(error))}",
            "Use postgresql://user:password@host:5432/database; write special characters in a password as %XX.",
        ) from None
    try:
        conninfo = make_conninfo("", **{"application_name": LABEL, **_PATIENCE, **given})
        # Nothing is prepared, so that a pooler may stand in between.
        return psycopg.connect(conninfo, prepare_threshold=None)
    except psycopg.Error as error:
        raise WarehouseError(f"The warehouse cannot be reached: {about_connection(str(error))}", _UNREACHABLE) from None


class PostgresWarehouse:
    """All queries run in one repeatable-read transaction, each in a savepoint of its own."""

    def __init__(self, connection: psycopg.Connection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout

    def read(self, query: Query, as_of: datetime, since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows. Raises QueryFailed; the others can still be read, unless the connection is lost."""
        values = [in_utc(as_of)] if query.as_of else []
        if query.since and since is not None:
            values.append(in_utc(since))
        text = query.with_marker("$1", f"${len(values)}")
        limit = Limit(self._timeout)
        try:
            self._connection.execute("savepoint declaration")
            with psycopg.RawServerCursor(self._connection, "declaration") as cursor:
                limit.waiting(lambda: cursor.execute(text, values))
                columns, rows = columns_of(cursor.description or ()), FIRST_ROWS
                while found := limit.waiting(partial(cursor.fetchmany, rows)):
                    batch = columns.batch(found)
                    yield batch
                    rows = next_rows(len(found), batch.nbytes)
        except psycopg.Error as error:
            raise self._failure(error, limit) from None
        finally:
            self._go_back()

    def _failure(self, error: psycopg.Error, limit: Limit) -> QueryFailed:
        if self._connection.broken or self._connection.closed:
            return QueryFailed(
                "the connection to the warehouse was lost while it was read; the next run reads everything again"
            )
        if error.sqlstate == "57014" and "statement timeout" in str(error):
            return limit.exceeded()
        return QueryFailed(_described(error))

    def _go_back(self) -> None:
        """A failed query must not take the others with it."""
        try:
            self._connection.execute("rollback to savepoint declaration")
        except psycopg.Error:
            return  # the connection is gone, and the failure says so


def _described(error: psycopg.Error) -> str:
    """The server's own words, its state and what to do; nothing that quotes data."""
    said, state = error.diag.message_primary or str(error), error.sqlstate or ""
    words = about_query(said) if state.startswith(_ABOUT_THE_QUERY) else about_data(said)
    hint = f"; {_HINTS[state]}" if state in _HINTS else ""
    return f"{words} (state {state}){hint}" if state else words + hint
