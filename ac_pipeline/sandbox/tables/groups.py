"""Rows of field groups and their members."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """A group of fields; `type_id` 1 contact, 2 deal, 3 account."""

    id: int
    type_id: int
    label: str


@dataclass(frozen=True, slots=True)
class Member:
    """A field (`rel_id`) in a group."""

    id: int
    rel_id: int
    group_id: int
    ordernum: int


def groups(db: sqlite3.Connection) -> list[Group]:
    """Return all groups."""
    return [Group(*row) for row in db.execute("select id, type_id, label from group_definitions order by id")]


def find_member(db: sqlite3.Connection, member: int) -> Member | None:
    """Return the membership with this id."""
    query = "select id, rel_id, group_id, ordernum from group_members where id = ?"
    row = db.execute(query, (member,)).fetchone()
    return None if row is None else Member(*row)


def add_member(db: sqlite3.Connection, field: int, group: int, ordernum: int | None) -> Member:
    """Put a field into a group, or change its place there; last when no place is given. Both must exist."""
    query = (
        "insert into group_members (rel_id, group_id, ordernum) values (?1, ?2,"
        " coalesce(?3, (select coalesce(max(ordernum), 0) + 1 from group_members where group_id = ?2)))"
        " on conflict (rel_id, group_id) do update set ordernum = coalesce(?3, ordernum)"
        " returning id, rel_id, group_id, ordernum"
    )
    return Member(*db.execute(query, (field, group, ordernum)).fetchone())


def move_member(db: sqlite3.Connection, member: int, ordernum: int) -> None:
    """Give a membership another place."""
    db.execute("update group_members set ordernum = ? where id = ?", (ordernum, member))


def remove_member(db: sqlite3.Connection, member: int) -> bool:
    """Take a field out of a group; False when there was no such membership."""
    return db.execute("delete from group_members where id = ?", (member,)).rowcount > 0
