"""Opening the published copy while it is published over and over: it never fails, whoever opens it, and how."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.managers import SyncManager
from pathlib import Path
from threading import Event

import duckdb

from ac_pipeline.home import Home
from ac_pipeline.store.publish import publish
from ac_pipeline.store.published import open_copy
from ac_pipeline.store.store import open_store

NAME = "ac_pipeline.duckdb"
ROWS = 500
"""Rows that the store grows by between two publications, so that they differ in size."""
CARELESS = 20
"""Every so many opens a reader opens the copy for writing, and writes: where the file's mode does not stop it, which
does not stop root."""


@dataclass(frozen=True, slots=True)
class Opens:
    """What came of it."""

    opens: int
    written_to: int
    """How often a copy was written to."""
    publications: int
    seconds: float
    failures: Sequence[str] = field(default_factory=tuple)

    @property
    def passed(self) -> bool:
        """Whether nothing failed, while enough was published."""
        return not self.failures and self.publications > 1


def measure(folder: Path, opens: int, *, careless: bool, readers: int = 2) -> Opens:
    """Open the copy so often, in several processes, while another one writes and publishes without a pause.

    `careless`: readers also open it for writing. DuckDB then refuses others that version; the pipeline's own commands
    read it all the same, and the readers open it as these do.
    """
    home, context = folder / "home", multiprocessing.get_context("spawn")
    with SyncManager(ctx=context) as manager, ProcessPoolExecutor(readers + 1, mp_context=context) as pool:
        begun, done = manager.Event(), manager.Event()
        writer = pool.submit(_write, home, begun, done)
        begun.wait()
        started = time.monotonic()
        looks = [pool.submit(_look, home, opens // readers, careless) for _ in range(readers)]
        found = [look.result() for look in looks]
        seconds = time.monotonic() - started
        done.set()
        publications, kept = writer.result()
    failures = [failure for _, failures in found for failure in failures]
    if kept != publications * ROWS:
        failures.append(f"the newest copy has {kept} rows of {publications * ROWS}")
    return Opens(opens, sum(written for written, _ in found), publications, seconds, tuple(failures))


def _write(home: Path, begun: Event, done: Event) -> tuple[int, int]:
    """Publish until `done`; return how often, and how many rows the newest copy has."""
    publications = 0
    with open_store(Home.at(home), kind="soak", run_id="opens") as store:
        while not done.is_set():
            store.connection.execute(
                "insert into engine.contact select nextval('engine.contact_ids'), 'u' || n from range($rows) as t(n)",
                {"rows": ROWS},
            )
            name = publish(store)
            publications += 1
            begun.set()
    with duckdb.connect(name, read_only=True) as copy:
        return publications, _rows(copy)


def _look(home: Path, opens: int, careless: bool) -> tuple[int, list[str]]:
    """Open the copy so often; return how often it could be written to, and what went wrong."""
    written, seen, failures = 0, 0, []
    for number in range(opens):
        if careless and number % CARELESS == 0:
            written += _write_to(home / NAME)
        try:
            with open_copy(home) if careless else duckdb.connect(home / NAME, read_only=True) as copy:
                rows = _rows(copy)
        except duckdb.Error as error:
            failures.append(f"open {number}: {type(error).__name__}: {error}")
            continue
        if rows % ROWS or rows < seen:
            failures.append(f"open {number}: {rows} rows after {seen}")
        seen = rows
    return written, failures


def _write_to(name: Path) -> int:
    """Do what the `duckdb` program does by default; return whether it could."""
    try:
        with duckdb.connect(name.resolve()) as copy:
            copy.execute("create or replace table mine as select 1")
    except duckdb.Error:
        return 0
    return 1


def _rows(copy: duckdb.DuckDBPyConnection) -> int:
    row = copy.execute("select count(*) from engine.contact").fetchone()
    return int(row[0]) if row else 0


def page(plain: Opens, careless: Opens) -> str:
    """Return OPENS.md."""
    lines = [
        "# Opening the published copy while it is published",
        "Written by `make soak` (`python -m soak opens`), which fails when an open does. One process adds rows and "
        "publishes without a pause; others open the copy by its stable name, read it, and close it. Each look must "
        "find a whole copy that is not older than the one before. In the second line every "
        f"{CARELESS}th open is for writing: an ordinary user's is refused by the file's mode, root's is not, and the "
        "others read as `ac-pipeline query` does.",
        "| | opens | written to by root | publications meanwhile | seconds | failures |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        + "\n".join(
            f"| {what} | {one.opens:,} | {one.written_to:,} | {one.publications:,} | {one.seconds:.0f} | "
            f"{len(one.failures)} |"
            for what, one in (("reading", plain), ("some open it for writing", careless))
        ),
    ]
    return "\n\n".join(lines) + "\n"
