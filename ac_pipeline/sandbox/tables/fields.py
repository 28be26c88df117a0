"""Rows of custom fields, and what hangs on them: options, relations to lists, groups."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One custom field; flags are "0" or "1"; times in microseconds since 1970."""

    id: int
    title: str
    type: str
    descript: str | None
    isrequired: str
    perstag: str
    defval: str | None
    show_in_list: str
    rows: str
    cols: str
    visible: str
    service: str
    ordernum: int
    created_at: int
    updated_at: int


SETTABLE = ("descript", "isrequired", "defval", "show_in_list", "rows", "cols", "visible", "service")
"""Columns of plain text a caller may write; title, type, perstag and ordernum have rules of their own."""

_COLUMNS = (
    "id, title, type, descript, isrequired, perstag, defval, show_in_list, rows, cols, visible, service,"
    " ordernum, created_at, updated_at"
)


def title_key(title: str) -> str:
    """Return what two titles the service takes for the same have in common."""
    return title.strip().casefold()


def given_perstag(perstag: str) -> str:
    """Normalise a personalisation tag: upper case without spaces (reference, section 7.1)."""
    return "".join(perstag.split()).upper()


def derived_perstag(title: str) -> str:
    """Return the tag of a field created without one: `Another Test Title` → `ANOTHER_TEST_TITLE`."""
    return re.sub(r"[\W_]+", "_", title.upper()).strip("_")


def find(db: sqlite3.Connection, field: int) -> Field | None:
    """Return the field with this id."""
    row = db.execute(f"select {_COLUMNS} from fields where id = ?", (field,)).fetchone()
    return None if row is None else Field(*row)


def find_title(db: sqlite3.Connection, title: str) -> Field | None:
    """Return the field with this title, whatever its case."""
    row = db.execute(f"select {_COLUMNS} from fields where title_key = ?", (title_key(title),)).fetchone()
    return None if row is None else Field(*row)


def find_perstag(db: sqlite3.Connection, perstag: str) -> int | None:
    """Return the id of a field with this personalisation tag."""
    row = db.execute("select id from fields where perstag = ? order by id limit 1", (perstag,)).fetchone()
    return None if row is None else int(row[0])


def add(db: sqlite3.Connection, columns: Mapping[str, str | int | None], now: int) -> Field:
    """Create a field from its columns; the title must be free. Without `ordernum` it comes last."""
    row = {"ordernum": next_ordernum(db), **columns, "created_at": now, "updated_at": now}
    row["title_key"] = title_key(str(row["title"]))
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    inserted = db.execute(
        f"insert into fields ({names}) values ({marks}) returning {_COLUMNS}", tuple(row.values())
    ).fetchone()
    return Field(*inserted)


def change(db: sqlite3.Connection, field: int, columns: Mapping[str, str | int | None], now: int) -> Field:
    """Write the columns given; the field must exist and a new title be free."""
    row = {**columns, "updated_at": now}
    if "title" in columns:
        row["title_key"] = title_key(str(columns["title"]))
    assigned = ", ".join(f"{name} = ?" for name in row)
    updated = db.execute(
        f"update fields set {assigned} where id = ? returning {_COLUMNS}", (*row.values(), field)
    ).fetchone()
    return Field(*updated)


def remove(db: sqlite3.Connection, field: int) -> bool:
    """Delete a field with its options, relations and all values; False when there was none."""
    return db.execute("delete from fields where id = ?", (field,)).rowcount > 0


def next_ordernum(db: sqlite3.Connection) -> int:
    """Return the place after the last field."""
    (last,) = db.execute("select coalesce(max(ordernum), 0) from fields").fetchone()
    return int(last) + 1


def select(
    db: sqlite3.Connection, *, perstag: str | None = None, limit: int = -1, offset: int = 0
) -> tuple[Sequence[Field], int]:
    """Return fields in their order, and how many there are without the limit."""
    where, values = ("perstag = ?", (given_perstag(perstag),)) if perstag else ("true", ())
    (total,) = db.execute(f"select count(*) from fields where {where}", values).fetchone()
    query = f"select {_COLUMNS} from fields where {where} order by ordernum, id limit ? offset ?"
    return [Field(*row) for row in db.execute(query, (*values, limit, offset))], int(total)
