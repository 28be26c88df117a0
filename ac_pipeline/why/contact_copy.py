"""One contact's part of the published copy, as a store of its own in memory: what asks it asks little."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ac_pipeline.home import Home
from ac_pipeline.store.canonical import quoted
from ac_pipeline.store.outbox import reconcile
from ac_pipeline.store.sql import sql
from ac_pipeline.store.store import Store, utc_now

_ATTEMPTS = "attempt_id in (select attempt_id from published.engine.attempt where contact_id = $contact)"
_OF_CONTACT = {
    "outcome": _ATTEMPTS,
    "attempt_value": _ATTEMPTS,
    "batch": "batch_id in (select batch_id from published.engine.attempt where contact_id = $contact)",
    "problem": "user_id in (select user_id from published.engine.contact where contact_id = $contact)",
    "directory": "false",
    "remote_user": "false",
}
"""Which rows of a table are the contact's, where no column says so. What is in no such way the contact's is whole."""


@contextmanager
def contact_copy(published: duckdb.DuckDBPyConnection, home: Home, contact_id: int) -> Iterator[Store]:
    """Open it with the engine's own comparison in it: the temporary table `pending`."""
    (path,) = published.execute("select path from duckdb_databases() where not internal").fetchall()[0]
    memory = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
    try:
        memory.execute("set TimeZone = 'UTC'")
        memory.execute("attach '" + str(path).replace("'", "''") + "' as published (read_only)")
        memory.execute(sql("schema"))
        for table, by_contact in _tables(memory):
            condition = _OF_CONTACT.get(table, "contact_id = $contact" if by_contact else "true")
            memory.execute(
                f"insert into engine.{quoted(table)} by name "
                f"select * from published.engine.{quoted(table)} where {condition}",
                {"contact": contact_id} if "$contact" in condition else {},
            )
        memory.execute("detach published")
        store = Store(home, memory, "", utc_now)
        reconcile(store)
        yield store
    finally:
        memory.close()


def _tables(memory: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    """Return the engine's tables that the copy has, too, and whether they have a contact."""
    return memory.execute(
        """select table_name, bool_or(column_name = 'contact_id') from duckdb_columns()
        where database_name = 'published' and schema_name = 'engine' and table_name in (
            select table_name from duckdb_tables() where database_name <> 'published' and schema_name = 'engine'
        ) group by table_name order by table_name"""
    ).fetchall()
