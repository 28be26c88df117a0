"""Rows of webhooks. The sandbox keeps them and calls none."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook; the time in microseconds since 1970."""

    id: int
    name: str
    url: str
    events: Sequence[str]
    sources: Sequence[str]
    listid: int
    created_at: int


_COLUMNS = "id, name, url, events, sources, listid, created_at"


def find(db: sqlite3.Connection, webhook: int) -> Webhook | None:
    """Return the webhook with this id."""
    row = db.execute(f"select {_COLUMNS} from webhooks where id = ?", (webhook,)).fetchone()
    return None if row is None else _read(row)


def add(db: sqlite3.Connection, columns: Mapping[str, str | int], now: int) -> Webhook:
    """Create a webhook; events and sources are JSON arrays."""
    row = {"name": "", "url": "", "events": "[]", "sources": "[]", **columns, "created_at": now}
    query = f"insert into webhooks ({', '.join(row)}) values ({', '.join('?' * len(row))}) returning {_COLUMNS}"
    return _read(db.execute(query, tuple(row.values())).fetchone())


def change(db: sqlite3.Connection, webhook: int, columns: Mapping[str, str | int]) -> None:
    """Write the columns given."""
    for name, value in columns.items():
        db.execute(f"update webhooks set {name} = ? where id = ?", (value, webhook))


def remove(db: sqlite3.Connection, webhook: int) -> bool:
    """Delete a webhook; False when there was none."""
    return db.execute("delete from webhooks where id = ?", (webhook,)).rowcount > 0


def select(
    db: sqlite3.Connection, where: str, values: Sequence[str | int], *, limit: int, offset: int
) -> tuple[list[Webhook], int]:
    """Return webhooks that fulfil a condition, by id, and how many there are without the limit."""
    (total,) = db.execute(f"select count(*) from webhooks where {where}", values).fetchone()
    query = f"select {_COLUMNS} from webhooks where {where} order by id limit {limit:d} offset {offset:d}"
    return [_read(row) for row in db.execute(query, values)], int(total)


def _read(row: tuple[int, str, str, str, str, int, int]) -> Webhook:
    number, name, url, events, sources, listid, created_at = row
    return Webhook(number, name, url, json.loads(events), json.loads(sources), listid, created_at)
