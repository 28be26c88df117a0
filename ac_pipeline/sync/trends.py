"""The last windows in numbers: sizes, who entered and exited, requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

WINDOWS = 60


@dataclass(frozen=True, slots=True)
class Trends:
    """One number for each window, oldest first. Audiences come by their newest size, largest first."""

    windows: tuple[datetime, ...]
    members: Mapping[str, tuple[int | None, ...]]
    """None where an audience was not computed."""
    entered: tuple[int, ...]
    exited: tuple[int, ...]
    requests: tuple[int, ...]


def read_trends(connection: duckdb.DuckDBPyConnection, windows: int = WINDOWS) -> Trends:
    """Read the last windows from the store; requests are those of the run that computed a window last."""
    runs = connection.execute(
        """select computed_window.as_of, run.summary
        from engine.computed_window left join engine.run on run.run_id = computed_window.run_id
        order by computed_window.as_of desc limit $windows""",
        {"windows": windows},
    ).fetchall()[::-1]
    moments = tuple(row[0] for row in runs)
    places = {moment: number for number, moment in enumerate(moments)}
    members: dict[str, list[int | None]] = {}
    entered, exited = [0] * len(moments), [0] * len(moments)
    if moments:
        rows = connection.execute(
            """select as_of, audience, members, entered, exited from audience_sizes where as_of >= $first
            order by as_of""",
            {"first": moments[0]},
        ).fetchall()
        for as_of, audience, size, entries, exits in rows:
            if (place := places.get(as_of)) is not None:
                members.setdefault(str(audience), [None] * len(moments))[place] = int(size)
                entered[place] += int(entries)
                exited[place] += int(exits)
    by_size = sorted(members, key=lambda key: (-(members[key][-1] or 0), key))
    return Trends(
        moments, {key: tuple(members[key]) for key in by_size}, tuple(entered), tuple(exited),
        tuple(_requests(row[1]) for row in runs),
    )  # fmt: skip


def _requests(summary: str | None) -> int:
    """A run that failed early has no summary; one in flight says how far it is."""
    requests = json.loads(summary or "{}").get("requests") or {}
    return sum(int(count) for count in requests.values())
