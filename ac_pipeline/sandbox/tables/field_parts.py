"""Rows of what hangs on a field: options of a choice, relations to lists, membership of groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a field."""

    id: int
    field: int
    label: str
    value: str
    orderid: int
    isdefault: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A field is shown on the contacts of list `relid`; 0 is all lists."""

    id: int
    field: int
    relid: int
    created_at: int


_OPTION = "id, field, label, value, orderid, isdefault, created_at, updated_at"
_RELATION = "id, field, relid, created_at"


def options(db: sqlite3.Connection, fields: Sequence[int]) -> list[Option]:
    """Return the options of these fields in their order."""
    query = f"select {_OPTION} from field_options where field in ({_marks(fields)}) order by orderid, id"
    return [Option(*row) for row in db.execute(query, tuple(fields))]


def find_option(db: sqlite3.Connection, option: int) -> Option | None:
    """Return the option with this id."""
    row = db.execute(f"select {_OPTION} from field_options where id = ?", (option,)).fetchone()
    return None if row is None else Option(*row)


def add_option(db: sqlite3.Connection, option: Option, now: int) -> Option:
    """Create an option; its id and times are ignored. The field must exist; a repeated value is a second row."""
    row = db.execute(
        "insert into field_options (field, label, value, orderid, isdefault, created_at, updated_at)"
        f" values (?, ?, ?, ?, ?, ?, ?) returning {_OPTION}",
        (option.field, option.label, option.value, option.orderid, option.isdefault, now, now),
    ).fetchone()
    return Option(*row)


def change_option(db: sqlite3.Connection, option: int, columns: Mapping[str, str | int], now: int) -> None:
    """Write the columns given."""
    assigned = "".join(f"{name} = ?, " for name in columns)
    db.execute(f"update field_options set {assigned} updated_at = ? where id = ?", (*columns.values(), now, option))


def remove_option(db: sqlite3.Connection, option: int) -> None:
    """Delete an option."""
    db.execute("delete from field_options where id = ?", (option,))


def relations(db: sqlite3.Connection, fields: Sequence[int]) -> list[Relation]:
    """Return the relations of these fields, oldest first."""
    query = f"select {_RELATION} from field_rels where field in ({_marks(fields)}) order by id"
    return [Relation(*row) for row in db.execute(query, tuple(fields))]


def add_relation(db: sqlite3.Connection, field: int, relid: int, now: int) -> tuple[Relation, bool]:
    """Relate a field to a list; also returns whether that is new. The field must exist."""
    find = f"select {_RELATION} from field_rels where field = ? and relid = ?"
    row = db.execute(find, (field, relid)).fetchone()
    if row is not None:
        return Relation(*row), False
    insert = f"insert into field_rels (field, relid, created_at) values (?, ?, ?) returning {_RELATION}"
    return Relation(*db.execute(insert, (field, relid, now)).fetchone()), True


def find_relation(db: sqlite3.Connection, relation: int) -> Relation | None:
    """Return the relation with this id."""
    row = db.execute(f"select {_RELATION} from field_rels where id = ?", (relation,)).fetchone()
    return None if row is None else Relation(*row)


def select_relations(db: sqlite3.Connection, *, limit: int, offset: int) -> tuple[list[Relation], int]:
    """Return relations by id, and how many there are without the limit."""
    (total,) = db.execute("select count(*) from field_rels").fetchone()
    query = f"select {_RELATION} from field_rels order by id limit ? offset ?"
    return [Relation(*row) for row in db.execute(query, (limit, offset))], int(total)


def remove_relation(db: sqlite3.Connection, relation: int) -> bool:
    """Delete a relation; False when there was none."""
    return db.execute("delete from field_rels where id = ?", (relation,)).rowcount > 0


def _marks(values: Sequence[int]) -> str:
    return ", ".join("?" * len(values))
