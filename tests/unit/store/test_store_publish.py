"""The published copy: always there, always whole, never in anybody's way."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import duckdb
import pytest

from ac_pipeline.home import Home
from ac_pipeline.store.publish import publish
from ac_pipeline.store.published import open_copy
from ac_pipeline.store.store import Store, open_store
from unit.store.store_process import python, says
from unit.store.store_support import START, Ticking, give_contacts, opened, rows

ROUNDS = 12


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        yield store


def users(file: Path) -> list[str]:
    with duckdb.connect(file, read_only=True) as connection:
        return [user for (user,) in connection.execute("select user_id from engine.contact order by all").fetchall()]


def test_the_stable_name_is_a_relative_link_to_a_read_only_version(store: Store) -> None:
    """The home can be moved; an ordinary program cannot write."""
    name = publish(store)
    assert name == store.home.published
    assert not name.readlink().is_absolute()
    assert stat.S_IMODE(name.resolve().stat().st_mode) == 0o400
    moved = store.home.root.with_name("moved")
    moved.mkdir()
    store.home.published_versions.rename(moved / "published")
    name.rename(moved / name.name)
    assert users(moved / name.name) == []


def publish_long_ago(store: Store, minutes: int) -> Path:
    """Publish as if that were so many minutes after the clock's first day."""
    name = publish(store)
    os.utime(name, (minutes * 60, minutes * 60))
    return name


SAYS = """
    select 'view ' || view_name as what, comment from duckdb_views() where schema_name = 'main' and not internal
    union all
    select 'column ' || table_name || '.' || column_name, comment from duckdb_columns()
    where schema_name = 'main' and not internal
    union all
    select 'macro ' || function_name, comment from duckdb_functions() where schema_name = 'main' and not internal
    order by what"""
"""What people meet, and what it says about itself."""


def test_the_copy_is_complete(store: Store) -> None:
    """Tables, views, macros; every view, column and macro says what it is, and all can be read."""
    give_contacts(store, ["u1"])
    with duckdb.connect(publish(store), read_only=True) as connection:
        published = dict(connection.execute(SAYS).fetchall())
        for what in published:
            kind, name = what.split(" ")
            if kind == "view":
                connection.execute(f'from "{name}"').fetchall()
            if kind == "macro":
                connection.execute(f"from {name}(now())").fetchall()
    assert [what for what, comment in published.items() if not comment] == []
    assert published == dict(rows(store, SAYS))
    assert {what for what in published if what.startswith("macro")} == {
        "macro members_at", "macro trait_values_at", "macro acknowledged_at",
    }  # fmt: skip
    assert len([what for what in published if what.startswith("view")]) >= 18
    assert users(store.home.published) == ["u1"]


def test_a_copy_opened_before_stays_readable_and_old_versions_go(store: Store) -> None:
    """Its reader keeps it; on disk two versions remain, and those that were replaced a moment ago."""
    reader = duckdb.connect(publish_long_ago(store, 0), read_only=True)
    for number in range(5):
        give_contacts(store, [f"u{number}"])
        publish_long_ago(store, number)
    give_contacts(store, ["u5"])
    publish(store)
    assert reader.execute("select count(*) from engine.contact").fetchall() == [(0,)]
    reader.close()
    assert len(users(store.home.published)) == 6
    assert len(list(store.home.published_versions.iterdir())) == 2
    publish(store)
    publish(store)
    assert len(list(store.home.published_versions.iterdir())) == 4


def test_the_name_always_opens_while_a_writer_publishes(tmp_path: Path) -> None:
    """Every look finds a whole copy, and never an older one than before."""
    code = f"""
import sys
from pathlib import Path
from ac_pipeline.store.publish import publish
from ac_pipeline.store.published import open_copy
from unit.store.store_support import give_contacts, opened
with opened(Path(sys.argv[1])) as store:
    publish(store)
    print("first", flush=True)
    sys.stdin.readline()
    for number in range({ROUNDS}):
        give_contacts(store, [f"u{{number}}"])
        publish(store)
"""
    published = Home.at(tmp_path / "home").published
    with python(code, str(tmp_path / "home")) as writer:
        says(writer, "first")
        done = Event()

        def look() -> list[int]:
            seen: list[int] = []
            while not done.is_set() and len(seen) < 10_000:
                with duckdb.connect(published, read_only=True) as connection:
                    ((contacts,),) = connection.execute("select count(*) from engine.contact").fetchall()
                    seen.append(contacts)
            return seen

        with ThreadPoolExecutor(1) as pool:
            looks = pool.submit(look)
            _, errors = writer.communicate("go\n")
            done.set()
            seen = looks.result()
    assert writer.returncode == 0, errors
    assert seen
    assert seen == sorted(seen)
    assert users(published) == sorted(f"u{number}" for number in range(ROUNDS))


def test_a_reader_that_opens_for_writing_harms_nobody(store: Store) -> None:
    """The default of the duckdb program, where the file's mode does not stop it."""
    version = publish_long_ago(store, 1).resolve()
    version.chmod(0o600)
    with duckdb.connect(version) as careless:
        careless.execute("create table mine as select 1")
        give_contacts(store, ["u1"])
        publish_long_ago(store, 2)
        assert users(store.home.published) == ["u1"]
    give_contacts(store, ["u2"])
    publish_long_ago(store, 3)
    publish(store)
    assert users(store.home.published) == ["u1", "u2"]
    assert [path.suffix for path in store.home.published_versions.iterdir()] == [".duckdb"] * 2


def test_a_copy_that_root_has_open_for_writing_is_read_all_the_same(store: Store) -> None:
    """DuckDB lets nobody else open that file; our own commands read what it was, and the next version is free."""
    give_contacts(store, ["u1"])
    version = publish(store).resolve()
    version.chmod(0o600)
    code = "import duckdb, sys\nc = duckdb.connect(sys.argv[1])\nprint('open', flush=True)\nsys.stdin.read()"
    with python(code, str(version)) as careless:
        says(careless, "open")
        with pytest.raises(duckdb.IOException, match="lock"):
            users(version)
        with open_copy(store.home.root) as copy:
            assert copy.execute("select user_id from engine.contact").fetchall() == [("u1",)]
        publish(store)
        assert users(store.home.published) == ["u1"]


def test_a_clock_that_goes_back_does_not_take_the_newest_copy_away(tmp_path: Path) -> None:
    """Clocks are corrected; the name still opens, with the newest content."""
    clock = Ticking(START)
    with open_store(Home.at(tmp_path / "home"), kind="test", run_id="run-1", clock=clock) as store:
        publish(store)
        publish(store)
        clock.moment -= timedelta(hours=1)
        give_contacts(store, ["u1"])
        publish(store)
        assert users(store.home.published) == ["u1"]


def test_a_copy_that_was_interrupted_does_not_stop_the_next(store: Store) -> None:
    """A version half written and a link not yet put in place are what a kill leaves."""
    publish(store)
    (store.home.published_versions / "20260101T000000000000.duckdb").write_bytes(b"half")
    store.home.published.with_suffix(".next").symlink_to("published/nothing.duckdb")
    give_contacts(store, ["u1"])
    publish(store)
    publish(store)
    assert users(store.home.published) == ["u1"]
    assert sorted(path.stem for path in store.home.published_versions.iterdir()) == ["00000001", "00000002", "00000003"]
    assert not store.home.published.with_suffix(".next").is_symlink()
