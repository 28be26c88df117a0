"""Whatever happens on the way, the account ends up as the newest window says: store and a small account together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ac_pipeline.model.declaration import Declaration, Destination, Guard
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.account import save_catalog
from ac_pipeline.store.desired import held_now
from ac_pipeline.store.ledger import begin_attempts, fold, record_answers, recover
from ac_pipeline.store.outbox import (
    OutboxContact,
    fill_outbox,
    next_contacts,
    reconcile,
    resolve_existence,
    unresolved_addresses,
)
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import take_snapshot
from ac_pipeline.store.store import Store
from ac_pipeline.sync.approval import judge, release
from unit.store.store_support import Table, audience, clear, contacts, declared, extraction, opened, trait, window

OPEN = Guard(max_exit_share=1.0, min_members=10**9)
BUYERS, SPENT = audience("buyers", OPEN), trait("spent")
FIELDS = {"user_id": "9", "buyers": "11", "spent": "13"}
STATE = (
    "present",
    "past",
    "snapshot",
    "computed_window",
    "desired",
    "approval",
    "held",
    "problem",
    "not_computed",
    "contact",
)
LEDGER = ("attempt", "attempt_value", "outcome", "ledger", "folded", "remote_contact", "outbox", "outbox_value")
RUNS = count(1)


class Fate(Enum):
    """What becomes of a request."""

    ANSWERED = "answered"
    ANSWER_LOST = "answer lost"
    REQUEST_LOST = "request lost"
    THROTTLED = "throttled"


@dataclass
class Account:
    """Contacts by id: an address each, unique, and custom fields."""

    contacts: dict[str, dict[str, str]] = field(default_factory=dict)

    def id_of(self, email: str) -> str | None:
        return next((number for number, contact in self.contacts.items() if contact["email"] == email), None)

    def take(self, sent: OutboxContact) -> Answer:
        (step,) = sent.steps
        contact = json.loads(step.payload)["contact"]
        values = {part["field"]: part["value"] for part in contact.get("fieldValues", [])}
        owner = self.id_of(contact["email"]) if "email" in contact else None
        number = sent.remote_id if step.route == "update" else owner or str(len(self.contacts) + 1)
        assert number is not None
        if step.route == "update" and number not in self.contacts:
            return Answer(Outcome.UNKNOWN, 404)
        if owner not in (None, number):
            return Answer(Outcome.REJECTED, 422, reason="duplicate")
        self.contacts.setdefault(number, {}).update({k: v for k, v in contact.items() if k == "email"} | values)
        return Answer(Outcome.ACKNOWLEDGED, 200, remote_id=number)


@dataclass(frozen=True)
class Truth:
    """What the warehouse says in one window: user → address, members, and a value for some."""

    people: dict[str, str]
    buyers: frozenset[str]
    spent: dict[str, str]


@dataclass
class Pipeline:
    """One home and one account."""

    store: Store
    account: Account = field(default_factory=Account)

    def compute(self, number: int, truth: Truth) -> None:
        declarations = declared(BUYERS, SPENT, guard=OPEN)
        ids = register(self.store, declarations)
        save_catalog(self.store, FIELDS)
        people = [(user, email, "Ann") for user, email in truth.people.items()]
        tables: dict[Declaration, Table] = {
            contacts(OPEN): ("user_id varchar, email varchar, first_name varchar", people),
            BUYERS: ("user_id varchar", [(user,) for user in truth.buyers]),
            SPENT: ("user_id varchar, value varchar", list(truth.spent.items())),
        }
        file = self.store.work / f"extracted-{next(RUNS)}.duckdb"
        taken = take_snapshot(self.store, window(number), extraction(file, tables), ids)
        judge(self.store, declarations, ids, taken)
        for held in held_now(self.store):
            release(self.store, declarations, ids, held.key)

    def plan(self) -> list[OutboxContact]:
        recover(self.store)
        reconcile(self.store)
        fill_outbox(self.store, Destination(user_id_field=None))
        for contact_id, email in unresolved_addresses(self.store):
            resolve_existence(self.store, contact_id, email, self.account.id_of(email))
        reconcile(self.store)
        fill_outbox(self.store, Destination(user_id_field=None))
        return next_contacts(self.store, 0, 100)

    def deliver(self, fates: Iterator[Fate]) -> int:
        """Plan and send once; return how many contacts were planned."""
        planned = self.plan()
        attempts = begin_attempts(self.store, [contact.contact_id for contact in planned]) if planned else {}
        for contact in planned:
            fate = next(fates, Fate.ANSWERED)
            if fate is Fate.THROTTLED:
                answer = Answer(Outcome.NOT_SENT, 429)
            elif fate is not Fate.REQUEST_LOST:
                answer = self.account.take(contact)
            if fate in (Fate.ANSWERED, Fate.THROTTLED):
                record_answers(self.store, {attempts[contact.contact_id, 0]: answer})
        fold(self.store)
        return len(planned)


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with opened(tmp_path / "home") as store:
        yield Pipeline(store)


USERS = ("1", "2", "3")
SOME = st.sets(st.sampled_from(USERS)).map(frozenset)
VALUES = st.dictionaries(st.sampled_from(USERS), st.sampled_from(["5", "7"]))
FATES = st.lists(st.sampled_from(Fate), max_size=8)


def people(addresses: dict[str, tuple[str, ...]]) -> st.SearchStrategy[dict[str, str]]:
    some = st.fixed_dictionaries({}, optional={user: st.sampled_from(of) for user, of in addresses.items()})
    return some.filter(lambda people: len(set(people.values())) == len(people))


OWN: dict[str, tuple[str, ...]] = {user: (f"a{user}@example.com", f"b{user}@example.com") for user in USERS}
FIXED: dict[str, tuple[str, ...]] = {user: (f"a{user}@example.com",) for user in USERS}


def histories(addresses: dict[str, tuple[str, ...]]) -> st.SearchStrategy[list[tuple[Truth, list[Fate]]]]:
    truth = st.builds(Truth, people(addresses), SOME, VALUES)
    return st.lists(st.tuples(truth, FATES), min_size=1, max_size=4)


def converges(pipeline: Pipeline, windows: list[tuple[Truth, list[Fate]]]) -> None:
    """Deliver each window once, whatever happens, and the last until nothing is left; compare."""
    clear(pipeline.store, *STATE, *LEDGER)
    pipeline.account = Account()
    known: dict[str, str] = {}
    for number, (truth, fates) in enumerate(windows):
        pipeline.compute(number, truth)
        pipeline.deliver(iter(fates))
        known = {u: e for u, e in known.items() if e not in truth.people.values()} | truth.people
    rounds = [pipeline.deliver(iter(())) for _ in range(5)]
    assert rounds[-1] == 0, "nothing is left to say"
    by_email = {contact["email"]: contact for contact in pipeline.account.contacts.values()}
    assert len(by_email) == len(pipeline.account.contacts)
    for user, email in known.items():
        if user in truth.buyers:
            assert by_email[email]["11"] == "true"
        elif email in by_email:
            assert by_email[email].get("11", "false") == "false"
        if email in by_email and user in truth.spent:
            assert by_email[email]["13"] == truth.spent[user]
        if email in by_email:
            assert by_email[email]["9"] == user


def quick(examples: int) -> settings:
    """A window costs a fifth of a second: failing examples are shown as found, not shrunk for minutes."""
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@quick(8)
@given(windows=histories(FIXED))
def test_lost_answers_and_refusals_of_the_moment_change_nothing_in_the_end(
    pipeline: Pipeline, windows: list[tuple[Truth, list[Fate]]]
) -> None:
    """Members are `true`, everybody who was one is `false`, values are the newest; vanished users included."""
    converges(pipeline, windows)


@quick(8)
@given(windows=histories(OWN))
def test_changed_addresses_change_nothing_in_the_end(
    pipeline: Pipeline, windows: list[tuple[Truth, list[Fate]]]
) -> None:
    """One contact per user, under its last address, whatever got lost meanwhile."""
    converges(pipeline, windows)


def truth(people: dict[str, str], *buyers: str) -> Truth:
    return Truth(people, frozenset(buyers), {})


def test_two_users_who_exchange_their_addresses_are_told_apart_in_the_end(pipeline: Pipeline) -> None:
    """Neither waits for the other for ever."""
    before = truth({"1": "a@example.com", "2": "b@example.com"}, "1", "2")
    converges(pipeline, [(before, []), (truth({"1": "b@example.com", "2": "a@example.com"}, "1"), [])])


def test_a_user_who_takes_the_address_of_a_vanished_contact_is_still_told_of_exits(pipeline: Pipeline) -> None:
    """Both were contacts over there: the rename is refused, and what follows must not be lost with it."""
    before = truth({"1": "a@example.com", "2": "b@example.com"}, "1", "2")
    moved = {"1": "b@example.com"}
    converges(pipeline, [(before, []), (truth(moved, "1"), []), (truth(moved), [])])
