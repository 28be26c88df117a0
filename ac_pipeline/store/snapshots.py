"""Snapshots of a window and the history they make, exact in whatever order windows are computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.model.window import Window
from ac_pipeline.store.columns import UnusableRows
from ac_pipeline.store.incoming import read_incoming
from ac_pipeline.store.problems import problem_examples, problems
from ac_pipeline.store.retention import require_kept
from ac_pipeline.store.sql import run_script, sql
from ac_pipeline.store.store import Store, naive

FOREVER = datetime(9999, 12, 31)  # noqa: DTZ001  (moments of the store have no zone)
"""End of a value that still holds."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one property was in one window, and how it changed since the computed window before."""

    key: str
    kind: str
    contacts: int
    entered: int
    exited: int
    changed: int


@dataclass(frozen=True, slots=True)
class WindowSnapshot:
    """The snapshot of a window. `missing` says of each declaration without a result why it has none."""

    window: Window
    snapshots: tuple[Snapshot, ...]
    missing: tuple[tuple[str, str], ...]
    problems: Mapping[str, int]
    """Rows that could not be used, by `declaration: kind`; `engine.problem` lists them."""
    newest: bool
    """Whether no later window was computed in this home: only then may it be delivered."""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Up to three users of each problem, by id."""


def newest_computed(store: Store) -> datetime | None:
    """Return the end of the newest window ever computed in this home, in UTC without a zone."""
    row = store.connection.execute("select max(as_of) from engine.computed_window").fetchone()
    return row[0] if row else None


def is_newest(store: Store, window: Window) -> bool:
    """Whether no window after this one was ever computed in this home."""
    newest = newest_computed(store)
    return newest is None or naive(window.as_of) >= newest


def take_snapshot(store: Store, window: Window, extraction: Extraction, ids: dict[str, int]) -> WindowSnapshot:
    """Write an extraction into history, in one transaction; computing a window again replaces it.

    Raises UnknownName for a window that is no longer kept.
    """
    require_kept(store, window)
    as_of = naive(window.as_of)
    connection = store.connection
    snapshots: list[Snapshot] = []
    missing: list[tuple[str, str]] = []
    connection.execute(f"attach {_literal(str(extraction.file))} as extracted (read_only)")
    try:
        with store.transaction():
            newest = is_newest(store, window)
            _forget_window(store, as_of)
            for extracted in extraction.results:
                reason = extracted.failure or _write(store, extracted, ids, as_of)
                if reason:
                    missing.append((extracted.declaration.key, reason))
            _record_window(store, window, missing)
            for key, kind, property_id in connection.execute(
                """select key, kind, property_id from engine.property
                join engine.snapshot using (property_id) where as_of = $as_of order by property_id""",
                {"as_of": as_of},
            ).fetchall():
                if (snapshot := read_snapshot(store, property_id, as_of)) is not None:
                    snapshots.append(Snapshot(key, kind, *snapshot))
    finally:
        connection.execute("detach extracted")
    examples = problem_examples(store, as_of)
    return WindowSnapshot(window, tuple(snapshots), tuple(missing), problems(store, as_of), newest, examples)


def _write(store: Store, extracted: Extracted, ids: dict[str, int], as_of: datetime) -> str:
    """Write one declaration; return why it could not be used, or nothing."""
    try:
        computed = read_incoming(store, extracted, ids, as_of)
    except UnusableRows as unusable:
        return str(unusable)
    for key in computed:
        write_property(store, ids[key], as_of)
    return ""


def write_property(store: Store, property_id: int, as_of: datetime) -> None:
    """Write `incoming` of one property as its snapshot at `as_of` into history."""
    connection = store.connection
    names = {"property_id": property_id, "as_of": as_of}
    row = connection.execute(
        "select min(as_of) from engine.snapshot where property_id = $property_id and as_of > $as_of", names
    ).fetchone()
    following = row[0] if row and row[0] else FOREVER
    _old_values(store, property_id, as_of)
    connection.execute(
        "create or replace temp table new_values as "
        f"select contact_id, value from incoming where property_id = {int(property_id)}"
    )
    connection.execute(f"create or replace temp table difference as {sql('diff')}")
    run_script(connection, "history", **names, next_as_of=following)
    connection.execute("delete from engine.snapshot where property_id = $property_id and as_of = $as_of", names)
    connection.execute(
        """insert into engine.snapshot
        select $property_id, $as_of, $run, $now, count(*) from incoming where property_id = $property_id""",
        {**names, "run": store.run_id, "now": store.now()},
    )


def _old_values(store: Store, property_id: int, as_of: datetime) -> None:
    store.connection.execute(
        """create or replace temp table old_values as
        select contact_id, value from engine.history
        where property_id = $property_id and valid_from <= $as_of and valid_to > $as_of""",
        {"property_id": property_id, "as_of": as_of},
    )


def read_snapshot(store: Store, property_id: int, as_of: datetime) -> tuple[int, int, int, int] | None:
    """Return contacts, entered, exited and changed of a computed snapshot, or None."""
    row = store.connection.execute(sql("snapshot_counts"), {"property_id": property_id, "as_of": as_of}).fetchone()
    return None if row is None else (int(row[0]), int(row[1]), int(row[2]), int(row[3]))


def _forget_window(store: Store, as_of: datetime) -> None:
    """Drop what was noted of the window: what could not be computed last time may be computable now."""
    store.connection.execute("delete from engine.not_computed where as_of = $as_of", {"as_of": as_of})
    store.connection.execute("delete from engine.computed_window where as_of = $as_of", {"as_of": as_of})


def _record_window(store: Store, window: Window, missing: list[tuple[str, str]]) -> None:
    as_of = naive(window.as_of)
    store.connection.execute(
        "insert into engine.computed_window values ($as_of, $start, $run, $now)",
        {"as_of": as_of, "start": naive(window.start), "run": store.run_id, "now": store.now()},
    )
    for key, reason in missing:
        store.connection.execute(
            "insert into engine.not_computed values ($key, $as_of, $run, $reason)",
            {"key": key, "as_of": as_of, "run": store.run_id, "reason": reason},
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
