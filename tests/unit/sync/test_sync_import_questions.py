"""How often imports are asked about, and how soon it is known that they are over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.store.batches import QueuedBatch
from ac_pipeline.sync.import_questions import Questions
from ac_pipeline.sync.importer import ImportWaits
from ac_pipeline.sync.resolution import QUESTIONS

WAITS = ImportWaits()
EVERY = 0.6
"""Seconds from one import to the next."""
QUEUED = [QueuedBatch(number, f"import {number}", datetime(2026, 3, 1), 250) for number in range(1000)]  # noqa: DTZ001


def ask(takes: Mapping[int, float], until: float = math.inf) -> tuple[int, dict[int, float]]:
    """Queue imports one after the other, of which number n is over after `takes[n]` seconds.

    Return how many questions were asked until all were over, lost, or `until`, and how late each end was known.
    """
    questions, asked, late = Questions(WAITS), 0, dict[int, float]()
    now, open_ = 0.0, set(takes)
    while open_ and now < until:
        queued = [QUEUED[number] for number in sorted(open_) if number * EVERY <= now]
        questions.see({batch.batch_id: now - batch.batch_id * EVERY for batch in queued}, now)
        for batch in questions.due(queued, now)[:QUESTIONS]:
            number, age = batch.batch_id, now - batch.batch_id * EVERY
            asked += 1
            questions.answered(number, now, over=age >= takes[number])
            if age >= takes[number] or questions.lost(number):
                open_.remove(number)
                late[number] = age - takes[number]
        now += questions.wait(now) if queued else EVERY
    return asked, late


@pytest.mark.parametrize(("seconds", "most", "latest"), [(6, 1.0, 1.1), (20, 1.2, 6), (200, 1.2, 60)])
def test_an_import_needs_about_one_question(seconds: float, most: float, latest: float) -> None:
    """Also where they take longer than the first wait: that is learnt from the first ones."""
    asked, late = ask(dict.fromkeys(range(400), seconds))
    assert asked <= most * 400 + 5
    assert max(late.values()) <= latest


def test_imports_that_are_over_all_at_once_are_known_soon() -> None:
    """After five minutes in which nothing happened."""
    asked, late = ask({number: max(6.0, 300 - number * EVERY) for number in range(400)})
    assert asked <= 450
    assert max(late.values()) <= 62


def test_a_service_that_stands_still_is_asked_few_questions() -> None:
    """A hundred imports that never end take fewer than one question each until the first is lost."""
    asked, late = ask(dict.fromkeys(range(100), math.inf), until=WAITS.lost)
    assert (asked <= 60, late) == (True, {})


def test_one_that_never_ends_does_not_keep_the_others() -> None:
    """They are over in another order than they were handed over in."""
    asked, late = ask({0: math.inf, **dict.fromkeys(range(1, 400), 6.0)}, until=600)
    assert len(late) == 399
    assert max(late.values()) <= 30
    assert asked <= 500


@given(st.lists(st.one_of(st.floats(0, 60), st.just(math.inf)), min_size=1, max_size=20))
def test_every_import_is_over_or_lost_in_the_end(seconds: list[float]) -> None:
    """Whatever they take; none is given up before its time, and none is asked about without end."""
    asked, late = ask(dict(enumerate(seconds)))
    assert len(late) == len(seconds)
    assert asked <= 40 * len(seconds)
