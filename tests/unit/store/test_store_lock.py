"""One process at a time, real processes: who waits, who is named, and what a killed one leaves."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.errors import Inconsistent, StoreBusy
from ac_pipeline.home import Home
from ac_pipeline.store.lock import holder
from unit.store.store_process import holding, python, says
from unit.store.store_support import opened, rows

WAIT = """
import sys
from pathlib import Path
from unit.store.store_support import opened
print("waiting", flush=True)
with opened(Path(sys.argv[1]), run_id="run-waited", wait=60):
    print("in", flush=True)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_busy_store_names_its_holder(root: Path) -> None:
    """The process id, what it does, since when, and how long was waited."""
    with holding(root, "sync") as process, pytest.raises(StoreBusy) as busy, opened(root, wait=0.2):
        pass
    assert f"process {process.pid} (sync) since 20" in str(busy.value)
    assert "waited 0.2 s" in str(busy.value)


def test_the_holder_can_be_asked_for(root: Path) -> None:
    """While it works it has a name; afterwards there is none."""
    home = Home.at(root)
    assert holder(home) is None
    with holding(root, "release") as process:
        found = holder(home)
        assert found is not None
        assert (found.pid, found.doing) == (process.pid, "release")
        process.communicate("")
        assert process.returncode == 0
        assert holder(home) is None


def test_the_holder_itself_may_ask(root: Path) -> None:
    """In the same process too, without waiting for itself."""
    with opened(root, kind="sync") as store:
        found = holder(store.home)
        assert found is not None
        assert found.doing == "sync"
    assert holder(Home.at(root)) is None


def test_a_second_process_gets_its_turn(root: Path) -> None:
    """It waits until the first is done, and then works."""
    with holding(root) as first, python(WAIT, str(root)) as second:
        says(second, "waiting")
        first.communicate("")
        says(second, "in")
        second.communicate()
        assert second.returncode == 0
    with opened(root) as store:
        assert rows(store, "select run_id, state from runs where run_id <> 'run-1' order by run_id") == [
            ("run-held", "succeeded"),
            ("run-waited", "succeeded"),
        ]


def test_a_killed_holder_is_dead_in_the_record_and_its_rest_is_gone(root: Path) -> None:
    """The operating system frees the lock; the next process marks the run and clears its working folder."""
    with holding(root) as process:
        process.kill()
        process.wait()
    home = Home.at(root)
    assert holder(home) is None
    assert [path.name for path in home.work.iterdir()] == ["run-held"]
    with opened(root) as store:
        assert rows(store, "select run_id, state from runs order by run_id") == [
            ("run-1", "running"),
            ("run-held", "dead"),
        ]
        assert [path.name for path in home.work.iterdir()] == ["run-1"]
    assert list(home.work.iterdir()) == []


def test_a_run_that_raises_is_recorded_as_failed(root: Path) -> None:
    """The error goes on to whoever called; lock and working folder are free."""
    with pytest.raises(ZeroDivisionError), opened(root) as store:
        raise ZeroDivisionError
    assert holder(store.home) is None
    assert list(store.home.work.iterdir()) == []
    with opened(root, run_id="run-2") as store:
        assert rows(store, "select state from runs where run_id = 'run-1'") == [("failed",)]


def insert_and_fail(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into engine.contact values (1, 'u1')")
    connection.execute("insert into engine.contact values ('two', 'u2')")


def test_a_change_of_state_is_whole_or_nothing(root: Path) -> None:
    """A transaction that raises leaves the store as it was."""
    with opened(root) as store:
        with pytest.raises(duckdb.ConversionException), store.transaction():
            insert_and_fail(store.connection)
        assert rows(store, "from engine.contact") == []


def test_home_and_store_are_private(root: Path) -> None:
    """0700 and 0600, whatever the umask was."""
    with opened(root) as store:
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (root, store.work, store.home.work)}
        assert modes == {0o700}
        assert stat.S_IMODE(store.home.store.stat().st_mode) == 0o600
        assert stat.S_IMODE(store.home.lock.stat().st_mode) == 0o600
        assert stat.S_IMODE(store.home.lock_holder.stat().st_mode) == 0o600


def test_a_store_of_another_version_is_left_alone(root: Path) -> None:
    """Nothing is written that a newer release would not understand."""
    with opened(root) as store:
        store.connection.execute("update engine.version set version = 99")
    with pytest.raises(Inconsistent, match="schema version 99"), opened(root):
        pass


def test_a_program_that_has_the_private_file_open_is_answered_with_advice(root: Path) -> None:
    """It does not take the lock, but DuckDB refuses two writers; the published name is named instead."""
    with opened(root) as store:
        file = store.home.store
    code = "import duckdb, sys\nc = duckdb.connect(sys.argv[1])\nprint('open', flush=True)\nsys.stdin.read()"
    with python(code, str(file)) as process:
        says(process, "open")
        with pytest.raises(StoreBusy, match=r"ac_pipeline\.duckdb"), opened(root, run_id="run-2"):
            pass
    with opened(root, run_id="run-2"):
        pass


def test_a_first_run_killed_before_the_views_does_not_leave_the_store_without_them(root: Path) -> None:
    """The state of the file between the version and the views, as a kill at that moment leaves it."""
    with opened(root) as store:
        views = [
            name
            for (name,) in rows(store, "select schema_name || '.' || view_name from duckdb_views() where not internal")
        ]
        file = store.home.store
    with duckdb.connect(file) as connection:
        for name in views:
            connection.execute(f"drop view {name}")
    with opened(root, run_id="run-2") as store:
        found = [
            name
            for (name,) in rows(store, "select schema_name || '.' || view_name from duckdb_views() where not internal")
        ]
    assert sorted(map(str, found)) == sorted(map(str, views))
