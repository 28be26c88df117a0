"""The guard's verdicts: what is suspicious, and what is an ordinary change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.model.declaration import Guard
from ac_pipeline.store.desired import Step
from ac_pipeline.sync.guard import verdict

LIMITS = Guard(max_exit_share=0.3, min_members=50)


@pytest.mark.parametrize(
    ("before", "after", "entries", "exits", "held"),
    [
        (0, 0, 0, 0, False),  # never had members
        (0, 1000, 1000, 0, False),  # first sync
        (1, 0, 0, 1, True),  # nothing after something, however small
        (100, 70, 0, 30, False),  # the limit itself is allowed
        (100, 69, 0, 31, True),
        (100, 130, 61, 31, True),  # entries do not make up for exits
        (49, 1, 0, 48, False),  # too small to judge by share
        (50, 34, 0, 16, True),  # from 50 members on
        (100, 100, 100, 100, True),  # everybody exchanged
        (100, 100, 0, 0, False),
    ],
)
def test_a_result_is_held_beyond_the_limits_only(before: int, after: int, entries: int, exits: int, held: bool) -> None:
    """Nothing after something, or more than the share from the smallest size on."""
    assert (verdict(LIMITS, Step(before, after, entries, exits)) is not None) is held


def test_the_reason_says_how_many_of_how_many() -> None:
    """A person decides by numbers."""
    assert verdict(LIMITS, Step(200, 100, 0, 100)) == "100 of 200 contacts would leave (50%; the limit is 30%)"
    assert verdict(LIMITS, Step(7, 0, 0, 7)) == "returned nothing, after 7 contacts before"


@given(
    before=st.integers(0, 500),
    leaving=st.floats(0, 1),
    entries=st.integers(0, 500),
    share=st.floats(0, 1),
    minimum=st.integers(0, 100),
)
def test_entries_never_hold_and_more_exits_never_release(
    before: int, leaving: float, entries: int, share: float, minimum: int
) -> None:
    """Whatever the limits: only exits are judged, and the verdict is monotonous in them."""
    guard, exits = Guard(share, minimum), round(before * leaving)
    if exits == 0 and before + entries > 0:
        assert verdict(guard, Step(before, before + entries, entries, 0)) is None
    if exits < before and verdict(guard, Step(before, before - exits + entries, entries, exits)) is not None:
        assert verdict(guard, Step(before, before - exits - 1 + entries, entries, exits + 1)) is not None
    if before:
        assert verdict(guard, Step(before, 0, 0, before)) is not None
