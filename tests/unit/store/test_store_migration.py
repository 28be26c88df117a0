"""A home that an earlier release wrote: its history, its ledger and what its views answer outlive the upgrade.

`version_2/` is what the last release with schema version 2 was: its two SQL files word for word, the rows it had
written after four windows against the sandbox, and what its views then answered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ac_pipeline.errors import Inconsistent
from ac_pipeline.home import Home
from ac_pipeline.store.schema import SCHEMA_VERSION
from unit.store.store_support import opened, rows

VERSION_2 = Path(__file__).parent / "version_2"
ANSWERS: dict[str, Any] = json.loads((VERSION_2 / "answers.json").read_text(encoding="utf-8"))
NEW = "run-of-the-new-release"


def write_version_2(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Make the store as that release made it; return the rows of each table."""
    with duckdb.connect(home.store) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name in ("schema", "rows", "views"):
            connection.execute((VERSION_2 / f"{name}.sql").read_text(encoding="utf-8"))
        named = connection.execute("select table_name from duckdb_tables() where schema_name = 'engine'").fetchall()
        return {name: connection.execute(f"from engine.{name} order by all").fetchall() for (name,) in named}


def sorted_rows(found: list[tuple[Any, ...]]) -> list[list[Any]]:
    return sorted((list(row) for row in found), key=str)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home")


def test_a_store_of_version_2_is_moved_on_and_answers_as_before(home: Home) -> None:
    """Every row of history, ledger and the rest is there, every view says what it said, new ids go on from the last."""
    before = write_version_2(home)
    assert before["version"] == [(2,)]
    for number in (1, 2):  # the second time there is nothing to move
        with opened(home.root, run_id=f"{NEW}-{number}") as store:
            assert rows(store, "from engine.version") == [(SCHEMA_VERSION,)]
            for table, written in before.items():
                if table not in ("version", "run"):
                    assert rows(store, f"from engine.{table} order by all") == written, table
            assert rows(store, f"from engine.run where run_id not like '{NEW}%' order by all") == before["run"]
            for view, said in ANSWERS.items():
                columns = ", ".join(f"{name}::varchar" for name in said["columns"])
                old = f" where run_id not like '{NEW}%'" if view == "runs" else ""
                assert sorted_rows(rows(store, f"select {columns} from {view}{old}")) == said["rows"], view
            holding, over = rows(store, "select (select count(*) from engine.present), count(*) from engine.past")[0]
            assert (holding + over, min(holding, over) > 0) == (len(before["history"]), True)
            assert rows(store, "from duckdb_tables() where table_name = 'history_2'") == []
            newest = max(row[0] for row in before["contact"])
            assert rows(store, "select nextval('engine.contact_ids')") == [(newest + number,)]


def test_membership_at_a_past_moment_is_what_the_old_release_recorded(home: Home) -> None:
    """The question is new; the answer comes from rows that were there."""
    history = write_version_2(home)["history"]
    changes = [dict(zip(ANSWERS["membership_changes"]["columns"], row, strict=True))
               for row in ANSWERS["membership_changes"]["rows"]]  # fmt: skip
    with opened(home.root) as store:
        for (moment,) in rows(store, "select as_of from windows order by as_of"):
            past = [change for change in changes if change["as_of"] <= str(moment)]
            inside = {(change["audience"], change["user_id"]) for change in sorted(past, key=lambda one: one["as_of"])
                      if change["change"] == "entered"
                      and not any(later["change"] == "exited" and later["as_of"] > change["as_of"]
                                  and (later["audience"], later["user_id"]) == (change["audience"], change["user_id"])
                                  for later in past)}  # fmt: skip
            found = rows(store, "select audience, user_id from members_at($moment)", moment=moment)
            assert (set(found), len(found)) == (inside, len(inside))
    assert history


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1])
def test_a_store_of_another_version_is_left_as_it_is(home: Home, version: int) -> None:
    """Both versions are named, and no row is touched."""
    write_version_2(home)
    with duckdb.connect(home.store) as connection:
        connection.execute(f"update engine.version set version = {version}")
    bytes_before = home.store.read_bytes()
    said = rf"schema version {version}; this ac-pipeline knows {SCHEMA_VERSION}"
    with pytest.raises(Inconsistent, match=said), opened(home.root):
        pass
    assert home.store.read_bytes() == bytes_before


def test_a_move_that_fails_in_the_middle_leaves_the_old_store(home: Home) -> None:
    """One transaction: the release that wrote it can still open it."""
    before = write_version_2(home)
    with duckdb.connect(home.store) as connection:
        connection.execute("create table engine.past (of_something_else integer)")
    with pytest.raises(duckdb.Error), opened(home.root):
        pass
    with duckdb.connect(home.store, read_only=True) as connection:
        assert connection.execute("from engine.version").fetchall() == [(2,)]
        assert connection.execute("from engine.history order by all").fetchall() == before["history"]
