"""The store: one private DuckDB file, opened by one process at a time."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb

from ac_pipeline.errors import StoreBusy
from ac_pipeline.home import Home
from ac_pipeline.privacy import redact
from ac_pipeline.store.lock import held_lock
from ac_pipeline.store.schema import prepare
from ac_pipeline.store.shrink import is_wasteful, write_anew

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
MEMORY = "1GB"
"""How much memory DuckDB takes unless the settings say otherwise."""


def utc_now() -> datetime:
    """Return the present moment in UTC; the default clock of a store."""
    return datetime.now(UTC)


def naive(moment: datetime) -> datetime:
    """Return a moment as the store keeps it: UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


class Store:
    """An open store. `connection` is this process's only connection to the file."""

    def __init__(self, home: Home, connection: duckdb.DuckDBPyConnection, run_id: str, clock: Clock) -> None:
        self.home = home
        self.connection = connection
        self.run_id = run_id
        self._clock = clock
        self._in_transaction = False
        self.work = home.work / run_id
        """Folder for what this run needs on disk; removed when the store is closed."""

    def now(self) -> datetime:
        """Return the present moment as the store keeps it."""
        return naive(self._clock())

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One change of state: all of the block, durably, or nothing. A block inside another is part of it."""
        if self._in_transaction:
            yield self.connection
            return
        self.connection.execute("begin")
        self._in_transaction = True
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("rollback")
            raise
        else:
            self.connection.execute("commit")
        finally:
            self._in_transaction = False

    @contextmanager
    def rehearsal(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Undo at its end whatever the block changed: it only asked what would be."""
        self.connection.execute("begin")
        self._in_transaction = True
        try:
            yield self.connection
        finally:
            self._in_transaction = False
            self.connection.execute("rollback")

    def note_run(self, summary: Mapping[str, object]) -> None:
        """Record how far this run is, for the published copy; replaced when it ends."""
        self.connection.execute(
            "update engine.run set summary = $summary where run_id = $run",
            {"run": self.run_id, "summary": json.dumps(summary)},
        )

    def finish_run(self, state: str, summary: Mapping[str, object] | None = None) -> None:
        """Record how this run ended: `succeeded`, `attention` or `failed`."""
        self.connection.execute(
            "update engine.run set state = $state, finished_at = $now, summary = $summary where run_id = $run",
            {"state": state, "now": self.now(), "run": self.run_id, "summary": json.dumps(summary or {})},
        )


@contextmanager
def open_store(
    home: Home, *, kind: str, run_id: str, wait: float = 10.0, clock: Clock = utc_now, memory: str = MEMORY
) -> Iterator[Store]:
    """Hold the lock, open the file, and record a run of this `kind` (`sync`, `release`, …).

    Runs that are recorded as running are dead, because this process holds the lock: they are marked
    so, and their attempts without an answer become unknown (see ledger.recover). DuckDB keeps to `memory`, about;
    what does not fit it writes into a folder of the home, which is removed when the store is closed.
    Raises StoreBusy after `wait` seconds, Inconsistent for a file of another schema version.
    """
    with held_lock(home, kind, wait):
        connection = _connect(home)
        try:
            home.store.chmod(0o600)
            connection.execute("set TimeZone = 'UTC'")
            _remove_leftovers(home)
            # DuckDB makes it when it is needed, private by the home's umask, and removes it in the end.
            connection.execute(f"set temp_directory = '{home.work / run_id}.spill'")
            connection.execute(f"set memory_limit = '{memory}'")
            prepare(connection, home)
            store = Store(home, connection, run_id, clock)
            _begin_run(store, kind)
            with _working_folder(store):
                try:
                    yield store
                except BaseException:
                    _finish_unless_done(store, "failed")
                    raise
            _finish_unless_done(store, "succeeded")
            connection.execute("checkpoint")
            wasteful = is_wasteful(connection)
        finally:
            connection.close()
        if wasteful:
            write_anew(home)


def _remove_leftovers(home: Home) -> None:
    """Remove what dead runs left in the working folder; nothing of it is used."""
    for leftover in home.work.iterdir():
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _working_folder(store: Store) -> Iterator[None]:
    store.work.mkdir(mode=0o700)
    try:
        yield
    finally:
        shutil.rmtree(store.work, ignore_errors=True)


def _connect(home: Home) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(home.store, config={"autoinstall_known_extensions": False})
    except duckdb.IOException as error:
        raise StoreBusy(
            f"The store {home.store} cannot be opened: {redact(str(error))}",
            f"If a program other than ac-pipeline has it open, close it and open {home.published.name} instead.",
        ) from None


def _begin_run(store: Store, kind: str) -> None:
    with store.transaction() as connection:
        dead = connection.execute(
            "update engine.run set state = 'dead', finished_at = $now where state = 'running' returning run_id",
            {"now": store.now()},
        ).fetchall()
        connection.execute(
            "insert into engine.run values ($run, $kind, $now, null, 'running', null)",
            {"run": store.run_id, "kind": kind, "now": store.now()},
        )
    for (run_id,) in dead:
        logger.warning("run %s ended without saying so; marked dead", run_id)


def _finish_unless_done(store: Store, state: str) -> None:
    row = store.connection.execute("select state from engine.run where run_id = $run", {"run": store.run_id}).fetchone()
    if row is not None and row[0] == "running":
        store.finish_run(state)
