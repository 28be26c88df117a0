"""Attempts and outcomes, and what follows from them, against a ledger kept in dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.model.declaration import Destination
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.account import ACCOUNT_ID, save_catalog
from ac_pipeline.store.ledger import begin_attempts, fold, outcomes_of_run, record_answers, recover
from ac_pipeline.store.outbox import Planned, fill_outbox, next_contacts, reconcile
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from unit.store.store_support import audience, clear, declared, give_contacts, insert, opened, rows, trait

LEDGER_TABLES = ("attempt", "attempt_value", "outcome", "ledger", "folded", "remote_contact", "outbox", "outbox_value")
FIELDS = {"buyers": "11", "lapsed": "12", "spent": "13"}
VALUES_OF_ATTEMPT = "from engine.attempt_value join engine.property using (property_id) where attempt_id = $a"

Values = dict[str, str]
Told = dict[tuple[int, str], tuple[str, str]]
"""(contact, property) → (state, value)."""


class Sent(NamedTuple):
    """One contact of a round: what it is told, and how that ends; None is no answer."""

    values: Values
    answer: Answer | None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        register(store, declared(audience("buyers"), audience("lapsed"), trait("spent")))
        save_catalog(store, FIELDS)
        give_contacts(store, ["u1", "u2", "u3"])
        yield store


@dataclass
class Ledger:
    """The model: what follows from the answers of one round after another."""

    told: Told = field(default_factory=dict)
    remote: dict[int, str] = field(default_factory=dict)

    def doubt(self, contact: int) -> None:
        for key, (_, value) in self.told.items():
            if key[0] == contact:
                self.told[key] = ("unknown", value)

    def end(self, contact: int, sent: Sent) -> None:
        answer = sent.answer or Answer(Outcome.UNKNOWN)
        if answer.outcome is Outcome.NOT_SENT:
            return
        if answer.remote_id and self.remote.get(contact, answer.remote_id) != answer.remote_id:
            self.doubt(contact)
        if answer.remote_id:
            self.remote[contact] = answer.remote_id
        for key, value in sent.values.items():
            self.told[contact, key] = (answer.outcome.value, value)


def fill(store: Store, values: dict[int, Values], route: str = "sync") -> None:
    """Put contacts into the outbox as a plan would, with one step each."""
    ids = dict(rows(store, "select key, property_id from engine.property"))
    clear(store, "outbox", "outbox_value")
    with store.transaction():
        lines = [
            (n, contact, 0, f"rev{n}", route, "change", None, False, said.get("email", f"c{contact}@example.com"), "{}")
            for n, (contact, said) in enumerate(values.items(), 1)
        ]
        insert(store, "engine.outbox", lines)
        said = [(contact, 0, ids[key], value) for contact, of in values.items() for key, value in of.items()]
        insert(store, "engine.outbox_value", said)


def ledger(store: Store) -> Told:
    found = rows(
        store, "select contact_id, key, state, value from engine.ledger join engine.property using (property_id)"
    )
    told = {(int(str(c)), str(key)): (str(state), str(value)) for c, key, state, value in found}
    assert len(told) == len(found)
    return told


def remotes(store: Store) -> dict[int, str]:
    found = rows(store, "select contact_id, remote_id from engine.remote_contact")
    assert len(dict(found)) == len(found)
    return {int(str(contact)): str(remote) for contact, remote in found}


def everything(store: Store) -> list[list[tuple[object, ...]]]:
    return [sorted(rows(store, f"from engine.{table}"), key=str) for table in LEDGER_TABLES]


def say(store: Store, values: dict[int, Values], answer: Answer, route: str = "sync") -> None:
    """Send these contacts, all with the same answer."""
    fill(store, values, route)
    attempts = begin_attempts(store, list(values))
    record_answers(store, dict.fromkeys(attempts.values(), answer))
    fold(store)


def accepted(remote: str) -> Answer:
    return Answer(Outcome.ACKNOWLEDGED, 200, remote_id=remote)


def refused(status: int = 422) -> Answer:
    return Answer(Outcome.REJECTED, status, reason="refused")


ANSWERS = st.one_of(
    st.sampled_from(["1", "2"]).map(accepted),
    st.just(refused()),
    st.just(Answer(Outcome.UNKNOWN, 502, reason="bad gateway")),
    st.just(Answer(Outcome.NOT_SENT, 429)),
    st.none(),
)
VALUES = st.fixed_dictionaries(
    {"email": st.sampled_from(["a@example.com", "b@example.com"])},
    optional={"buyers": st.sampled_from(["true", "false"]), "spent": st.sampled_from(["1", "2"])},
)
ROUNDS = st.lists(
    st.tuples(st.dictionaries(st.integers(1, 3), st.builds(Sent, VALUES, ANSWERS), min_size=1), st.randoms()),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=ROUNDS)
def test_the_ledger_follows_from_attempts_and_outcomes(
    store: Store, rounds: list[tuple[dict[int, Sent], object]]
) -> None:
    """Answers in any order, in several groups, or never: the ledger is that of the model, however often folded."""
    clear(store, *LEDGER_TABLES)
    model = Ledger()
    for contacts, order in rounds:
        fill(store, {contact: sent.values for contact, sent in contacts.items()})
        attempts = begin_attempts(store, list(contacts))
        assert set(attempts) == {(contact, 0) for contact in contacts}
        answered = [contact for contact, sent in contacts.items() if sent.answer is not None]
        order.shuffle(answered)  # type: ignore[attr-defined]
        for part in (answered[:1], answered[1:]):
            record_answers(store, {attempts[c, 0]: contacts[c].answer or refused() for c in part})
            fold(store)
        assert recover(store) == len(contacts) - len(answered)
        for contact, sent in contacts.items():
            model.end(contact, sent)
        assert ledger(store) == model.told
        assert remotes(store) == model.remote
        before = everything(store)
        fold(store)
        assert recover(store) == 0
        assert everything(store) == before


def test_attempts_are_written_before_and_values_with_them(store: Store) -> None:
    """Only the contacts that were asked for, in the order of the outbox."""
    fill(store, {2: {"email": "b@example.com", "buyers": "true"}, 1: {"email": "a@example.com"}, 3: {"spent": "1"}})
    attempts = begin_attempts(store, [1, 2])
    assert sorted(attempts) == [(1, 0), (2, 0)]
    assert attempts[2, 0] < attempts[1, 0]
    assert rows(store, "select outcome, said from deliveries order by attempt_id") == [
        ("in flight", {"buyers": "true"}),
        ("in flight", None),
    ]
    assert outcomes_of_run(store) == {Outcome.UNKNOWN: 2}


def test_what_a_killed_run_attempted_is_unknown_in_the_next(tmp_path: Path) -> None:
    """Without an outcome nobody knows; the next run says so and sends it again."""
    with opened(tmp_path / "home", run_id="run-1") as store:
        ids = register(store, declared(audience("buyers"), audience("lapsed"), trait("spent")))
        give_contacts(store, ["u1"])
        fill(store, {1: {"email": "a@example.com", "buyers": "true"}})
        begin_attempts(store, [1])
    with opened(tmp_path / "home", run_id="run-2") as store:
        assert recover(store) == 1
        assert ledger(store) == {(1, "email"): ("unknown", "a@example.com"), (1, "buyers"): ("unknown", "true")}
        insert(store, "engine.desired", [(ids["email"], 1, "a@example.com"), (ids["buyers"], 1, "true")])
        reconcile(store)
        assert rows(store, "select key, due from pending order by key") == [("buyers", True), ("email", True)]
        assert recover(store) == 0


def test_a_request_that_was_not_sent_changes_nothing(store: Store) -> None:
    """The contact stays in the outbox, the ledger as it was."""
    say(store, {1: {"email": "a@example.com", "buyers": "true"}}, accepted("7"))
    before = ledger(store)
    say(store, {1: {"email": "a@example.com", "buyers": "false"}}, Answer(Outcome.NOT_SENT, 429))
    assert ledger(store) == before
    assert len(next_contacts(store, 0, 10)) == 1
    say(store, {1: {"email": "a@example.com", "buyers": "false"}}, accepted("7"))
    assert next_contacts(store, 0, 10) == []


def test_a_contact_that_answers_under_another_id_is_told_everything_again(store: Store) -> None:
    """Somebody deleted it over there: what it was told before went with it."""
    say(store, {1: {"email": "a@example.com", "buyers": "true", "spent": "1"}, 2: {"spent": "2"}}, accepted("7"))
    say(store, {1: {"spent": "3"}}, accepted("8"))
    assert ledger(store) == {
        (1, "email"): ("unknown", "a@example.com"),
        (1, "buyers"): ("unknown", "true"),
        (1, "spent"): ("acknowledged", "3"),
        (2, "spent"): ("acknowledged", "2"),
    }
    assert remotes(store) == {1: "8", 2: "7"}


def test_a_rename_of_a_deleted_contact_forgets_its_id(store: Store) -> None:
    """404 under an id: there is none any more."""
    say(store, {1: {"email": "a@example.com"}, 2: {"email": "b@example.com"}}, accepted("7"))
    say(store, {1: {"email": "new@example.com"}}, Answer(Outcome.UNKNOWN, 404), route="update")
    assert remotes(store) == {2: "7"}
    assert ledger(store)[1, "email"] == ("unknown", "new@example.com")


def test_a_deleted_contact_that_is_made_again_is_told_everything_again(store: Store) -> None:
    """After a rename met 404, the contact made anew by address was told nothing of what the old one was."""
    desired = {"email": "a@example.com", "first_name": "Ann", "buyers": "true", "spent": "1"}
    say(store, {1: desired}, accepted("7"))
    desired |= {"email": "new@example.com", "lapsed": "true"}
    said = {key: desired[key] for key in ("email", "lapsed")}
    say(store, {1: said}, Answer(Outcome.UNKNOWN, 404), route="update")
    ids = dict(rows(store, "select key, property_id from engine.property"))
    insert(store, "engine.desired", [(ids[key], 1, value) for key, value in desired.items()])
    reconcile(store)
    fill_outbox(store, Destination())
    attempts = begin_attempts(store, [1])
    record_answers(store, dict.fromkeys(attempts.values(), accepted("8")))
    fold(store)
    reconcile(store)
    told_now = {str(key) for (key,) in rows(store, f"select key {VALUES_OF_ATTEMPT}", a=attempts[1, 0])}
    still_due = {str(key) for (key,) in rows(store, "select key from pending where due")}
    assert told_now | still_due >= {"email", "first_name", "buyers", "lapsed", "spent"}


def test_a_refused_rename_leaves_the_old_address_in_use(store: Store) -> None:
    """The contact over there still has it: somebody else with that address would overwrite its values."""
    say(store, {1: {"email": "a@example.com", "first_name": "Ann"}}, accepted("7"))
    say(store, {1: {"email": "bad@example.com"}}, refused(), route="update")
    ids = dict(rows(store, "select key, property_id from engine.property"))
    other = {"email": "a@example.com", "first_name": "Bob", "buyers": "true"}
    insert(store, "engine.desired", [(ids["email"], 1, "bad@example.com"), (ids["first_name"], 1, "Ann")])
    insert(store, "engine.desired", [(ids[key], 2, value) for key, value in other.items()])
    reconcile(store)
    assert fill_outbox(store, Destination()) == Planned(0, 0, {"address_in_use": 1})


def test_the_address_of_a_vanished_contact_is_taken_over_with_all_that_was_said(store: Store) -> None:
    """It is one contact over there: what it was told about the one is unknown for the other, and said again."""
    say(store, {1: {"email": "a@example.com", "buyers": "true", "spent": "1"}}, accepted("7"))
    ids = dict(rows(store, "select key, property_id from engine.property"))
    taken = {"email": "a@example.com", "first_name": "Bob", "lapsed": "true"}
    insert(store, "engine.desired", [(ids[key], 2, value) for key, value in taken.items()])
    reconcile(store)
    assert ledger(store) == {
        (2, "email"): ("unknown", "a@example.com"),
        (2, "buyers"): ("unknown", "true"),
        (2, "spent"): ("unknown", "1"),
    }
    assert remotes(store) == {2: "7"}
    assert rows(store, "select key, value from pending where contact_id = 2 order by key") == [
        ("buyers", "false"),
        ("email", "a@example.com"),
        ("first_name", "Bob"),
        ("lapsed", "true"),
    ]
    reconcile(store)
    assert remotes(store) == {2: "7"}


def test_an_address_whose_owner_is_still_there_is_not_taken_over(store: Store) -> None:
    """A contact that still has an address, this one or another, keeps what it was told."""
    say(store, {1: {"email": "a@example.com", "buyers": "true"}}, accepted("7"))
    ids = dict(rows(store, "select key, property_id from engine.property"))
    desired = [(ids["email"], 1, "new@example.com"), (ids["buyers"], 1, "true"), (ids["email"], 2, "a@example.com")]
    insert(store, "engine.desired", desired)
    before = ledger(store)
    reconcile(store)
    assert (ledger(store), remotes(store)) == (before, {1: "7"})
    assert ACCOUNT_ID == 1


def test_rejections_name_the_reason_until_the_contact_is_accepted(store: Store) -> None:
    """What people read: who was refused, why, with how many properties."""
    say(store, {1: {"email": "a@example.com", "buyers": "true"}}, refused())
    assert rows(store, "select user_id, reason, properties from rejections") == [("u1", "refused", 2)]
    say(store, {1: {"email": "a@example.com", "buyers": "true"}}, accepted("7"))
    assert rows(store, "from rejections") == []
