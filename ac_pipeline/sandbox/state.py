"""The whole account as JSON, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox import journal
from ac_pipeline.sandbox.database import clear, table_names, transaction

_LEFT_OUT = ("requests", *journal.TABLES)
_SEQUENCES = "sqlite_sequence"
Record = Mapping[str, object]


def dump(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Return all rows by table, and the next ids; without the log of requests and the journal."""
    rows = {name: _records(db, name) for name in _tables(db)}
    sequences = [row for row in _records(db, _SEQUENCES) if row["name"] not in _LEFT_OUT]
    return {**rows, _SEQUENCES: sequences}


def load(db: sqlite3.Connection, state: object) -> None:
    """Make the account what a dump says; tables it does not name become empty.

    Raises SettingsError, and changes nothing, for what is no dump.
    """
    rows = _checked(db, state)
    try:
        with transaction(db):
            clear(db)
            db.execute("pragma defer_foreign_keys=on")
            for name, records in rows.items():
                db.execute(f'delete from "{name}"')
                for record in records:
                    columns = ", ".join(f'"{column}"' for column in record)
                    marks = ", ".join("?" * len(record))
                    db.execute(f'insert into "{name}" ({columns}) values ({marks})', tuple(record.values()))
    except sqlite3.Error as error:
        raise SettingsError(f"This state cannot be loaded: {error}.") from None


def _tables(db: sqlite3.Connection) -> list[str]:
    return [name for name in table_names(db) if name not in _LEFT_OUT]


def _records(db: sqlite3.Connection, table: str) -> list[dict[str, object]]:
    cursor = db.execute(f'select * from "{table}" order by rowid')
    columns = [description[0] for description in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor]


def _checked(db: sqlite3.Connection, state: object) -> Mapping[str, Sequence[Record]]:
    """Return the rows by table, the ids last; nothing in them but known tables and columns."""
    if not isinstance(state, dict) or not all(isinstance(rows, list) for rows in state.values()):
        raise SettingsError("A state is a JSON object with an array of rows for each table.")
    known = {name: _columns(db, name) for name in (*_tables(db), _SEQUENCES)}
    for name, rows in state.items():
        for row in rows:
            if name not in known or not isinstance(row, dict) or not set(row) <= known[name]:
                raise SettingsError(f"The sandbox has no such table or column: {name}.")
    return {name: state[name] for name in sorted(state, key=lambda name: name == _SEQUENCES)}


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in db.execute(f'pragma table_info("{table}")')}
