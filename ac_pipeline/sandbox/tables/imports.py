"""Rows of bulk imports: one per request that was queued."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Batch:
    """One import; times in microseconds since 1970."""

    id: str
    received_at: int
    due_at: int
    outcome: str
    """`completed`, `failed` or `interrupted`, once it is due."""
    queued: int
    """Contacts."""
    waits: bool
    success: Sequence[str]
    """Ids of contacts."""
    failure: Sequence[str]
    """Addresses."""


@dataclass(frozen=True, slots=True)
class Day:
    """Imports received on one day; `date` in the account's zone."""

    date: str
    batches: int
    contacts: int


_COLUMNS = "id, received_at, due_at, outcome, queued, pending is not null, success, failure"


def add(db: sqlite3.Connection, batch: Batch, rows: Sequence[Row]) -> None:
    """Queue an import; addresses left out already are in `batch.failure`."""
    db.execute(
        "insert into import_batches (id, received_at, due_at, outcome, queued, pending, failure)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (
            batch.id,
            batch.received_at,
            batch.due_at,
            batch.outcome,
            batch.queued,
            json.dumps(rows),
            json.dumps(batch.failure),
        ),
    )


def find(db: sqlite3.Connection, batch: str) -> Batch | None:
    """Return the import with this id."""
    row = db.execute(f"select {_COLUMNS} from import_batches where id = ?", (batch,)).fetchone()
    if row is None:
        return None
    number, received_at, due_at, outcome, queued, waits, success, failure = row
    return Batch(number, received_at, due_at, outcome, queued, bool(waits), json.loads(success), json.loads(failure))


def count(db: sqlite3.Connection) -> int:
    """Return how many imports there ever were."""
    (number,) = db.execute("select count(*) from import_batches").fetchone()
    return int(number)


def due(db: sqlite3.Connection, now: int) -> list[str]:
    """Return the imports whose time has come, in order."""
    query = "select id from import_batches where pending is not null and due_at <= ? order by due_at, rowid"
    return [batch for (batch,) in db.execute(query, (now,))]


def pending(db: sqlite3.Connection, batch: str) -> list[Row]:
    """Return the rows that wait."""
    (rows,) = db.execute("select pending from import_batches where id = ?", (batch,)).fetchone()
    found: list[Row] = json.loads(rows)
    return found


def finish(db: sqlite3.Connection, batch: str, success: Sequence[str], failure: Sequence[str]) -> None:
    """Write down what became of the rows, and forget them."""
    db.execute(
        "update import_batches set pending = null, success = ?, failure = ? where id = ?",
        (json.dumps(success), json.dumps(failure), batch),
    )


def days(db: sqlite3.Connection, *, waiting: bool, since: int, offset: int) -> list[Day]:
    """Count imports that wait, or are done, by day; `offset` of the account's zone in seconds."""
    query = (
        "select date(received_at / 1000000 + ?, 'unixepoch') as day, count(*), sum(queued) from import_batches"
        " where (pending is not null) = ? and received_at >= ? group by day order by day desc"
    )
    return [Day(*row) for row in db.execute(query, (offset, waiting, since))]
