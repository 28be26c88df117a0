"""The tables and views of the store's file: made when it is new, and brought up to date with this release."""

from __future__ import annotations

import hashlib

import duckdb

from ac_pipeline.errors import Inconsistent
from ac_pipeline.home import Home
from ac_pipeline.store.sql import run_script, sql

SCHEMA_VERSION = 3
"""1: before there were imports. 2: history in one table. 3: what holds still apart from what is over."""
VIEWS = ("views_history", "views_delivery", "views_runs", "views_events")
"""Files of what people read, in the order in which they are made."""


def prepare(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make what is missing or another than this release's; a file of the version before is moved on.

    One transaction. Raises Inconsistent for a file of another version, which is left as it is.
    """
    version = _version(connection)
    if version not in (None, 2, SCHEMA_VERSION):
        raise Inconsistent(
            f"The store in {home.root} has schema version {version}; this ac-pipeline knows {SCHEMA_VERSION}.",
            "Use the ac-pipeline release that wrote it, or a new AC_PIPELINE_HOME.",
        )
    digest = hashlib.sha256("".join(map(sql, ("schema", *VIEWS))).encode()).hexdigest()
    if _made_from(connection) == digest:
        return
    connection.execute("begin")
    try:
        if version == 2:
            connection.execute("alter table engine.history rename to history_2")
        connection.execute(sql("schema"))
        if version == 2:
            run_script(connection, "history_2_to_3")
        if version != SCHEMA_VERSION:
            connection.execute("delete from engine.version")
            connection.execute("insert into engine.version values ($version)", {"version": SCHEMA_VERSION})
        for name in VIEWS:
            connection.execute(sql(name))
        connection.execute(f"comment on view engine.history is '{digest}'")
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Return the version of the file, None for a new one."""
    made = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'engine' and table_name = 'version'"
    ).fetchone()
    row = connection.execute("select max(version) from engine.version").fetchone() if made else None
    return int(row[0]) if row and row[0] is not None else None


def _made_from(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the digest of the SQL that made what is there, None where nothing is."""
    row = connection.execute(
        "select comment from duckdb_views() where schema_name = 'engine' and view_name = 'history'"
    ).fetchone()
    return str(row[0]) if row else None
