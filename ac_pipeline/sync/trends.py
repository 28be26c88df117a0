"""The last windows in numbers: sizes, who entered and exited, requests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from ac_pipeline.model.window import KEY_FORMAT

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
    """Read the last windows from the store; requests are those of all runs whose newest window it was."""
    computed = connection.execute(
        "select as_of, started_at from engine.computed_window order by as_of desc limit $windows", {"windows": windows}
    ).fetchall()[::-1]
    moments = tuple(row[0] for row in computed)
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
    requests = _requests(connection, moments[0]) if moments else {}
    by_size = sorted(members, key=lambda key: (-(members[key][-1] or 0), key))
    return Trends(
        moments, {key: tuple(members[key]) for key in by_size}, tuple(entered), tuple(exited),
        tuple(requests.get(f"{started_at:{KEY_FORMAT}}", 0) for _, started_at in computed),
    )  # fmt: skip


def _requests(connection: duckdb.DuckDBPyConnection, since: datetime) -> Mapping[str, int]:
    """Return window key → requests. No window can have been computed before it was over."""
    found: Counter[str] = Counter()
    rows = connection.execute("select summary from engine.run where started_at >= $since", {"since": since}).fetchall()
    for (summary,) in rows:
        said = json.loads(summary or "{}")
        if said.get("windows"):
            found[max(said["windows"])] += sum(int(count) for count in said["requests"].values())
    return found
