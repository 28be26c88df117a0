"""Audiences entered and left are told once for each change, whatever is sent, lost, doubted or computed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.model.declaration import MemberAutomation
from ac_pipeline.model.events import ENTERED, EXITED
from unit.store.events_state import MEMBERS, Told, begin_anew, telling
from unit.store.store_support import insert, rows

USERS = ("a", "b")
SENT = ("acknowledged", "rejected", "not_sent", "unknown")
SETTLED = ("found", "absent", "skip")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """An audience that tells its events, of two users."""
    with telling(tmp_path_factory.mktemp("home"), USERS) as opened:
        yield opened


class Naive:
    """One user, one list, no sets: what should be told of them."""

    def __init__(self) -> None:
        self.member = False
        self.said = EXITED
        self.open: list[str] = []
        self.doubtful = False
        self.told: list[str] = []

    def note(self) -> None:
        wanted = ENTERED if self.member else EXITED
        if wanted == self.said:
            return
        self.said = wanted
        unsent = self.open[1:] if self.doubtful else self.open
        if unsent:
            self.open.pop()  # what was to say the opposite
        else:
            self.open.append(wanted)

    def send(self, end: str) -> str | None:
        if not self.open or self.doubtful:
            return None
        name = self.open[0]
        if end == "unknown":
            self.doubtful = True
        elif end != "not_sent":
            self.told.append(self.open.pop(0))
        return name

    def settle(self, end: str) -> None:
        self.doubtful = False
        if end != "absent":
            self.told.append(self.open.pop(0))


step = st.one_of(
    st.tuples(st.just("members"), st.sets(st.sampled_from(USERS))),
    st.tuples(st.just("note"), st.none()),
    st.tuples(st.just("send"), st.dictionaries(st.sampled_from(USERS), st.sampled_from(SENT), min_size=1)),
    st.tuples(st.just("settle"), st.sampled_from(SETTLED)),
)


class Both:
    """The store and the naive one, side by side."""

    def __init__(self, told: Told) -> None:
        begin_anew(told)
        told.members(())
        self.told, self.naive = told, {user: Naive() for user in USERS}

    def members(self, users: set[str]) -> None:
        self.told.members(users)
        for user, one in self.naive.items():
            one.member = user in users

    def note(self, _how: object = None) -> None:
        self.told.note()
        for one in self.naive.values():
            one.note()

    def send(self, ends: dict[str, str]) -> None:
        self.note()
        expected = {(user, name) for user, end in ends.items() if (name := self.naive[user].send(end))}
        assert set(self.told.send(ends)) == expected

    def settle(self, end: str) -> None:
        for user in sorted(self.told.attempts):
            self.told.settle(user, end)
            self.naive[user].settle(end)

    def end(self) -> None:
        self.settle("found")
        self.note()
        while any(one.open for one in self.naive.values()):
            self.send(dict.fromkeys(USERS, "acknowledged"))
        self.note()
        assert not rows(self.told.store, "from engine.event where settled_at is null")

    def names(self, user: str) -> list[str]:
        said = rows(
            self.told.store,
            "select name from engine.event where contact_id = $contact and state <> 'dropped' order by event_id",
            contact=self.told.contacts[user],
        )
        return [str(name) for (name,) in said]


@settings(max_examples=30, deadline=None)
@given(st.lists(step, max_size=12))
def test_each_change_is_told_once(told: Told, steps: list[tuple[str, object]]) -> None:
    """Against a naive oracle: the same is attempted, entries and exits alternate, and in the end all is said."""
    both = Both(told)
    for what, how in steps:
        getattr(both, what)(how)
    both.end()

    for user, one in both.naive.items():
        assert both.names(user) == one.told
        assert one.told == [(ENTERED, EXITED)[number % 2] for number in range(len(one.told))]
        assert (len(one.told) % 2 == 1) == one.member


def test_who_left_and_came_back_before_anything_was_sent_is_told_nothing(told: Told) -> None:
    """Also while they wait for becoming a contact."""
    begin_anew(told)
    told.known(())
    told.members({"a"})
    told.note()
    assert told.states() == [(ENTERED, "waiting", "no_contact")]
    told.members(())
    told.note()
    assert told.states() == [(ENTERED, "dropped", "overtaken")]


def test_what_is_not_approved_or_not_declared_is_not_told(told: Told) -> None:
    """A held result is no approved one; a retired audience says nothing, and goes on where it was."""
    begin_anew(told)
    told.note()
    insert(told.store, "engine.desired", [(told.ids[MEMBERS], told.contacts["a"], "true")])
    told.note()
    assert told.states() == []

    told.members({"a"})
    told.note()
    told.store.connection.execute("update engine.stream set declared = false")
    told.note()
    assert told.states() == [(ENTERED, "waiting", "retired")]
    told.store.connection.execute("update engine.stream set declared = true")
    told.note()
    assert told.send({"a": "acknowledged"}) == [("a", ENTERED)]


@pytest.mark.parametrize("existing", [False, True])
def test_an_enrolment_is_for_who_enters_once_for_each_entry(tmp_path: Path, existing: bool) -> None:
    """Those who were members when it was declared are not enrolled, unless asked for; leaving enrols nobody."""
    automation = MemberAutomation("Welcome", existing=existing)
    with telling(tmp_path, USERS, events=False, automation=automation) as told:
        told.members({"a"})
        told.note()
        told.note()
        before = told.send({"a": "acknowledged"})
        assert before == ([("a", "Welcome")] if existing else [])

        told.members({"b"})
        told.note()
        told.members({"a", "b"})
        told.note()
        assert told.send(dict.fromkeys(USERS, "acknowledged")) == [("a", "Welcome"), ("b", "Welcome")]
        told.note()
        assert told.send(dict.fromkeys(USERS, "acknowledged")) == []


def test_who_left_is_not_enrolled_when_it_turns_out_that_they_were_not(tmp_path: Path) -> None:
    """A request without an answer that had no effect is not made up for."""
    with telling(tmp_path, USERS, events=False, automation=MemberAutomation("Welcome", existing=True)) as told:
        told.members({"a"})
        told.note()
        told.send({"a": "unknown"})
        told.members(())
        told.note()
        told.settle("a", "absent")
        told.note()
        assert told.states() == [("Welcome", "dropped", "overtaken")]
