"""One message for each change of state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.orchestration.alerts import State, changes

REASONS = st.sampled_from(["", "a", "b"])
HELD = st.dictionaries(st.sampled_from(["buyers", "readers", "lapsed"]), st.sampled_from(["a", "b"]))
STATES = st.builds(State, REASONS, HELD, REASONS)


@given(STATES, STATES)
def test_the_messages_lead_from_what_was_told_to_what_is(told: State, now: State) -> None:
    """After the last one nothing is left to say; there are never more than changes."""
    messages = changes(told, now)
    then = messages[-1].then if messages else told
    assert (bool(then.failed), set(then.held), bool(then.late)) == (bool(now.failed), set(now.held), bool(now.late))
    assert changes(then, now) == []
    differences = [
        bool(told.failed) != bool(now.failed),
        bool(told.late) != bool(now.late),
        bool(now.held.keys() - told.held.keys()),
        bool(told.held.keys() - now.held.keys()),
    ]
    assert len(messages) == sum(differences)


@given(STATES)
def test_what_was_told_survives_in_the_cursor(state: State) -> None:
    """Through text and back."""
    assert State.load(state.dump()) == state


def test_a_cursor_nobody_understands_counts_as_nothing_told() -> None:
    """Rather told twice than never."""
    for cursor in (None, "", "x", "[]", '{"held": 3}', '"x"'):
        assert State.load(cursor) == State()


def test_a_sync_that_goes_on_failing_is_no_change() -> None:
    """Though for another reason."""
    assert changes(State(failed="the warehouse"), State(failed="the account")) == []
