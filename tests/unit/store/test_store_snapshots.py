"""Snapshots of a window: which are the newest, what a failed declaration keeps, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import take_snapshot
from ac_pipeline.store.store import Store
from unit.store.incoming_support import BUYERS, LEVEL, SPENT, people, take, values
from unit.store.store_support import declared, extraction, opened, rows, window


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        yield store


def test_an_empty_result_is_a_result(store: Store) -> None:
    """Everybody left; the snapshot says zero."""
    take(store, {BUYERS: people(("1",), columns="user_id varchar")})
    snapshot = take(store, {BUYERS: people(columns="user_id varchar")}, 1)
    (buyers,) = snapshot.snapshots
    assert (buyers.contacts, buyers.exited) == (0, 1)


def test_a_declaration_that_failed_keeps_what_it_had(store: Store) -> None:
    """The window is computed without it and says why; computed again with it, nothing is missing."""
    take(store, {BUYERS: people(("1",), columns="user_id varchar")})
    ids = register(store, declared(BUYERS, SPENT, LEVEL))
    failed = extraction(store.work / "failed.duckdb", {}, {BUYERS: "no such table"})
    snapshot = take_snapshot(store, window(1), failed, ids)
    assert (snapshot.missing, snapshot.newest) == ((("buyers", "no such table"),), True)
    assert values(store, "buyers", 1) == {"1": "true"}
    assert rows(store, "select declaration, reason from not_computed") == [("buyers", "no such table")]
    take(store, {BUYERS: people(columns="user_id varchar")}, 1)
    assert rows(store, "from not_computed") == []
    assert values(store, "buyers", 1) == {}


def test_only_a_window_without_a_later_one_is_the_newest(store: Store) -> None:
    """The newest again is the newest; a past one never."""
    table = people(("1",), columns="user_id varchar")
    assert [take(store, {BUYERS: table}, number).newest for number in (2, 2, 0, 1, 3)] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_a_snapshot_that_cannot_be_taken_leaves_nothing_behind(store: Store) -> None:
    """One transaction: a table that is not where it was said to be undoes the whole window."""
    ids = register(store, declared(BUYERS, SPENT, LEVEL))
    good = extraction(store.work / "half.duckdb", {BUYERS: people(("1",), columns="user_id varchar")})
    broken = Extraction(good.file, (*good.results, Extracted(SPENT, "t99", 3)))
    with pytest.raises(Exception, match="t99"):
        take_snapshot(store, window(0), broken, ids)
    assert rows(store, "from windows") == []
    assert rows(store, "from engine.history") == []
    assert rows(store, "from engine.contact") == []
