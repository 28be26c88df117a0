"""What the account tracks: whether at all, events of which names, visits to which domains."""

from __future__ import annotations

import sqlite3
from typing import Literal

Of = Literal["events", "site"]
KINDS: tuple[Of, Of] = ("events", "site")


def is_on(db: sqlite3.Connection, of: Of) -> bool:
    """Whether tracking of this kind is switched on."""
    return bool(db.execute(f"select {of} from tracking").fetchone()[0])


def switch(db: sqlite3.Connection, of: Of, *, on: bool) -> None:
    """Switch tracking of this kind on or off."""
    db.execute(f"update tracking set {of} = ?", (int(on),))


def event_name(db: sqlite3.Connection, key: str) -> str | None:
    """Return the registered name with this key, as it was registered."""
    row = db.execute("select name from event_names where name_key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def add_event_name(db: sqlite3.Connection, name: str, key: str) -> None:
    """Register a name; there must be none with this key."""
    db.execute("insert into event_names (name, name_key) values (?, ?)", (name, key))


def remove_event_name(db: sqlite3.Connection, key: str) -> bool:
    """Forget a name; False when there was none with this key."""
    return db.execute("delete from event_names where name_key = ?", (key,)).rowcount > 0


def event_names(db: sqlite3.Connection, *, limit: int, offset: int) -> tuple[list[str], int]:
    """Return names in the order in which they were registered, and how many there are without the limit."""
    return _names(db, "event_names", limit, offset)


def add_domain(db: sqlite3.Connection, name: str) -> None:
    """Track visits to a domain; nothing changes when they are."""
    db.execute("insert or ignore into site_domains (name) values (?)", (name,))


def remove_domain(db: sqlite3.Connection, name: str) -> None:
    """Do not track visits to a domain any more."""
    db.execute("delete from site_domains where name = ?", (name,))


def domains(db: sqlite3.Connection, *, limit: int = -1, offset: int = 0) -> tuple[list[str], int]:
    """Return domains, and how many there are without the limit; -1 is no limit."""
    return _names(db, "site_domains", limit, offset)


def _names(db: sqlite3.Connection, table: str, limit: int, offset: int) -> tuple[list[str], int]:
    (total,) = db.execute(f"select count(*) from {table}").fetchone()
    rows = db.execute(f"select name from {table} order by id limit ? offset ?", (limit, offset))
    return [str(name) for (name,) in rows], int(total)
