"""What was written to each contact: when, by which request or import, from what to what. For people to look at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

TABLES = ("journal", "journal_cause")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that was written; `at` in microseconds since 1970. None is no value."""

    at: int
    cause: str
    kind: str
    """contact, field, tag or list."""
    name: str
    old: str | None
    new: str | None


def install(db: sqlite3.Connection) -> None:
    """Let everything that is written from now on be kept; outside of a transaction, and as often as one likes."""
    db.executescript(files("ac_pipeline.sandbox").joinpath("journal.sql").read_text(encoding="utf-8"))


@contextmanager
def writing(db: sqlite3.Connection, at: int, cause: str) -> Iterator[None]:
    """Keep what the block writes, as written for this cause, in a transaction. What reads writes nothing."""
    if cause.startswith("GET "):
        yield
        return
    db.execute("insert or replace into journal_cause (id, at, cause) values (1, ?, ?)", (at, cause))
    yield
    db.execute("delete from journal_cause")


def of_contact(db: sqlite3.Connection, contact: int, limit: int) -> list[Entry]:
    """Return what was written to a contact, newest first; also to one that is gone."""
    query = "select at, cause, kind, name, old, new from journal where contact = ? order by id desc limit ?"
    return [Entry(*row) for row in db.execute(query, (contact, limit))]
