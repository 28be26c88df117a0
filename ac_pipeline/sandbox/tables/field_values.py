"""Rows of custom field values: at most one per contact and field."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ac_pipeline.sandbox.clock import AccountTime
from ac_pipeline.sandbox.tables.fields import Field


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What a contact has in a field."""

    id: int
    contact: int
    field: int
    value: str
    created_at: int
    updated_at: int


_COLUMNS = "id, contact, field, value, created_at, updated_at"


def stored_form(kind: str, value: str, time: AccountTime) -> str:
    """Return what the service keeps of a value (reference, section 7.3).

    Date-times with an offset move to the account's zone; a bare choice of a multiple choice gets its
    bars. Everything else is kept verbatim: choices are not compared with the field's options.
    """
    match kind:
        case "datetime":
            try:
                parsed = datetime.fromisoformat(value)
                return value if parsed.tzinfo is None else parsed.astimezone(time.zone).isoformat(timespec="seconds")
            except (ValueError, OverflowError):
                return value
        case "listbox" | "checkbox" if value and not value.startswith("||"):
            return f"||{value}||"
        case _:
            return value


def write(
    db: sqlite3.Connection, contact: int, field: Field, value: str, now: int, time: AccountTime
) -> tuple[FieldValue, bool]:
    """Set a value, keeping the row's id; also returns whether the row is new. Contact and field must exist."""
    (existed,) = db.execute(
        "select exists (select 1 from field_values where contact = ? and field = ?)", (contact, field.id)
    ).fetchone()
    row = db.execute(
        "insert into field_values (contact, field, value, created_at, updated_at) values (?1, ?2, ?3, ?4, ?4)"
        " on conflict (contact, field) do update set value = excluded.value, updated_at = excluded.updated_at"
        f" returning {_COLUMNS}",
        (contact, field.id, stored_form(field.type, value, time), now),
    ).fetchone()
    return FieldValue(*row), not existed


def add_defaults(db: sqlite3.Connection, contact: int, now: int) -> None:
    """Give a contact the default of every required field it has no value in."""
    db.execute(
        "insert or ignore into field_values (contact, field, value, created_at, updated_at)"
        " select ?1, id, defval, ?2, ?2 from fields where isrequired = '1' and coalesce(defval, '') <> ''",
        (contact, now),
    )


def find(db: sqlite3.Connection, value: int) -> FieldValue | None:
    """Return the value row with this id."""
    row = db.execute(f"select {_COLUMNS} from field_values where id = ?", (value,)).fetchone()
    return None if row is None else FieldValue(*row)


def of_contacts(db: sqlite3.Connection, contacts: list[int]) -> list[FieldValue]:
    """Return all values of these contacts, oldest first."""
    marks = ", ".join("?" * len(contacts))
    query = f"select {_COLUMNS} from field_values where contact in ({marks}) order by id"
    return [FieldValue(*row) for row in db.execute(query, contacts)]


def select(
    db: sqlite3.Connection, where: str, values: Iterable[str | int], *, limit: int, offset: int
) -> tuple[list[FieldValue], int]:
    """Return values that fulfil a condition, by id, and how many there are without the limit."""
    bound = tuple(values)
    (total,) = db.execute(f"select count(*) from field_values where {where}", bound).fetchone()
    query = f"select {_COLUMNS} from field_values where {where} order by id limit ? offset ?"
    return [FieldValue(*row) for row in db.execute(query, (*bound, limit, offset))], int(total)


def remove(db: sqlite3.Connection, value: int) -> bool:
    """Delete a value row; False when there was none."""
    return db.execute("delete from field_values where id = ?", (value,)).rowcount > 0


def remove_of(db: sqlite3.Connection, contact: int, field: int) -> None:
    """Delete what a contact has in a field, if anything."""
    db.execute("delete from field_values where contact = ? and field = ?", (contact, field))
