"""When what is published is renewed during a delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.store.store import Store
from ac_pipeline.sync.progress import CONTACTS, SECONDS, SHARE, Refreshing
from ac_pipeline.sync.verdicts import EVENTS, Standing
from unit.store.store_support import opened


@dataclass
class Clock:
    """Seconds, set by the test; every look at it takes `each`."""

    now: float = 0.0
    each: float = 0.0

    def __call__(self) -> float:
        self.now += self.each
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        yield store


def standing(done: int) -> Standing:
    return Standing(done, 10_000, acknowledged=done)


def test_it_is_renewed_after_so_many_contacts_or_seconds(store: Store) -> None:
    """Whichever comes first; both are counted anew from each renewal."""
    clock, renewed = Clock(), list[int]()
    told = Refreshing(store, now_and_then=lambda standing: renewed.append(standing.done), clock=clock)
    for done, at in (
        (CONTACTS - 1, 1.0),
        (CONTACTS, 2.0),
        (CONTACTS + 1, 2.0 + SECONDS - 0.1),
        (CONTACTS + 2, 2.0 + SECONDS),
        (2 * CONTACTS + 1, 3.0 + SECONDS),
        (2 * CONTACTS + 2, 4.0 + SECONDS),
    ):
        clock.now = at
        told(standing(done))
    assert renewed == [CONTACTS, CONTACTS + 2, 2 * CONTACTS + 2]


def test_every_standing_is_passed_on(store: Store) -> None:
    """A bar moves with each contact, whatever is published."""
    seen: list[Standing] = []
    told = Refreshing(store, each=seen.append, clock=Clock())
    for done in (1, 2, 3):
        told(standing(done))
    assert seen == [standing(1), standing(2), standing(3)]


def test_the_published_copy_says_how_far_the_run_is(store: Store) -> None:
    """The run is still recorded as running there."""
    Refreshing(store, clock=Clock())(Standing(1_500, 4_000, 1_490, 6, 4))
    with duckdb.connect(store.home.published, read_only=True) as connection:
        ((state, summary),) = connection.execute("select state, summary from runs").fetchall()
    assert state == "running"
    assert json.loads(summary) == {
        "done": 1_500, "total": 4_000, "acknowledged": 1_490, "rejected": 6, "unknown": 4, "what": "contacts",
    }  # fmt: skip


def test_events_are_counted_anew_after_the_contacts(store: Store) -> None:
    """However many contacts there were before: every 1,000 events, and with the first after 30 seconds."""
    clock, renewed = Clock(), list[tuple[str, int]]()
    told = Refreshing(store, now_and_then=lambda standing: renewed.append((standing.what, standing.done)), clock=clock)
    told(standing(CONTACTS))
    clock.now = 1.0
    for done in (1, CONTACTS - 1, CONTACTS):
        told(Standing(done, 5_000, acknowledged=done, what=EVENTS))
    clock.now += SECONDS
    told(Standing(CONTACTS + 1, 5_000, what=EVENTS))
    assert renewed == [("contacts", CONTACTS), ("events", CONTACTS), ("events", CONTACTS + 1)]


def test_a_copy_that_takes_long_is_renewed_less_often(store: Store) -> None:
    """However large the store, delivery keeps most of the time."""
    clock, renewed = Clock(each=5.0), list[int]()
    told = Refreshing(store, now_and_then=lambda standing: renewed.append(standing.done), clock=clock)
    for number in range(1, 101):
        told(standing(number * CONTACTS))
    spent = 5.0 * len(renewed)
    assert len(renewed) > 1
    assert spent <= SHARE * clock.now + 5.0
