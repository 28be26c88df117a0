"""What a year of history costs: bytes, a moment in the middle of it, and publishing it."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ac_pipeline.home import Home
from ac_pipeline.store.publish import publish
from ac_pipeline.store.snapshots import write_property
from ac_pipeline.store.store import Store, open_store
from benchmarks.report import Section, bounded, table

CONTACTS, AUDIENCES, WINDOWS = 1_000_000, 20, 300
SHARE, CHURN = 0.4, 0.01
"""Members of an audience, of all contacts; those who leave it in a window, of its members. As many enter."""
WRITTEN = 2
"""Windows at the end that the pipeline's own code writes; the others are generated, in the order in which it writes."""
RATIO_BOUND, BYTES_BOUND, PUBLISH_BOUND = 5.0, 0.2, 2.0
REPEATS = 9
_START = "timestamp '2026-01-01'"


@dataclass(frozen=True, slots=True)
class Moment:
    """Looking up one moment and reading a full copy of it: processor seconds, the least of some in turns."""

    what: str
    window: int
    rows: int
    looking: float
    reading: float

    @property
    def ratio(self) -> float:
        """Full copies that could be read meanwhile."""
        return self.looking / self.reading

    @property
    def passed(self) -> bool:
        """Whether the bound holds."""
        return self.ratio <= RATIO_BOUND


@dataclass(frozen=True, slots=True)
class Measured:
    """The whole history; sizes in bytes, times in seconds."""

    moments: tuple[Moment, ...]
    grown: int
    """By how much the file grew since the first window."""
    memberships: int
    """Summed over all windows."""
    writing: float
    """Processor seconds of a window, by the pipeline's own code."""
    publishing: float
    copying: float
    size: int

    @property
    def bytes_each(self) -> float:
        """Bytes of history for one membership in one snapshot."""
        return self.grown / self.memberships

    @property
    def publish_ratio(self) -> float:
        """Plain copies of the file that could be made while it is published once, in wall time."""
        return self.publishing / self.copying


def measure(contacts: int) -> Measured:
    """Make a history, look up moments of it, write on, publish."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Home.at(Path(folder) / "home"), kind="benchmark", run_id="history") as store,
    ):
        store.connection.execute("set enable_progress_bar = false; set memory_limit = '2GB'")
        _people(store, contacts)
        store.connection.execute("checkpoint")
        empty = _used(store)
        _generate(store, contacts)
        seconds = statistics.mean(_write(store, contacts, WINDOWS - WRITTEN + number) for number in range(WRITTEN))
        store.connection.execute("checkpoint")
        grown = _used(store) - empty
        memberships = _one(store, "select sum(contacts) from engine.snapshot")
        moments = tuple(
            moment for window in (0, WINDOWS // 2, WINDOWS - 1) for moment in _moments(store, window)
        )  # fmt: skip
        publish(store)
        publishing, copying = _in_turns(lambda: _publish(store), lambda: _copy(store, Path(folder)), time.perf_counter)
        return Measured(
            moments, grown, memberships, seconds, publishing, copying, store.home.store.stat().st_size
        )  # fmt: skip


def _people(store: Store, contacts: int) -> None:
    connection = store.connection
    connection.execute(
        "insert into engine.contact select n, 'user-' || n from range(1, $end) as t(n)", {"end": contacts + 1}
    )
    for number in range(1, AUDIENCES + 1):
        connection.execute(
            """insert into engine.property values
            ($id, 'audience', $key, $key, 'boolean', '', true, true, 'keep', false, false)""",
            {"id": number, "key": f"audience_{number}"},
        )


def _generate(store: Store, contacts: int) -> None:
    """Write all windows but the last ones, as the pipeline's code would have, one after the other.

    Two contacts share a place in an audience: whenever one leaves it, the other enters.
    """
    connection, places, last = store.connection, int(contacts * SHARE), WINDOWS - WRITTEN
    connection.execute(
        """create or replace temp table change as
        select audience::integer as audience, place::integer as place, number::integer as number
        from (
            select distinct audience, number, hash(audience, number, n) % $places as place
            from range(1, $audiences + 1) as a(audience), range(1, $windows) as w(number), range($leaving) as c(n)
            union all
            select audience, 0, place from range(1, $audiences + 1) as a(audience), range($places) as p(place)
        )""",
        {"places": places, "audiences": AUDIENCES, "windows": last, "leaving": round(places * CHURN * 1.005)},
    )
    connection.execute("create or replace temp table stay (audience int, contact int, began smallint, ended smallint)")
    for audience in range(1, AUDIENCES + 1):
        connection.execute(
            """insert into stay
            select $audience, 1 + place * 2 + nth % 2, number, ended
            from (
                select place, number,
                    lead(number) over following as ended, row_number() over following as nth
                from change where audience = $audience
                window following as (partition by place order by number)
            )""",
            {"audience": audience},
        )
    moment = f"{_START} + interval 2 hours * "
    connection.execute(
        f"""insert into engine.past
        select audience, contact, 'true', {moment} began, {moment} ended
        from stay where ended is not null order by ended, audience, began, contact"""
    )
    connection.execute(
        f"""insert into engine.present
        select audience, contact, 'true', {moment} began from stay where ended is null
        order by began, audience, contact"""
    )
    connection.execute(
        f"""insert into engine.snapshot
        select audience, {moment} number, 'generated', {moment} number, $places
        from range(1, $audiences + 1) as a(audience), range($windows) as w(number)""",
        {"places": places, "audiences": AUDIENCES, "windows": last},
    )
    connection.execute("drop table change; drop table stay")
    connection.execute("checkpoint")


def _write(store: Store, contacts: int, number: int) -> float:
    """Let another window be computed, in which one in a hundred left; return the processor seconds of that."""
    connection, seconds = store.connection, 0.0
    with store.transaction():
        for audience in range(1, AUDIENCES + 1):
            connection.execute(
                """create or replace temp table incoming as
                select property_id, if(hash(contact_id, $number) % 100 = 0, contact_id + if(contact_id % 2 = 0, -1, 1),
                    contact_id)::integer as contact_id, value
                from engine.present where property_id = $audience order by contact_id""",
                {"audience": audience, "number": number},
            )
            begun = time.process_time()
            row = connection.execute(f"select {_START} + interval 2 hours * $number", {"number": number}).fetchone()
            write_property(store, audience, row[0] if row else None)  # type: ignore[arg-type]
            seconds += time.process_time() - begun
    return seconds


def _moments(store: Store, window: int) -> tuple[Moment, Moment]:
    """Look one moment up, against reading a table that holds just that snapshot, sorted."""
    connection, then = store.connection, f"({_START} + interval 2 hours * {window})"
    connection.execute(
        f"""create or replace table full_copy as
        select property_id, contact_id from engine.history
        where valid_from <= {then} and valid_to > {then} order by all"""
    )
    connection.execute("checkpoint")
    history = f"(select property_id, contact_id from engine.history where valid_from <= {then} and valid_to > {then})"
    rows = _one(store, "select count(*) from full_copy")
    ids = _in_turns(lambda: _read(store, history), lambda: _read(store, "full_copy"))
    names = _in_turns(
        lambda: _name(store, f"members_at({then})"),
        lambda: _name(
            store,
            """(select audience.key as audience, contact.user_id, email.value as email
            from full_copy
            join engine.property as audience on audience.property_id = full_copy.property_id
            join engine.contact on contact.contact_id = full_copy.contact_id
            left join engine.desired as email
                on email.property_id = (select property_id from engine.property where key = 'email')
                and email.contact_id = full_copy.contact_id)""",
        ),
    )
    connection.execute("drop table full_copy")
    return Moment("ids", window + 1, rows, *ids), Moment("members_at", window + 1, rows, *names)


def _read(store: Store, source: str) -> None:
    store.connection.execute(
        f"select property_id, count(*), bit_xor(hash(contact_id)) from {source} group by property_id"
    ).fetchall()


def _name(store: Store, source: str) -> None:
    store.connection.execute(
        f"select audience, count(*), bit_xor(hash(user_id)), count(email) from {source} group by audience"
    ).fetchall()


def _publish(store: Store) -> None:
    publish(store)


def _copy(store: Store, folder: Path) -> None:
    with (folder / "copy.duckdb").open("wb") as copy, store.home.store.open("rb") as file:
        shutil.copyfileobj(file, copy)
        copy.flush()
        os.fsync(copy.fileno())


def _in_turns(
    ours: Callable[[], None], theirs: Callable[[], None], clock: Callable[[], float] = time.process_time
) -> tuple[float, float]:
    """Return the least seconds of both: whatever else the machine does only adds to them."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS):
        for action, times in zip((ours, theirs), spent, strict=True):
            begun = clock()
            action()
            times.append(clock() - begun)
    return min(spent[0]), min(spent[1])


def _used(store: Store) -> int:
    """Return the bytes of the file that are in use."""
    return _one(store, "select block_size * used_blocks from pragma_database_size()")


def _one(store: Store, query: str) -> int:
    row: tuple[int] | None = store.connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def section(contacts: int = CONTACTS) -> Section:
    """Measure, and say how."""
    found = measure(contacts)
    text = "\n\n".join(["## History", _method(contacts), _table(found), _text(found)])
    failed = [str(moment) for moment in found.moments if not moment.passed]
    if found.bytes_each > BYTES_BOUND:
        failed.append(f"{found.bytes_each:.3f} bytes for a membership and snapshot")
    if found.publish_ratio > PUBLISH_BOUND:
        failed.append(f"publishing takes as long as {found.publish_ratio:.1f} copies of the file")
    return Section(text, tuple(failed))


def _table(found: Measured) -> str:
    rows = [
        (
            one.window, one.what, f"{one.rows:,}", f"{one.looking * 1000:.0f} ms", f"{one.reading * 1000:.0f} ms",
            bounded(f"{one.ratio:.1f}", passed=one.passed),
        )
        for one in found.moments
    ]  # fmt: skip
    return table(("window", "asked for", "rows", "looked up", "read from a full copy", "ratio"), rows)


def _text(found: Measured) -> str:
    each = bounded(f"{found.bytes_each:.3f}", passed=found.bytes_each <= BYTES_BOUND)
    ratio = bounded(f"{found.publish_ratio:.1f}", passed=found.publish_ratio <= PUBLISH_BOUND)
    return (
        f"The history took {found.grown / 1e6:,.0f} MB, {each} bytes for each membership and snapshot "
        f"(bound {BYTES_BOUND:g}). Writing a window took {found.writing:.1f} s of the processor. "
        f"Publishing the whole store ({found.size / 1e6:,.0f} MB) took {found.publishing:.2f} s, {ratio} times a plain "
        f"copy of the file on the disk ({found.copying:.2f} s; bound {PUBLISH_BOUND:g})."
    )


def _method(contacts: int) -> str:
    return (
        f"{contacts:,} contacts, {AUDIENCES} audiences with {SHARE:.0%} of them each, {WINDOWS} windows; in each "
        f"{CHURN:.0%} of the members leave and as many enter. All windows but the last {WRITTEN} are generated in SQL "
        "in the order in which the pipeline writes them, those by its own code. A moment is looked up in the history "
        "and, in turns, read from a table that holds just that snapshot, sorted: ids of audience and contact, counted "
        "and hashed by audience; and `members_at`, with names and addresses, against the same joins on that table. "
        f"Processor time of all threads, the least of {REPEATS} each. Bound of the ratio: {RATIO_BOUND:g}."
    )
