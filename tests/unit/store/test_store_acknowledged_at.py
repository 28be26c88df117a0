"""The other time axis: what ActiveCampaign had been told by a moment, as was known then, whatever is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ac_pipeline.store.ledger import fold, recover
from ac_pipeline.store.retention import forget_before
from ac_pipeline.store.store import Store
from unit.store.store_support import as_of, clear, give_contacts, insert, opened, rows

USERS, KEYS = ("u1", "u2"), ("buyers", "spent")
BEGUN = as_of(0)
LEDGER = ("attempt", "attempt_value", "outcome", "ledger", "folded", "remote_contact", "retention")
SAID = """select moment, user_id, property, state, value, confirmed
    from (select unnest($moments) as moment) as asked, acknowledged_at(asked.moment) order by all"""

Said = tuple[str, str, str, str, str | None]
"""User, property, state, value, and the value confirmed last."""


@dataclass(frozen=True)
class Try:
    """One attempt; `minutes` is when it was answered, counted from the attempt; None: never yet."""

    contact: int
    values: tuple[tuple[int, str], ...]
    outcome: str
    remote: str | None
    minutes: int | None

    @property
    def status(self) -> int:
        return 404 if self.outcome == "gone" else 200


ANSWERS = st.sampled_from(["acknowledged", "acknowledged", "rejected", "unknown", "not_sent"])
VALUES = st.lists(st.tuples(st.integers(0, 1), st.sampled_from("ab")), min_size=1, max_size=2, unique_by=lambda v: v[0])
PLAIN = st.builds(
    lambda contact, values, outcome, minutes: Try(
        contact, tuple(values), outcome, f"r{contact}" if outcome == "acknowledged" else None, minutes
    ),
    st.integers(1, 2), VALUES, ANSWERS, st.sampled_from([0, 1, 25, None]),
)  # fmt: skip
"""Nobody is deleted over there, and nobody takes somebody else's place."""
ANY = st.builds(
    lambda contact, values, outcome, remote, minutes: Try(contact, tuple(values), outcome, remote, minutes),
    st.integers(1, 2), VALUES, st.one_of(ANSWERS, st.just("gone")), st.sampled_from(["r1", "r2", None]),
    st.sampled_from([0, 1, 25, None]),
)  # fmt: skip


def at(number: int) -> datetime:
    """Return when an attempt is made; they are ten minutes apart."""
    return BEGUN + timedelta(minutes=10 * number)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        give_contacts(store, USERS)
        for number, key in enumerate(KEYS, 1):
            kind = "audience" if key == "buyers" else "trait"
            insert(
                store, "engine.property",
                [(number, kind, key, key, "text", "", True, True, "keep", False, False)],
            )  # fmt: skip
        yield store


def write(store: Store, tries: list[Try]) -> None:
    """Write attempts and outcomes as runs would have."""
    clear(store, *LEDGER)
    attempts = [(n, 1, one.contact, 0, None, "run", "sync", "", "", at(n)) for n, one in enumerate(tries, 1)]
    values = [(n, key + 1, value) for n, one in enumerate(tries, 1) for key, value in one.values]
    outcomes = [
        (
            n, n, "unknown" if one.outcome == "gone" else one.outcome, one.status, None,
            one.remote if one.outcome == "acknowledged" else None, at(n) + timedelta(minutes=one.minutes),
        )
        for n, one in enumerate(tries, 1) if one.minutes is not None
    ]  # fmt: skip
    insert(store, "engine.attempt", attempts)
    insert(store, "engine.attempt_value", values)
    insert(store, "engine.outcome", outcomes)


def moments(tries: list[Try]) -> list[datetime]:
    """Return when something becomes known, shortly after it, and when all of it is long over."""
    found = {at(number) for number in [*range(len(tries) + 1), 20]}
    found |= {at(n) + timedelta(minutes=one.minutes) for n, one in enumerate(tries, 1) if one.minutes is not None}
    return sorted(found | {moment + timedelta(minutes=3) for moment in found})


@dataclass
class Known:
    """What was known at a moment, attempt after attempt."""

    told: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    confirmed: dict[tuple[int, int], str] = field(default_factory=dict)
    remote_of: dict[int, str] = field(default_factory=dict)
    owner: dict[str, int] = field(default_factory=dict)

    def take(self, one: Try, outcome: str) -> None:
        if outcome == "gone":
            self.doubt(one.contact)
        if outcome == "acknowledged" and one.remote is not None:
            self.identify(one.contact, one.remote)
        for key, value in one.values:
            self.told[one.contact, key] = ("unknown" if outcome == "gone" else outcome, value)
            if outcome == "acknowledged":
                self.confirmed[one.contact, key] = value

    def identify(self, contact: int, remote: str) -> None:
        if self.remote_of.get(contact, remote) != remote:
            self.doubt(contact)
        if self.owner.get(remote, contact) != contact:
            self.doubt(self.owner[remote])
        self.remote_of[contact], self.owner[remote] = remote, contact

    def doubt(self, contact: int) -> None:
        """Rely on nothing that was said of a contact so far."""
        self.told.update({key: ("unknown", value) for key, (_, value) in self.told.items() if key[0] == contact})
        self.confirmed = {key: value for key, value in self.confirmed.items() if key[0] != contact}


def expected(tries: list[Try], moment: datetime) -> list[Said]:
    """Go through the attempts one by one, knowing only what was answered by then."""
    known = Known()
    for number, one in enumerate(tries, 1):
        if at(number) <= moment:
            over = one.minutes is not None and at(number) + timedelta(minutes=one.minutes) <= moment
            if not over or one.outcome != "not_sent":
                known.take(one, one.outcome if over else "unknown")
    return sorted(
        (USERS[contact - 1], KEYS[key], *said, known.confirmed.get((contact, key)))
        for (contact, key), said in known.told.items()
    )


def said(store: Store, *moments: datetime) -> dict[datetime, list[Said]]:
    found: dict[datetime, list[Said]] = {moment: [] for moment in moments}
    for moment, *line in rows(store, SAID, moments=list(moments)):
        user, key, state, value, confirmed = line
        found[moment].append((user, key, state, value, confirmed))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=st.lists(ANY, min_size=1, max_size=7))
@example([Try(1, ((0, "a"),), "acknowledged", "r1", 0), Try(1, ((1, "a"),), "acknowledged", "r2", 0)])
@example([Try(1, ((0, "a"),), "acknowledged", "r1", 0), Try(2, ((0, "a"),), "acknowledged", "r1", 0)])
@example([Try(1, ((0, "a"),), "acknowledged", None, 0), Try(1, ((0, "b"),), "rejected", None, 25)])
def test_every_moment_shows_what_was_known_then(store: Store, tries: list[Try]) -> None:
    """In flight is unknown; a refusal leaves what was confirmed; who is found deleted or taken over is in doubt."""
    write(store, tries)
    every = moments(tries)
    assert said(store, *every) == {moment: expected(tries, moment) for moment in every}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=st.lists(PLAIN, min_size=1, max_size=8))
def test_now_it_says_what_the_ledger_says(store: Store, tries: list[Try]) -> None:
    """Both follow from the same attempts and outcomes."""
    write(store, tries)
    recover(store)
    query = "select user_id, property, state, value from acknowledged order by all"
    now = rows(store, "select max(answered_at) from engine.outcome")[0][0]
    now = max(now, at(len(tries) + 9))
    assert [one[:4] for one in said(store, now)[now]] == rows(store, query)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=st.lists(ANY, min_size=1, max_size=9), cuts=st.lists(st.integers(1, 12), min_size=1, max_size=2))
@example(
    tries=[Try(1, ((0, "a"),), "acknowledged", "r1", 0)] * 3 + [Try(1, ((1, "a"),), "acknowledged", "r2", 0)], cuts=[4]
)
@example(
    tries=[Try(1, ((0, "a"),), "acknowledged", None, 0), Try(1, ((0, "b"),), "rejected", None, 0)], cuts=[4]
)  # fmt: skip
@example(
    tries=[
        Try(1, ((1, "a"),), "acknowledged", None, 0), Try(1, ((0, "a"),), "acknowledged", "r1", 0),
        Try(1, ((0, "b"),), "acknowledged", None, 0), Try(1, ((0, "b"),), "acknowledged", "r2", 1),
    ],
    cuts=[4],
)  # fmt: skip
def test_what_is_forgotten_changes_no_answer_from_then_on(store: Store, tries: list[Try], cuts: list[int]) -> None:
    """Forgotten once and again; the ledger's truth stays, and so does what it rests on."""
    write(store, tries)
    fold(store)
    ledger = rows(store, "from engine.ledger order by all")
    for cut in sorted(cuts):
        forget_before(store, at(cut))
        since = [moment for moment in moments(tries) if moment >= at(cut)]
        assert said(store, *since) == {moment: expected(tries, moment) for moment in since}
        fold(store)
        assert rows(store, "from engine.ledger order by all") == ledger
    kept = "select count(*) from engine.ledger join engine.attempt using (attempt_id)"
    assert rows(store, kept) == [(len(ledger),)]


def test_what_is_said_again_and_again_takes_no_more_room(store: Store) -> None:
    """Of a hundred acknowledged and a hundred refused attempts the last ones stay; so do those without an answer."""
    tries = [Try(1, ((0, "ab"[n % 2]),), "acknowledged", "r1", 0) for n in range(100)]
    tries += [Try(2, ((1, "ab"[n % 2]),), "rejected", None, 0) for n in range(100)]
    tries += [Try(2, ((0, "a"),), "not_sent", None, 0), Try(2, ((0, "a"),), "unknown", None, None)]
    write(store, tries)
    fold(store)
    forget_before(store, at(999))
    counted = "select (select count(*) from engine.attempt), (select count(*) from engine.attempt_value)"
    assert rows(store, counted) == [(3, 3)]
    assert rows(store, "select count(*) from engine.outcome") == [(2,)]
