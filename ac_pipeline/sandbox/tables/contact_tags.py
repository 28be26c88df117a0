"""Rows of tags on contacts: at most one per contact and tag."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContactTag:
    """A contact has a tag; the time in microseconds since 1970."""

    id: int
    contact: int
    tag: int
    created_at: int


_COLUMNS = "id, contact, tag, created_at"


def add(db: sqlite3.Connection, contact: int, tag: int, now: int) -> tuple[ContactTag, bool]:
    """Tag a contact; also returns whether that is new. Both must exist."""
    query = f"select {_COLUMNS} from contact_tags where contact = ? and tag = ?"
    row = db.execute(query, (contact, tag)).fetchone()
    if row is not None:
        return ContactTag(*row), False
    insert = f"insert into contact_tags (contact, tag, created_at) values (?, ?, ?) returning {_COLUMNS}"
    return ContactTag(*db.execute(insert, (contact, tag, now)).fetchone()), True


def find(db: sqlite3.Connection, association: int) -> ContactTag | None:
    """Return the association with this id."""
    row = db.execute(f"select {_COLUMNS} from contact_tags where id = ?", (association,)).fetchone()
    return None if row is None else ContactTag(*row)


def of_contacts(db: sqlite3.Connection, contacts: list[int]) -> list[ContactTag]:
    """Return the tags of these contacts, oldest first."""
    marks = ", ".join("?" * len(contacts))
    query = f"select {_COLUMNS} from contact_tags where contact in ({marks}) order by id"
    return [ContactTag(*row) for row in db.execute(query, contacts)]


def select(db: sqlite3.Connection, *, limit: int, offset: int) -> tuple[list[ContactTag], int]:
    """Return associations by id, and how many there are without the limit."""
    (total,) = db.execute("select count(*) from contact_tags").fetchone()
    query = f"select {_COLUMNS} from contact_tags order by id limit ? offset ?"
    return [ContactTag(*row) for row in db.execute(query, (limit, offset))], int(total)


def remove(db: sqlite3.Connection, association: int) -> bool:
    """Take a tag from a contact; False when there was no such association."""
    return db.execute("delete from contact_tags where id = ?", (association,)).rowcount > 0
