"""Retention: what is over is forgotten after some days; what holds, what waits and what the ledger needs is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.errors import UnknownName
from ac_pipeline.home import Home
from ac_pipeline.store.publish import publish
from ac_pipeline.store.retention import forget_before, forget_old, kept_since
from ac_pipeline.store.shrink import is_wasteful
from ac_pipeline.store.store import Store, open_store
from unit.store.incoming_support import BUYERS, people, take
from unit.store.store_support import START, Ticking, as_of, give_contacts, insert, opened, rows, window

DAY = 12
"""Windows in a day."""


@pytest.fixture
def clock() -> Ticking:
    return Ticking(START)


@pytest.fixture
def store(tmp_path: Path, clock: Ticking) -> Iterator[Store]:
    with open_store(Home.at(tmp_path / "home"), kind="test", run_id="run-1", clock=clock) as store:
        yield store


def members(store: Store, *users: str, number: int) -> None:
    take(store, {BUYERS: people(*((user,) for user in users), columns="user_id varchar")}, number)


def windows(store: Store) -> list[object]:
    return [moment for (moment,) in rows(store, "select as_of from windows order by all")]


def test_after_the_days_of_the_setting_the_newest_window_before_them_is_the_first_one(
    store: Store, clock: Ticking
) -> None:
    """Sizes and members from then on are as they were; an earlier moment is an error, not an empty answer."""
    for number in range(5):
        members(store, "1", *(["2"] if number < 2 else ["3"]), number=number * DAY)
    sizes = "select as_of, members, entered, exited from audience_sizes where as_of >= $t order by all"
    before = rows(store, sizes, t=as_of(2 * DAY))
    clock.moment = window(4 * DAY).end
    assert forget_old(store, 400) is None
    assert forget_old(store, 2) == as_of(2 * DAY)
    assert windows(store) == [as_of(number * DAY) for number in (2, 3, 4)]
    assert rows(store, "select as_of, members, entered, exited from audience_sizes order by all") == before
    assert before[0][1:] == (2, 1, 1)
    then = "select user_id, member_since from members_at($t) order by all"
    assert rows(store, then, t=as_of(3 * DAY)) == [("1", as_of(0)), ("3", as_of(2 * DAY))]
    with pytest.raises(duckdb.Error, match="Nothing is kept from before 2026-03-03"):
        rows(store, then, t=as_of(2 * DAY) - timedelta(seconds=1))
    changes = "select user_id, change from membership_changes order by all"
    assert rows(store, changes) == [("2", "exited"), ("3", "entered")]


def test_it_is_done_once_a_day(store: Store, clock: Ticking) -> None:
    """Reading the whole record for a single window would be waste."""
    computed = [(as_of(number), as_of(number - 1), "run", as_of(number)) for number in range(3 * DAY)]
    insert(store, "engine.computed_window", computed)
    clock.moment = window(2 * DAY).end
    assert forget_old(store, 1) == as_of(DAY)
    clock.moment = window(3 * DAY - 1).end
    assert forget_old(store, 1) is None
    clock.moment = window(3 * DAY).end
    assert forget_old(store, 1) == as_of(2 * DAY)


def test_a_forgotten_window_cannot_be_computed_again(store: Store) -> None:
    """What came after it is not known well enough; the first one that is kept can."""
    for number in (0, 1, 2):
        members(store, "1", number=number)
    forget_before(store, as_of(1))
    with pytest.raises(UnknownName, match=r"begins with the window that ended 2026-03-01 12:00 UTC.*HISTORY_RETENTION"):
        members(store, "1", "2", number=0)
    members(store, "1", "2", number=1)
    assert rows(store, "select user_id from members_at($t) order by all", t=as_of(1)) == [("1",), ("2",)]


def test_what_waits_for_a_person_is_kept_however_old_it_is(store: Store, clock: Ticking) -> None:
    """A held result can be released after a long holiday."""
    for number in range(4):
        members(store, "1", number=number * DAY)
    (property_id,) = rows(store, "select property_id from engine.property where key = 'buyers'")[0]
    held = (property_id, as_of(DAY), "few", 9, 1, 8, as_of(DAY), None)
    insert(store, "engine.held", [held])
    clock.moment = window(4 * DAY).end
    assert forget_old(store, 1) == as_of(DAY)
    store.connection.execute("update engine.held set released_at = held_at")
    assert forget_old(store, 1) == as_of(3 * DAY)
    assert rows(store, "from engine.held") == []


def test_who_was_there_is_known_where_that_decides_what_is_sent(store: Store) -> None:
    """The last stay in the contacts, and in an audience that unsubscribes those who leave; others go."""
    give_contacts(store, ["1"])
    keys = ("email", "readers", "buyers")
    insert(
        store,
        "engine.property",
        [(n, "audience", key, key, "text", "", True, True, "keep", False, False) for n, key in enumerate(keys, 1)],
    )
    insert(store, "engine.source", [(2, 9, True, False)])
    stays = [(n, 1, "true", as_of(begin), as_of(begin + 1)) for n in (1, 2, 3) for begin in (0, 2)]
    insert(store, "engine.past", stays)
    forget_before(store, as_of(9))
    assert rows(store, "select property_id, valid_from from engine.past order by all") == [
        (1, as_of(2)), (2, as_of(2)),
    ]  # fmt: skip


def test_the_last_of_everything_is_kept(store: Store) -> None:
    """The last result, approval and run of each kind, and when something was first approved."""
    runs = [
        (f"{kind}-{number}", kind, as_of(number), as_of(number), "succeeded", None)
        for kind in ("sync", "retry") for number in (0, 1)
    ]  # fmt: skip
    insert(store, "engine.run", runs)
    insert(store, "engine.snapshot", [(1, as_of(number), "run", as_of(number), 1) for number in (0, 1)])
    insert(store, "engine.approval", [(1, as_of(number), as_of(number), "run") for number in (0, 1, 2)])
    insert(store, "engine.not_computed", [("spent", as_of(0), "run", "why")])
    insert(store, "engine.problem", [(as_of(0), "spent", "invalid_value", "1", 1)])
    forget_before(store, as_of(9))
    kept = rows(store, "select run_id from engine.run order by all")
    assert kept == [("retry-1",), ("run-1",), ("sync-1",)]
    assert rows(store, "select as_of from engine.snapshot") == [(as_of(1),)]
    assert rows(store, "select as_of from engine.approval order by all") == [(as_of(0),), (as_of(2),)]
    assert rows(store, "from not_computed") == rows(store, "from problems") == []
    assert kept_since(store) == as_of(9)


def test_a_file_that_is_mostly_free_is_written_anew(tmp_path: Path) -> None:
    """It becomes small; nothing is lost, numbers go on, and what a kill left of an earlier try is removed."""
    with opened(tmp_path / "home") as store:
        home = store.home
        give_contacts(store, ["1", "2"])
        store.connection.execute("create table engine.much as select hash(n) as h from range(12_000_000) as t(n)")
        store.connection.execute("create table engine.after as select hash(n + 1) as h from range(300_000) as t(n)")
        store.connection.execute("checkpoint")
        assert not is_wasteful(store.connection)
        store.connection.execute("drop table engine.much")
        before = home.store.stat().st_size
        for name in ("store.fresh", "store.fresh.wal"):
            (home.root / name).write_bytes(b"half")
    assert home.store.stat().st_size < before / 10
    assert home.store.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.root.glob("store.*") if path.suffix in (".fresh", ".wal")] == []
    with opened(tmp_path / "home", run_id="run-2") as store:
        assert give_contacts(store, ["3"]) == {"1": 1, "2": 2, "3": 3}
        assert rows(store, "select count(*) from engine.after") == [(300_000,)]
        assert rows(store, "select run_id, state from runs order by all") == [
            ("run-1", "succeeded"), ("run-2", "running"),
        ]  # fmt: skip
        publish(store)
