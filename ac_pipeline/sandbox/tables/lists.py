"""Rows of lists, and of the user groups that see them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailingList:
    """One list; times in microseconds since 1970."""

    id: int
    name: str
    stringid: str
    sender_url: str
    sender_reminder: str
    send_last_broadcast: str
    carboncopy: str | None
    subscription_notify: str | None
    unsubscription_notify: str | None
    channel: str
    user: int | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class ListGroup:
    """A list is seen by a group of users."""

    id: int
    list: int
    group_id: int


REQUIRED = ("name", "stringid", "sender_url", "sender_reminder")
OPTIONAL = ("send_last_broadcast", "carboncopy", "subscription_notify", "unsubscription_notify", "channel")
_COLUMNS = f"id, {', '.join(REQUIRED)}, {', '.join(OPTIONAL)}, user, created_at, updated_at"


def find(db: sqlite3.Connection, number: int) -> MailingList | None:
    """Return the list with this id."""
    row = db.execute(f"select {_COLUMNS} from lists where id = ?", (number,)).fetchone()
    return None if row is None else MailingList(*row)


def add(db: sqlite3.Connection, columns: Mapping[str, str | int], now: int) -> MailingList:
    """Create a list from its columns."""
    row = {**columns, "created_at": now, "updated_at": now}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    query = f"insert into lists ({names}) values ({marks}) returning {_COLUMNS}"
    return MailingList(*db.execute(query, tuple(row.values())).fetchone())


def change(db: sqlite3.Connection, number: int, columns: Mapping[str, str | int], now: int) -> MailingList:
    """Write the columns given; the list must exist."""
    assigned = "".join(f"{name} = ?, " for name in columns)
    query = f"update lists set {assigned} updated_at = ? where id = ? returning {_COLUMNS}"
    return MailingList(*db.execute(query, (*columns.values(), now, number)).fetchone())


def remove(db: sqlite3.Connection, number: int) -> bool:
    """Delete a list, all subscriptions to it and what fields it shows; False when there was none."""
    db.execute("delete from field_rels where relid = ?", (number,))
    return db.execute("delete from lists where id = ?", (number,)).rowcount > 0


def select(
    db: sqlite3.Connection, where: str, values: Iterable[str | int], *, order: str, limit: int, offset: int
) -> tuple[list[MailingList], int]:
    """Return lists that fulfil a condition, and how many there are without the limit."""
    bound = tuple(values)
    (total,) = db.execute(f"select count(*) from lists where {where}", bound).fetchone()
    query = f"select {_COLUMNS} from lists where {where} order by {order} limit {limit:d} offset {offset:d}"
    return [MailingList(*row) for row in db.execute(query, bound)], int(total)


def add_group(db: sqlite3.Connection, number: int, group: int) -> tuple[ListGroup, bool]:
    """Show a list to a group; also returns whether that is new. The list must exist."""
    find_it = "select id, list, group_id from list_groups where list = ? and group_id = ?"
    row = db.execute(find_it, (number, group)).fetchone()
    if row is not None:
        return ListGroup(*row), False
    insert = "insert into list_groups (list, group_id) values (?, ?) returning id, list, group_id"
    return ListGroup(*db.execute(insert, (number, group)).fetchone()), True


def find_group(db: sqlite3.Connection, association: int) -> ListGroup | None:
    """Return the association with this id."""
    row = db.execute("select id, list, group_id from list_groups where id = ?", (association,)).fetchone()
    return None if row is None else ListGroup(*row)


def select_groups(db: sqlite3.Connection, *, limit: int, offset: int) -> tuple[list[ListGroup], int]:
    """Return associations by id, and how many there are without the limit."""
    (total,) = db.execute("select count(*) from list_groups").fetchone()
    query = "select id, list, group_id from list_groups order by id limit ? offset ?"
    return [ListGroup(*row) for row in db.execute(query, (limit, offset))], int(total)


def remove_group(db: sqlite3.Connection, association: int) -> bool:
    """Hide a list from a group; False when there was no such association."""
    return db.execute("delete from list_groups where id = ?", (association,)).rowcount > 0
