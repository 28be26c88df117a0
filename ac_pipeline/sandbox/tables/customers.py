"""Rows of customer accounts (companies), and of contacts that belong to them."""

from __future__ import annotations

import sqlite3


def named(db: sqlite3.Connection, name: str) -> int:
    """Return the id of the customer account with this name, created where it is missing."""
    row = db.execute("select id from customer_accounts where name_key = ?", (name.casefold(),)).fetchone()
    if row is None:
        insert = "insert into customer_accounts (name, name_key) values (?, ?) returning id"
        row = db.execute(insert, (name, name.casefold())).fetchone()
    return int(row[0])


def link(db: sqlite3.Connection, contact: int, account: int) -> int:
    """Make a contact belong to this customer account alone, and return the link's id."""
    db.execute("delete from account_contacts where contact = ?", (contact,))
    insert = "insert into account_contacts (contact, account) values (?, ?) returning id"
    return int(db.execute(insert, (contact, account)).fetchone()[0])
