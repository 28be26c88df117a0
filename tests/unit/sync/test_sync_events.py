"""Sending events, and what the account's log says of those without an answer, without an account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.events import AfterDoubt, Route
from ac_pipeline.store.event_doubts import Doubt, Doubts
from ac_pipeline.store.events import fill_due, fold_events
from ac_pipeline.sync.event_doubts import SETTLES, SKEW, arrivals, ends_of
from ac_pipeline.sync.event_sending import send_due
from ac_pipeline.sync.verdicts import Verdicts
from unit.store.events_state import Told, begin_anew, telling
from unit.store.store_support import as_of, insert, rows

USERS = ("a", "b", "c")
AT = datetime(2026, 3, 1, 12)  # noqa: DTZ001  (moments of the store have no zone)
REFUSED = Answer(Outcome.REJECTED, 200, "success 0", unexplained=True)


@dataclass
class Account:
    """Takes events, which is all that is asked of it here, and answers by their value."""

    answers: dict[str, Answer] = field(default_factory=dict)
    taken: list[tuple[str, str]] = field(default_factory=list)
    in_flight: int = 2

    async def send_event(self, email: str, name: str, value: str = "") -> Answer:
        await asyncio.sleep(0)
        self.taken.append((email[0], value))
        return self.answers.get(value, Answer(Outcome.ACKNOWLEDGED, 200))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A store with three contacts."""
    with telling(tmp_path_factory.mktemp("home"), USERS) as opened:
        yield opened


@pytest.fixture
def queue(told: Told) -> Told:
    """The same, empty."""
    begin_anew(told)
    return told


def add(told: Told, user: str, hour: int, value: str) -> None:
    """Put an event into the store."""
    (stream,) = rows(told.store, "select stream_id from engine.stream")[0]
    number, contact = told.contacts[user] * 100 + hour, told.contacts[user]
    row = (number, stream, value, "event", "Done", value, None, contact, None, as_of(hour), None, as_of(0))
    insert(told.store, "engine.event", [(*row, "pending", None, None)])


def send(told: Told, account: Account, verdicts: Verdicts | None = None) -> Verdicts:
    """Send what is due."""
    verdicts = verdicts or Verdicts()
    fill_due(told.store)
    asyncio.run(send_due(told.store, account, verdicts, {}))
    fold_events(told.store)
    return verdicts


def states(told: Told) -> dict[str, str]:
    """Return value → state."""
    return dict(rows(told.store, "select value, state from engine.event"))


def test_each_contacts_events_come_in_the_order_in_which_they_happened(queue: Told) -> None:
    """Whatever order they were taken in; several contacts side by side."""
    for user in USERS:
        for hour in (3, 1, 2):
            add(queue, user, hour, f"{user}{hour}")
    account = Account()
    send(queue, account)
    for user in USERS:
        assert [value for who, value in account.taken if who == user] == [f"{user}{hour}" for hour in (1, 2, 3)]
    assert {value for _, value in account.taken[:2]} != {"a1", "a2"}


def test_what_follows_an_uncertain_answer_waits_and_a_refusal_stops_nobody(queue: Told) -> None:
    """The next event may not come before it is known whether the one before it did."""
    for user in USERS:
        add(queue, user, 1, f"{user}1")
        add(queue, user, 2, f"{user}2")
    answers = {"a1": Answer(Outcome.UNKNOWN, None, "no answer"), "b1": Answer(Outcome.REJECTED, 422, "refused")}
    send(queue, Account(answers))
    fill_due(queue.store)
    assert states(queue) == {
        "a1": "unknown", "a2": "waiting", "b1": "rejected", "b2": "sent", "c1": "sent", "c2": "sent",
    }  # fmt: skip


def test_a_refusal_without_a_reason_is_for_ever_only_while_others_are_taken(queue: Told) -> None:
    """A wrong key and a wrong event are answered alike."""
    for user in USERS:
        add(queue, user, 1, f"{user}1")
    wrong_key = Account(dict.fromkeys(("a1", "b1", "c1"), REFUSED))
    for _ in range(4):
        verdicts = send(queue, wrong_key)
        assert verdicts.stop is not None
    assert set(states(queue).values()) == {"pending"}

    # Contact c is asked last, when others were acknowledged.
    account = Account({"c1": REFUSED}, in_flight=1)
    send(queue, account)
    assert states(queue) == {"a1": "sent", "b1": "sent", "c1": "rejected"}


def test_no_event_is_begun_after_the_time_is_over(queue: Told) -> None:
    """What is left stays pending."""
    for hour in range(1, 6):
        add(queue, "a", hour, f"a{hour}")
    ticks = iter(range(100))
    send(queue, Account(), Verdicts(deadline=4.0, clock=lambda: float(next(ticks))))
    found = states(queue)
    assert 0 < list(found.values()).count("sent") < 5
    assert set(found.values()) == {"sent", "pending"}


@settings(deadline=None)
@given(
    arrived=st.lists(st.integers(0, 3000), max_size=6, unique=True),
    doubtful=st.lists(
        st.tuples(st.integers(0, 3000), st.booleans()), min_size=1, max_size=4, unique_by=lambda one: one[0]
    ),
    before=st.lists(st.integers(4000, 9000), max_size=3),
    skew=st.integers(-240, 240),
)
def test_the_log_is_counted_right_whatever_the_clocks_say(
    arrived: list[int], doubtful: list[tuple[int, bool]], before: list[int], skew: int
) -> None:
    """Equal events, some minutes or days apart; the service's clock is off, and has whole seconds."""
    start = AT
    known = [start + timedelta(seconds=second + 0.25) for second in arrived]
    long_ago = [start - timedelta(seconds=second) for second in before]
    unsure = sorted((start + timedelta(seconds=second + 0.75), there) for second, there in doubtful)
    really = [*known, *long_ago, *(at for at, there in unsure if there)]
    lines = [(at + timedelta(seconds=skew)).replace(microsecond=0) for at in really]
    assert arrivals(lines, [at for at, _ in unsure], [*known, *long_ago]) == sum(there for _, there in unsure)


def test_a_log_that_lacks_what_arrived_for_certain_can_tell_nothing() -> None:
    """It may be late, or show something else."""
    assert arrivals([], [AT], [AT - SKEW]) is None
    assert arrivals([None], [AT], []) == 1


@pytest.mark.parametrize(
    ("lines", "route", "age", "after", "reason"),
    [
        ([AT], Route.EVENT, 0, AfterDoubt.SKIP, "found"),
        ([], Route.EVENT, 3600, AfterDoubt.SKIP, "absent"),
        ([], Route.EVENT, -3600, AfterDoubt.SKIP, "absent"),
        ([], Route.EVENT, SETTLES.total_seconds() - 1, AfterDoubt.SKIP, None),
        (None, Route.EVENT, 3600, AfterDoubt.SKIP, "skip"),
        (None, Route.EVENT, 3600, AfterDoubt.REPEAT, "repeat"),
        ([], Route.VISIT, 3600, AfterDoubt.SKIP, "skip"),
        ([AT], Route.VISIT, 3600, AfterDoubt.REPEAT, "found"),
        ([], Route.ENROL, 3600, AfterDoubt.SKIP, "absent"),
        (None, Route.ENROL, 3600, AfterDoubt.SKIP, "skip"),
    ],
)
def test_what_follows_from_the_log(
    lines: list[datetime | None] | None, route: Route, age: float, after: AfterDoubt, reason: str | None
) -> None:
    """What is not there yet may still come; visits may arrive unseen; the setting decides where nobody can tell."""
    group = Doubts(1, "7", route, "Done", "", (Doubt(1, AT, after),))
    ends = ends_of(group, lines, now=AT + timedelta(seconds=age))
    assert [end.answer.reason for end in ends] == ([] if reason is None else [reason])
