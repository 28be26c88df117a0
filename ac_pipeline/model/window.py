"""Windows: the half-open spans of time `[start, end)` between two ticks of the schedule, in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

KEY_FORMAT = "%Y-%m-%d-%H:%M"
"""How Dagster writes the partition key of a cron window: its start."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One time partition. `end` is the moment `:as_of` stands for."""

    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        """The partition key: the window's start in UTC."""
        return self.start.strftime(KEY_FORMAT)

    @property
    def as_of(self) -> datetime:
        """The moment the window's snapshot describes."""
        return self.end


def check_cron(expression: str) -> None:
    """Raise ValueError for a schedule that is malformed, or that cron and Dagster read in different ways."""
    fields = expression.split()
    example = "for every two hours: 0 */2 * * *"
    if len(fields) != 5 or re.search(r"\dL|LW|LAST", expression.upper()):
        raise ValueError(f"not a cron expression of five plain fields; {example}")
    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(f"not a cron expression ({error}); {example}") from None
    day, weekday = fields[2], fields[4]
    if "*" not in (day, weekday) and (day.startswith("*") or weekday.startswith("*")):
        raise ValueError("restricts days of the month and of the week at once, which is read in two ways")


def window_ending_by(cron: str, moment: datetime) -> Window:
    """Return the newest window of the schedule that is complete at `moment` (its end is not after it)."""
    moment = moment.astimezone(UTC)
    backwards = CronSim(cron, moment.replace(microsecond=0) + timedelta(seconds=1), reverse=True)
    end = next(backwards)
    return Window(start=next(backwards), end=end)


def window_around(cron: str, moment: datetime) -> Window:
    """Return the window of the schedule that `moment` lies in: it is not complete yet."""
    moment = moment.astimezone(UTC)
    return Window(start=window_ending_by(cron, moment).end, end=next(CronSim(cron, moment)))


def window_of_key(cron: str, key: str) -> Window:
    """Return the window that starts at `key` (`YYYY-MM-DD-HH:MM`, UTC).

    Raises ValueError when the schedule has no tick there.
    """
    start = datetime.strptime(key, KEY_FORMAT).replace(tzinfo=UTC)
    before = start - timedelta(seconds=1)
    forwards = CronSim(cron, before)
    if next(forwards) != start:
        raise ValueError(f"the schedule {cron!r} has no window that starts at {key}")
    return Window(start=start, end=next(forwards))


def parse_utc(text: str) -> datetime:
    """Read an ISO 8601 moment; without an offset it is understood as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def utc_text(moment: datetime) -> str:
    """Write a moment as the pipeline stores it: `2026-04-05T12:00:00+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
