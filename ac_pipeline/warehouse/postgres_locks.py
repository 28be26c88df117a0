"""How the tables of a window are kept as they are while it is read from PostgreSQL.

A repeatable-read snapshot does not protect against everything: a table that is truncated, rewritten or swapped for a
new one (as dbt does) after the snapshot and before its first use looks *empty* in it. So the tables are locked
against that first, as every SELECT locks those it has begun to read, and the snapshot is taken then.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import psycopg
from psycopg import IsolationLevel, sql

from ac_pipeline.warehouse.messages import about_query

logger = logging.getLogger(__name__)

_LOCKABLE = """
    select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    from unnest(%s::text[]) as given
    join pg_catalog.pg_class c on c.oid = to_regclass(given)
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v') and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
    order by 1"""


def lock_relations(connection: psycopg.Connection, timeout: float, relations: Sequence[str]) -> None:
    """Begin the transaction that everything is read in: read only, repeatable read, UTC, `timeout` seconds a statement.

    Of `relations` (as written in queries) those are locked that are tables or views and may be read; what is wrong
    with the others their queries will say. Raises psycopg.Error.
    """
    lockable = [str(name) for (name,) in connection.execute(_LOCKABLE, (list(relations),)).fetchall()]
    connection.rollback()
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    # None of these statements takes the snapshot; locking must come before it.
    connection.execute(sql.SQL("set local statement_timeout = {}").format(sql.Literal(max(1, int(timeout * 1000)))))
    connection.execute("set local TimeZone = 'UTC'; set local DateStyle = 'ISO'; set local extra_float_digits = 1")
    for name in lockable:
        connection.execute("savepoint locking")
        try:
            connection.execute(f"lock table {name} in access share mode")
        except psycopg.Error as error:
            if connection.broken:
                raise
            connection.execute("rollback to savepoint locking")
            said = about_query(error.diag.message_primary or "no message")
            logger.warning("%s cannot be kept from being swapped while it is read: %s", name, said)
    connection.execute("select 1")
