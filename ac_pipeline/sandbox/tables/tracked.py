"""Rows of what was tracked: events and visits, of contacts and of addresses nobody has yet."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

VISIT = "__pagevisit"
"""The type of a page visit (reference, section 12)."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """One event or visit; the time in microseconds since 1970."""

    id: int
    contact: int | None
    email: str
    type: str
    value: str
    """Of a visit: the address of the page."""
    referrer: str
    created_at: int


_COLUMNS = "id, contact, email, type, value, referrer, created_at"


def add(
    db: sqlite3.Connection, contact: int | None, email: str, key: str, what: tuple[str, str, str], now: int
) -> None:
    """Keep an event or visit; `what` is its type, value and referrer."""
    db.execute(
        "insert into tracked (contact, email, email_key, type, value, referrer, created_at)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (contact, email, key, *what, now),
    )


def adopt(db: sqlite3.Connection, contact: int, key: str) -> None:
    """Give a contact what was tracked for its address while nobody had it."""
    if key:
        db.execute("update tracked set contact = ? where contact is null and email_key = ?", (contact, key))


def find(db: sqlite3.Connection, number: int) -> Tracked | None:
    """Return the row with this id."""
    row = db.execute(f"select {_COLUMNS} from tracked where id = ?", (number,)).fetchone()
    return None if row is None else Tracked(*row)


def of_contact(db: sqlite3.Connection, contact: int) -> list[Tracked]:
    """Return what was tracked of a contact, oldest first."""
    rows = db.execute(f"select {_COLUMNS} from tracked where contact = ? order by id", (contact,))
    return [Tracked(*row) for row in rows]


def latest(db: sqlite3.Connection, limit: int) -> list[Tracked]:
    """Return the newest rows, newest first; -1 is all."""
    rows = db.execute(f"select {_COLUMNS} from tracked order by id desc limit ?", (limit,))
    return [Tracked(*row) for row in rows]


def counts(db: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """Return the types with how often each was tracked and of how many contacts, most frequent first."""
    rows = db.execute("select type, count(*), count(distinct contact) from tracked group by type order by 2 desc, 1")
    return [(str(name), int(times), int(people)) for name, times, people in rows]
