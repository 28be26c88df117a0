"""The engine's verdicts on what is there: each passes or not against a stated limit, and says its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from ac_pipeline.model.declaration import Declaration, Declarations, Kind
from ac_pipeline.model.window import window_ending_by
from ac_pipeline.settings import Settings
from ac_pipeline.store.problems import OF_A_VALUE
from ac_pipeline.sync.health import Health, hours
from ac_pipeline.warehouse.extract import DESCRIBES_NOW

WINDOWS = 3
"""How many windows of the schedule may pass until something is late, unless the settings say it."""
KEYS = frozenset({"missing_user_id", "missing_email", "no_contact", "duplicate_user"})
EMAILS = frozenset({"missing_email", "invalid_email", "duplicate_email"})

Number = int | float


@dataclass(frozen=True, slots=True)
class Limits:
    """What the verdicts are measured against."""

    late: timedelta
    rejected_share: float
    size_change: float

    @classmethod
    def of(cls, settings: Settings, now: datetime) -> Limits:
        """Return the limits of the settings; `now` says how long a window is at present."""
        if settings.alert_after is not None:
            late = timedelta(hours=settings.alert_after)
        else:
            window = window_ending_by(settings.sync_cron, now)
            late = WINDOWS * (window.end - window.start)
        return cls(late, settings.alert_rejected_share, settings.alert_size_change)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict. `serious`: something does not work; otherwise somebody should have a look."""

    name: str
    passed: bool
    said: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    serious: bool = False


HEALTH_VERDICTS = {
    "source_is_fresh": "All declarations were extracted and approved not too long ago (ALERT_AFTER).",
    "delivery_is_fresh": "A window was delivered not too long ago (ALERT_AFTER).",
    "nothing_waits_long": "No change waits too long to be told (ALERT_AFTER).",
    "few_are_refused": "Few contacts are refused by ActiveCampaign (ALERT_REJECTED_SHARE).",
}
"""Verdicts on the whole, and what each says when it passes."""


def judge_health(health: Health, limits: Limits, now: datetime) -> tuple[Verdict, ...]:
    """Return the verdicts on the whole; `now` is in UTC without a zone, as the store's moments are."""
    behind = f"; behind: {', '.join(health.behind)}" if health.behind else ""
    waited = health.waited(now)
    limit = hours(limits.late)
    return (
        _fresh("source_is_fresh", health.source, limits, now, behind),
        _fresh("delivery_is_fresh", health.delivered, limits, now, ""),
        Verdict(
            "nothing_waits_long", waited <= limits.late,
            f"{health.pending:,} contacts wait, the oldest for {hours(waited):g} h; the limit is {limit:g} h",
            {"pending": health.pending, "oldest pending hours": hours(waited), "limit hours": limit}, serious=True,
        ),
        Verdict(
            "few_are_refused", health.rejected_share <= limits.rejected_share,
            f"{health.rejected:,} of {health.known:,} contacts are refused ({health.rejected_share:.2%}); "
            f"the limit is {limits.rejected_share:.2%}",
            {"rejected": health.rejected, "rejected share": round(health.rejected_share, 4)},
        ),
    )  # fmt: skip


def _fresh(name: str, as_of: datetime | None, limits: Limits, now: datetime, more: str) -> Verdict:
    limit = hours(limits.late)
    if as_of is None:
        return Verdict(name, passed=False, said="never yet", numbers={"limit hours": limit}, serious=True)
    age = hours(now - as_of)
    said = f"as of {as_of:%Y-%m-%d %H:%M} UTC, {age:g} h ago; the limit is {limit:g} h{more}"
    numbers = {"age hours": age, "limit hours": limit}
    return Verdict(name, passed=now - as_of <= limits.late, said=said, numbers=numbers, serious=True)


EXTRACTED = "extracted"
DECLARATION_VERDICTS = {
    EXTRACTED: "The query ran for the newest window, and all rows arrived.",
    "keys": "Every row has a key, and each key one row.",
    "emails": "Every e-mail address is there, valid, and one person's.",
    "values": "Every value can be read as what it is declared to be.",
    "size": "The size is about what it was in the window before (ALERT_SIZE_CHANGE).",
    "guard": "The guard holds nothing of it.",
}
"""Verdicts on a declaration's newest result, and what each says when it passes."""


def verdicts_of(kind: Kind) -> tuple[str, ...]:
    """Return the names of the verdicts a declaration of a kind gets."""
    middle = {Kind.CONTACTS: ("emails", "values"), Kind.AUDIENCE: (), Kind.TRAIT: ("values",)}
    return (EXTRACTED, "keys", *middle[kind], "size", "guard")


def judge_declarations(
    connection: duckdb.DuckDBPyConnection, declarations: Declarations, limits: Limits
) -> dict[str, tuple[Verdict, ...]]:
    """Return declaration key → verdicts on its result in the newest computed window, read from the store."""
    problems = {
        (str(key), str(kind)): int(rows)
        for key, kind, rows in connection.execute(
            """select key, kind, sum(rows) from engine.problem
            where as_of = (select max(as_of) from engine.computed_window) group by all"""
        ).fetchall()
    }
    sizes = {str(key): (int(now), None if before is None else int(before)) for key, now, before in connection.execute(
        """with numbered as (
            select property_id, contacts, row_number() over (partition by property_id order by as_of desc) as number
            from engine.snapshot
        )
        select if(property.kind = 'contacts', 'contacts', property.key), newest.contacts, previous.contacts
        from engine.property
        join numbered as newest on newest.property_id = property.property_id and newest.number = 1
        left join numbered as previous on previous.property_id = property.property_id and previous.number = 2
        where property.kind in ('audience', 'trait') or property.key = 'email'"""
    ).fetchall()}  # fmt: skip
    held = _reasons(connection, "select declaration, reason from held")
    failed = _reasons(
        connection,
        """select key, reason from engine.not_computed
        where as_of = (select max(as_of) from engine.computed_window) and reason <> $skipped""",
        skipped=DESCRIBES_NOW,
    )
    return {
        declaration.key: tuple(
            _extracted(declaration, failed)
            if name == EXTRACTED
            else _verdict(name, declaration, problems, sizes.get(declaration.key), held.get(declaration.key), limits)
            for name in verdicts_of(declaration.kind)
        )
        for declaration in declarations.all
    }


def _reasons(connection: duckdb.DuckDBPyConnection, query: str, **names: object) -> dict[str, str]:
    return {str(key): str(reason) for key, reason in connection.execute(query, names or None).fetchall()}


def _extracted(declaration: Declaration, failed: Mapping[str, str]) -> Verdict:
    reason = failed.get(declaration.key)
    said = f"{reason}; the last approved result stays" if reason else "extracted"
    return Verdict(EXTRACTED, reason is None, said, serious=True)


def _verdict(
    name: str,
    declaration: Declaration,
    problems: Mapping[tuple[str, str], int],
    size: tuple[int, int | None] | None,
    held: str | None,
    limits: Limits,
) -> Verdict:
    if name == "size":
        return _size(declaration, size, limits)
    if name == "guard":
        release = f"{held}; if the new result is right: the job `release`, or `ac-pipeline release {declaration.key}`"
        return Verdict("guard", held is None, release if held else "nothing is held", serious=True)
    kinds = {"keys": KEYS, "emails": EMAILS, "values": frozenset(OF_A_VALUE)}[name]
    if name == "keys" and declaration.kind is Kind.CONTACTS:
        kinds = kinds - EMAILS
    found = {kind: rows for (key, kind), rows in sorted(problems.items()) if key == declaration.key and kind in kinds}
    said = ", ".join(f"{rows:,} rows: {kind}" for kind, rows in found.items()) or "every row can be used"
    return Verdict(name, not found, said, {"rows not used": sum(found.values()), **found})


def _size(declaration: Declaration, size: tuple[int, int | None] | None, limits: Limits) -> Verdict:
    """Small ones may change at will, as the guard lets them."""
    if size is None:
        return Verdict("size", passed=True, said="not computed yet")
    now, before = size
    if before is None:
        return Verdict("size", passed=True, said=f"{now:,} contacts, for the first time", numbers={"contacts": now})
    share = abs(now - before) / max(before, 1)
    passed = share <= limits.size_change or max(now, before) < declaration.guard.min_members
    said = f"{before:,} contacts became {now:,} ({share:.0%}; the limit is {limits.size_change:.0%})"
    return Verdict("size", passed, said, {"contacts": now, "before": before})
