"""Rows of contacts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FORBIDDEN = r"\s\"'(),:;<>@\[\\\]"
# Rule of the bulk importer (reference, section 6.3), the only one published; its examples refuse a quote.
_EMAIL = re.compile(rf"[^{_FORBIDDEN}]+@(?:[^\W_](?:[^\W_]|-)*\.)+(?:[^\W\d_]{{2,}}|xn--[a-z0-9-]+)", re.IGNORECASE)

NAMES = {"firstName": "first_name", "lastName": "last_name", "phone": "phone"}
"""Attributes of a contact that callers may set, and their columns."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact; times in microseconds since 1970."""

    id: int
    email: str
    first_name: str
    last_name: str
    phone: str
    org_id: int
    """The customer account it belongs to; 0 is none."""
    org_name: str
    account_contact: int | None
    """The id of that link."""
    created_at: int
    updated_at: int


_COLUMNS = "id, email, first_name, last_name, phone, org_id, org_name, account_contact, created_at, updated_at"


def is_email(email: str) -> bool:
    """Whether the service takes the text for an address; space around it is not forgiven."""
    return _EMAIL.fullmatch(email) is not None


def find(db: sqlite3.Connection, contact: int) -> Contact | None:
    """Return the contact with this id."""
    return _one(db.execute(f"select {_COLUMNS} from contacts where id = ?", (contact,)))


def find_key(db: sqlite3.Connection, key: str) -> Contact | None:
    """Return the contact whose address has this key."""
    return _one(db.execute(f"select {_COLUMNS} from contacts where email_key = ?", (key,)))


def add(
    db: sqlite3.Connection, email: str, key: str, names: Mapping[str, str | int], now: int, *, number: int | None = None
) -> Contact:
    """Create a contact; `names` by column, `number` its id if not the next. The address must be free."""
    values = (number, email, key, *(names.get(column, "") for column in NAMES.values()), now, now)
    return _required(
        db.execute(
            "insert into contacts (id, email, email_key, first_name, last_name, phone, created_at, updated_at)"
            f" values (?, ?, ?, ?, ?, ?, ?, ?) returning {_COLUMNS}",
            values,
        )
    )


def change(db: sqlite3.Connection, contact: int, columns: Mapping[str, str | int], now: int) -> Contact:
    """Write the columns given, none of the others; the contact must exist."""
    assigned = "".join(f"{column} = ?, " for column in columns)
    return _required(
        db.execute(
            f"update contacts set {assigned} updated_at = ? where id = ? returning {_COLUMNS}",
            (*columns.values(), now, contact),
        )
    )


def remove(db: sqlite3.Connection, contact: int) -> bool:
    """Delete the contact and all that hangs on it, and remember its id; False when there was none."""
    db.execute(
        "insert or replace into deleted_contacts select email_key, id, created_at from contacts where id = ?",
        (contact,),
    )
    return db.execute("delete from contacts where id = ?", (contact,)).rowcount > 0


def deleted_id(db: sqlite3.Connection, key: str) -> int | None:
    """Return the id a deleted contact with this address had."""
    row = db.execute("select id from deleted_contacts where email_key = ?", (key,)).fetchone()
    return None if row is None else int(row[0])


def count(db: sqlite3.Connection, where: str = "true", values: Iterable[str | int] = ()) -> int:
    """Return how many contacts fulfil a condition."""
    (total,) = db.execute(f"select count(*) from contacts where {where}", tuple(values)).fetchone()
    return int(total)


def select(
    db: sqlite3.Connection,
    where: str = "true",
    values: Iterable[str | int] = (),
    *,
    order: str = "id",
    limit: int = -1,
    offset: int = 0,
) -> tuple[Contact, ...]:
    """Return contacts that fulfil a condition; -1 is no limit."""
    query = f"select {_COLUMNS} from contacts where {where} order by {order} limit ? offset ?"
    return tuple(Contact(*row) for row in db.execute(query, (*values, limit, offset)))


def _one(cursor: sqlite3.Cursor) -> Contact | None:
    row = cursor.fetchone()
    return None if row is None else Contact(*row)


def _required(cursor: sqlite3.Cursor) -> Contact:
    return Contact(*cursor.fetchone())
