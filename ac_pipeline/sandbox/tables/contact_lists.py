"""Rows of subscriptions: at most one per contact and list; its status changes, it is never removed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

UNCONFIRMED, ACTIVE, UNSUBSCRIBED, BOUNCED = range(4)
STATUSES = (UNCONFIRMED, ACTIVE, UNSUBSCRIBED, BOUNCED)


@dataclass(frozen=True, slots=True)
class ContactList:
    """What a contact is on a list; times in microseconds since 1970."""

    id: int
    contact: int
    list: int
    status: int
    sourceid: int
    subscribed_at: int | None
    unsubscribed_at: int | None
    created_at: int
    updated_at: int


_COLUMNS = "id, contact, list, status, sourceid, subscribed_at, unsubscribed_at, created_at, updated_at"


def put(db: sqlite3.Connection, contact: int, number: int, status: int, sourceid: int, now: int) -> ContactList:
    """Give a contact this status on a list; both must exist. The row keeps its id.

    A repeated status leaves its time alone.
    """
    joined, left = (now if status == ACTIVE else None), (now if status == UNSUBSCRIBED else None)
    row = db.execute(
        "insert into contact_lists"
        " (contact, list, status, sourceid, subscribed_at, unsubscribed_at, created_at, updated_at)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"
        " on conflict (contact, list) do update set sourceid = ?4, updated_at = ?7,"
        " subscribed_at = iif(status = ?3, subscribed_at, coalesce(?5, subscribed_at)),"
        " unsubscribed_at = iif(status = ?3, unsubscribed_at, coalesce(?6, unsubscribed_at)),"
        " status = ?3"
        f" returning {_COLUMNS}",
        (contact, number, status, sourceid, joined, left, now),
    ).fetchone()
    return ContactList(*row)


def find(db: sqlite3.Connection, association: int) -> ContactList | None:
    """Return the subscription with this id."""
    row = db.execute(f"select {_COLUMNS} from contact_lists where id = ?", (association,)).fetchone()
    return None if row is None else ContactList(*row)


def status(db: sqlite3.Connection, contact: int, number: int) -> int | None:
    """Return a contact's status on a list; None when it never was on it."""
    query = "select status from contact_lists where contact = ? and list = ?"
    row = db.execute(query, (contact, number)).fetchone()
    return None if row is None else int(row[0])


def bounced(db: sqlite3.Connection, contact: int) -> bool:
    """Whether the contact bounced on any list."""
    query = "select exists (select 1 from contact_lists where contact = ? and status = ?)"
    return bool(db.execute(query, (contact, BOUNCED)).fetchone()[0])


def of_contacts(db: sqlite3.Connection, contacts: list[int]) -> list[ContactList]:
    """Return the subscriptions of these contacts, oldest first."""
    marks = ", ".join("?" * len(contacts))
    query = f"select {_COLUMNS} from contact_lists where contact in ({marks}) order by id"
    return [ContactList(*row) for row in db.execute(query, contacts)]


def select(db: sqlite3.Connection, *, limit: int, offset: int) -> tuple[list[ContactList], int]:
    """Return subscriptions by id, and how many there are without the limit."""
    (total,) = db.execute("select count(*) from contact_lists").fetchone()
    query = f"select {_COLUMNS} from contact_lists order by id limit ? offset ?"
    return [ContactList(*row) for row in db.execute(query, (limit, offset))], int(total)
