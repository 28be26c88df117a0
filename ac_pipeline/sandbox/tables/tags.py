"""Rows of tags."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

CONTACT = "contact"
"""The type of tags for contacts; the other is `template`, and "" is listed nowhere."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag; `contacts` is how many have it. Times in microseconds since 1970."""

    id: int
    tag: str
    type: str
    description: str
    contacts: int
    created_at: int
    updated_at: int


_COLUMNS = (
    "id, tag, type, description, (select count(*) from contact_tags where contact_tags.tag = tags.id),"
    " created_at, updated_at"
)


def find(db: sqlite3.Connection, tag: int) -> Tag | None:
    """Return the tag with this id."""
    row = db.execute(f"select {_COLUMNS} from tags where id = ?", (tag,)).fetchone()
    return None if row is None else Tag(*row)


def find_key(db: sqlite3.Connection, key: str) -> int | None:
    """Return the id of the tag whose name has this key."""
    row = db.execute("select id from tags where tag_key = ?", (key,)).fetchone()
    return None if row is None else int(row[0])


def add(db: sqlite3.Connection, tag: str, key: str, kind: str, description: str, now: int) -> int:
    """Create a tag and return its id; its name must be free."""
    row = db.execute(
        "insert into tags (tag, tag_key, type, description, created_at, updated_at) values (?1, ?2, ?3, ?4, ?5, ?5)"
        " returning id",
        (tag, key, kind, description, now),
    ).fetchone()
    return int(row[0])


def change(db: sqlite3.Connection, tag: int, columns: dict[str, str], now: int) -> None:
    """Write the columns given; a new name must be free."""
    assigned = "".join(f"{name} = ?, " for name in columns)
    db.execute(f"update tags set {assigned} updated_at = ? where id = ?", (*columns.values(), now, tag))


def remove(db: sqlite3.Connection, tag: int) -> bool:
    """Delete a tag and take it from all contacts; False when there was none."""
    return db.execute("delete from tags where id = ?", (tag,)).rowcount > 0


def select(
    db: sqlite3.Connection, where: str, values: Iterable[str | int], *, order: str, limit: int, offset: int
) -> tuple[list[Tag], int]:
    """Return tags that fulfil a condition, and how many there are without the limit."""
    bound = tuple(values)
    (total,) = db.execute(f"select count(*) from tags where {where}", bound).fetchone()
    query = f"select {_COLUMNS} from tags where {where} order by {order} limit {limit:d} offset {offset:d}"
    return [Tag(*row) for row in db.execute(query, bound)], int(total)
