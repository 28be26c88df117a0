"""Rows of automations, and of the contacts that entered them. Nothing ever happens in one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

ACTIVE, INACTIVE = 1, 2


@dataclass(frozen=True, slots=True)
class Automation:
    """One automation; times in microseconds since 1970."""

    id: int
    name: str
    status: int
    multientry: int
    """1: a contact may enter again."""
    entered: int
    exited: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A contact entered an automation."""

    id: int
    contact: int
    automation: int
    added_at: int


_COLUMNS = "id, name, status, multientry, entered, exited, created_at, updated_at"
_ENTRY = "id, contact, automation, added_at"


def add(db: sqlite3.Connection, name: str, status: int, multientry: int, now: int) -> Automation:
    """Create an automation; another may have the name."""
    query = (
        "insert into automations (name, status, multientry, created_at, updated_at) values (?1, ?2, ?3, ?4, ?4)"
        f" returning {_COLUMNS}"
    )
    return Automation(*db.execute(query, (name, status, multientry, now)).fetchone())


def find(db: sqlite3.Connection, number: int) -> Automation | None:
    """Return the automation with this id."""
    row = db.execute(f"select {_COLUMNS} from automations where id = ?", (number,)).fetchone()
    return None if row is None else Automation(*row)


def select(db: sqlite3.Connection, *, limit: int = -1, offset: int = 0) -> tuple[list[Automation], int]:
    """Return automations by id, and how many there are without the limit; -1 is no limit."""
    (total,) = db.execute("select count(*) from automations").fetchone()
    rows = db.execute(f"select {_COLUMNS} from automations order by id limit ? offset ?", (limit, offset))
    return [Automation(*row) for row in rows], int(total)


def enrol(db: sqlite3.Connection, contact: int, automation: int, now: int) -> Enrolment:
    """Let a contact enter, once more if it has entered before; both must exist."""
    db.execute("update automations set entered = entered + 1 where id = ?", (automation,))
    query = f"insert into contact_automations (contact, automation, added_at) values (?, ?, ?) returning {_ENTRY}"
    return Enrolment(*db.execute(query, (contact, automation, now)).fetchone())


def find_enrolment(db: sqlite3.Connection, number: int) -> Enrolment | None:
    """Return the enrolment with this id."""
    row = db.execute(f"select {_ENTRY} from contact_automations where id = ?", (number,)).fetchone()
    return None if row is None else Enrolment(*row)


def remove_enrolment(db: sqlite3.Connection, enrolment: Enrolment) -> None:
    """Let a contact leave."""
    db.execute("update automations set exited = exited + 1 where id = ?", (enrolment.automation,))
    db.execute("delete from contact_automations where id = ?", (enrolment.id,))


def of_contact(db: sqlite3.Connection, contact: int) -> list[Enrolment]:
    """Return a contact's enrolments, oldest first."""
    rows = db.execute(f"select {_ENTRY} from contact_automations where contact = ? order by id", (contact,))
    return [Enrolment(*row) for row in rows]


def select_enrolments(db: sqlite3.Connection, *, limit: int = -1, offset: int = 0) -> tuple[list[Enrolment], int]:
    """Return enrolments by id, and how many there are without the limit; -1 is no limit."""
    (total,) = db.execute("select count(*) from contact_automations").fetchone()
    rows = db.execute(f"select {_ENTRY} from contact_automations order by id limit ? offset ?", (limit, offset))
    return [Enrolment(*row) for row in rows], int(total)
