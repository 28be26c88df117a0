"""Rows of the request log: every API request, without values that may name a person."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_COLUMNS = "arrived_at, method, path, template, status, bytes_in, bytes_out, throttled, fault, duration_us"
_SECOND = 1_000_000
_MARKS = ", ".join("?" * 10)


@dataclass(frozen=True, slots=True)
class Logged:
    """One request; `arrived_at` in microseconds since 1970, `duration_us` in microseconds."""

    arrived_at: int
    method: str
    path: str
    template: str
    status: int
    bytes_in: int
    bytes_out: int
    throttled: int
    """1 when it was refused for coming too fast."""
    fault: str
    """What was made to go wrong; "" for nothing. Status 0 is no answer at all."""
    duration_us: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole log in numbers. `admitted_per_second` leaves throttled requests out."""

    total: int
    throttled: int
    max_per_second: int
    max_admitted_per_second: int
    counts: dict[str, int]
    """By method and path template (`POST /contact/sync`), sorted."""


def add(db: sqlite3.Connection, logged: Logged) -> None:
    """Keep one request."""
    values = (
        logged.arrived_at,
        logged.method,
        logged.path,
        logged.template,
        logged.status,
        logged.bytes_in,
        logged.bytes_out,
        logged.throttled,
        logged.fault,
        logged.duration_us,
    )
    per_second, admitted = _count(db, logged)
    columns = f"{_COLUMNS}, per_second, admitted_per_second"
    db.execute(f"insert into requests ({columns}) values ({_MARKS}, ?, ?)", (*values, per_second, admitted))


def _count(db: sqlite3.Connection, logged: Logged) -> tuple[int, int]:
    """Return how many requests, and admitted ones, are in the second that ends with this one.

    A second is half open. Requests are logged when they are answered, so it also counts in the
    seconds of those that arrived after it and are logged already.
    """
    arrived_at, admits = logged.arrived_at, 1 - logged.throttled
    found, throttled = db.execute(
        "select count(*), coalesce(sum(throttled), 0) from requests where arrived_at > ? and arrived_at <= ?",
        (arrived_at - _SECOND, arrived_at),
    ).fetchone()
    db.execute(
        "update requests set per_second = per_second + 1, admitted_per_second = admitted_per_second + ?"
        " where arrived_at > ? and arrived_at < ?",
        (admits, arrived_at, arrived_at + _SECOND),
    )
    return int(found) + 1, int(found - throttled) + admits


def latest(db: sqlite3.Connection, limit: int) -> list[tuple[int, Logged]]:
    """Return the last requests with their numbers, newest first; -1 is all."""
    rows = db.execute(f"select id, {_COLUMNS} from requests order by id desc limit ?", (limit,))
    return [(row[0], Logged(*row[1:])) for row in rows]


def since(db: sqlite3.Connection, moment: int) -> int:
    """Return how many requests arrived after a moment."""
    (count,) = db.execute("select count(*) from requests where arrived_at > ?", (moment,)).fetchone()
    return int(count)


def summary(db: sqlite3.Connection) -> Summary:
    """Count the log."""
    total, throttled, busiest, admitted = db.execute(
        "select count(*), coalesce(sum(throttled), 0), coalesce(max(per_second), 0),"
        " coalesce(max(admitted_per_second), 0) from requests"
    ).fetchone()
    counts = db.execute("select method || ' ' || template, count(*) from requests group by 1 order by 1")
    return Summary(int(total), int(throttled), int(busiest), int(admitted), dict(counts.fetchall()))


def forget(db: sqlite3.Connection) -> None:
    """Empty the log."""
    db.execute("delete from requests")
