"""The columns of an extracted table."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.store import canonical
from ac_pipeline.store.store import Store


class UnusableRows(Exception):
    """A query's result lacks a column it must have; the message says which."""


Columns = Mapping[str, str]
"""Lower-cased name → DuckDB's type."""


def table(name: str) -> str:
    """Return the SQL name of a table of the attached database `extracted`."""
    return f"extracted.rows.{canonical.quoted(name)}"


def columns_of(store: Store, name: str) -> Columns:
    """Describe an extracted table. Lists, structs and maps arrive from dlt as JSON, JSON columns as text."""
    rows = store.connection.execute(f"describe {table(name)}").fetchall()
    return {str(row[0]).lower(): str(row[1]) for row in rows}


def require(columns: Columns, what: str, *any_of: str) -> None:
    """Raise UnusableRows when none of these columns is there; `what` needs them."""
    if not any(name in columns for name in any_of):
        wanted = " or ".join(f"`{name}`" for name in any_of)
        raise UnusableRows(f"{what} needs a column {wanted}; the query has: {', '.join(columns)}")
