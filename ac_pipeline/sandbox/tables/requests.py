"""Rows of the request log: every API request, without values that may name a person."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_COLUMNS = "arrived_at, method, path, template, status, bytes_in, bytes_out, throttled, fault, duration_us"
# A second is half open: a request counts with those up to 999,999 µs before it.
_BUSIEST = """
    select coalesce(max(requests), 0) from (
      select count(*) over (order by arrived_at range between 999999 preceding and current row) as requests
      from requests where {condition}
    )
"""


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
    db.execute(f"insert into requests ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


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
    total, throttled = db.execute("select count(*), coalesce(sum(throttled), 0) from requests").fetchone()
    (busiest,) = db.execute(_BUSIEST.format(condition="true")).fetchone()
    (admitted,) = db.execute(_BUSIEST.format(condition="not throttled")).fetchone()
    counts = db.execute("select method || ' ' || template, count(*) from requests group by 1 order by 1")
    return Summary(int(total), int(throttled), int(busiest), int(admitted), dict(counts.fetchall()))


def forget(db: sqlite3.Connection) -> None:
    """Empty the log."""
    db.execute("delete from requests")
