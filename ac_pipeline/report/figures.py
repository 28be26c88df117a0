"""The numbers of the report, from the published copy. Nothing in them names a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from ac_pipeline.store.copy_version import require_present_version
from ac_pipeline.store.sql import sql

WINDOWS = 360
"""Windows that are shown: a month of two hours each."""
RUNS = 60
_BROKEN = ("failed", "dead")


@dataclass(frozen=True, slots=True)
class Size:
    """One audience in one window."""

    as_of: datetime
    members: int
    entered: int | None
    """None, like `exited`, where what was before is not kept any more."""
    exited: int | None


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the changes of one window took to be confirmed, in seconds after its end."""

    as_of: datetime
    changes: int
    median: float
    most: float
    """95 of 100 changes took no longer."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run that sent something, or could have. Requests that read many contacts are counted apart."""

    started_at: datetime
    kind: str
    state: str
    contacts: int
    requests: int
    reading: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the report shows. Moments are UTC without a zone, windows and runs oldest first."""

    windows: tuple[datetime, ...] = ()
    window_length: timedelta = timedelta(hours=2)
    """Of the newest one."""
    sizes: Mapping[str, tuple[Size, ...]] = field(default_factory=dict)
    """By the name of the audience; a window in which it was not computed is missing."""
    overlap: Mapping[tuple[str, str], int] = field(default_factory=dict)
    latency: tuple[Latency, ...] = ()
    runs: tuple[Run, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    """Contacts by reason."""
    withheld: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    """Declaration to why the guard holds it."""
    told: Mapping[str, int] = field(default_factory=dict)
    """Contacts by the state of what they were told."""


def read_figures(published: duckdb.DuckDBPyConnection) -> Figures:
    """Read the figures of the newest windows and runs. Raises Inconsistent for a copy that another version wrote."""
    require_present_version(published)
    rows = published.execute(
        "select as_of, as_of - window_start from windows order by as_of desc limit $limit", {"limit": WINDOWS}
    ).fetchall()
    windows = [as_of for as_of, _ in reversed(rows)]
    since = {"since": windows[0]} if windows else None
    return Figures(
        tuple(windows),
        rows[0][1] if rows else timedelta(hours=2),
        _sizes(published, since) if since else {},
        {(str(one), str(other)): int(count) for one, other, count in published.execute(_OVERLAP).fetchall()},
        tuple(Latency(*row) for row in published.execute(sql("report_latency"), since).fetchall()) if since else (),
        _runs(published),
        _counts(
            published, "select coalesce(nullif(reason, ''), 'no reason given'), count(*) from rejections group by 1"
        ),
        _counts(published, "select reason, count(*) from withheld group by 1"),
        dict(published.execute("select declaration, reason from held order by declaration").fetchall()),
        _counts(published, "select state, count(distinct user_id) from acknowledged group by 1"),
    )


_NAMES = "select key, coalesce(nullif(name, ''), key) as name from engine.property where kind = 'audience' and declared"
_OVERLAP = f"""
    select one.name, other.name, pair.in_both from overlap as pair
    join ({_NAMES}) as one on one.key = pair.audience join ({_NAMES}) as other on other.key = pair.other
    union all
    select any_value(one.name), any_value(one.name), count(*)
    from engine.present join engine.property using (property_id) join ({_NAMES}) as one on one.key = property.key
    group by property_id"""


def _sizes(published: duckdb.DuckDBPyConnection, since: Mapping[str, object]) -> dict[str, tuple[Size, ...]]:
    found: dict[str, list[Size]] = {}
    rows = published.execute(
        f"""select named.name, size.as_of, size.members, size.entered, size.exited
        from audience_sizes as size join ({_NAMES}) as named on named.key = size.audience
        where size.as_of >= $since order by lower(named.name), size.as_of""",
        since,
    ).fetchall()
    for name, *numbers in rows:
        found.setdefault(str(name), []).append(Size(*numbers))
    return {name: tuple(sizes) for name, sizes in found.items()}


def _runs(published: duckdb.DuckDBPyConnection) -> tuple[Run, ...]:
    rows = published.execute(
        """select started_at, kind, state, coalesce(summary, '{}')::varchar from runs
        where state <> 'running' order by started_at desc limit $limit""",
        {"limit": RUNS},
    ).fetchall()
    runs = [_run(*row) for row in reversed(rows)]
    return tuple(run for run in runs if run is not None)


def _run(started_at: datetime, kind: str, state: str, summary: str) -> Run | None:
    """Return a run that could have sent something; one that failed early says nothing of itself."""
    said = json.loads(summary)
    requests = said.get("requests", {} if state in _BROKEN else None)
    if not isinstance(requests, dict):
        return None
    sent = sum(int(count) for count in requests.values())
    return Run(started_at, kind, state, int(said.get("acknowledged", 0)), sent, int(said.get("directory_requests", 0)))


def _counts(published: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return {str(what): int(count) for what, count in published.execute(f"{query} order by 2 desc, 1").fetchall()}
