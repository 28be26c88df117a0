"""What becomes desired: approved by the guard or by a person, kept while it is held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.errors import UnknownName
from ac_pipeline.model.declaration import Declaration, Declarations, Guard
from ac_pipeline.store.desired import Step, held_now
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import WindowSnapshot, take_snapshot
from ac_pipeline.store.store import Store
from ac_pipeline.sync.approval import judge, release
from unit.store.store_support import Table, as_of, audience, contacts, declared, extraction, opened, rows, trait, window

LOOSE = Guard(max_exit_share=0.5, min_members=4)
BUYERS = audience("buyers", LOOSE)
LEVEL = trait("level")
FILES = count()
NAMES = "user_id varchar, email varchar, first_name varchar"

People = Mapping[str, tuple[str, str | None]]
"""User id → e-mail and first name."""


@dataclass
class Runs:
    """Windows computed and judged one after another."""

    store: Store
    declarations: Declarations = field(default_factory=lambda: declared(BUYERS, LEVEL, guard=LOOSE))

    def compute(
        self, number: int, tables: dict[Declaration, Table], failures: dict[Declaration, str] | None = None
    ) -> tuple[WindowSnapshot, dict[str, Step]]:
        ids = register(self.store, self.declarations)
        file = self.store.work / f"extracted-{next(FILES)}.duckdb"
        taken = take_snapshot(self.store, window(number), extraction(file, tables, failures), ids)
        return taken, judge(self.store, self.declarations, ids, taken) if taken.newest else {}

    def people(self, number: int, people: People) -> dict[str, Step]:
        lines = [(user, email, name) for user, (email, name) in people.items()]
        return self.compute(number, {self.declarations.contacts: (NAMES, lines)})[1]

    def buyers(self, number: int, users: list[str]) -> dict[str, Step]:
        return self.compute(number, {BUYERS: ("user_id varchar", [(user,) for user in users])})[1]

    def release(self, key: str) -> None:
        release(self.store, self.declarations, register(self.store, self.declarations), key)

    def desired(self, key: str) -> dict[object, object]:
        found = rows(
            self.store,
            """select user_id, value from engine.desired
            join engine.property using (property_id) join engine.contact using (contact_id) where key = $key""",
            key=key,
        )
        assert len(dict(found)) == len(found)
        return dict(found)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    with opened(tmp_path / "home") as store:
        yield Runs(store)


def users(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]


def test_an_ordinary_result_becomes_desired(runs: Runs) -> None:
    """The step says how it differs from what was approved before."""
    assert runs.buyers(0, users(1, 2, 3, 4)) == {"buyers": Step(0, 4, 4, 0)}
    assert runs.buyers(1, users(2, 3, 4, 5)) == {"buyers": Step(4, 4, 1, 1)}
    assert set(runs.desired("buyers")) == set(users(2, 3, 4, 5))


def test_a_held_result_changes_nothing_until_a_person_releases_it(runs: Runs) -> None:
    """History has it, desired does not; released, it is desired and no longer held."""
    runs.buyers(0, users(1, 2, 3, 4))
    assert runs.buyers(1, []) == {}
    assert set(runs.desired("buyers")) == set(users(1, 2, 3, 4))
    (held,) = held_now(runs.store)
    assert (held.key, held.as_of, held.before, held.after, held.exits) == ("buyers", as_of(1), 4, 0, 4)
    assert rows(runs.store, "select declaration, reason from held") == [("buyers", held.reason)]
    runs.release("buyers")
    assert runs.desired("buyers") == {}
    assert held_now(runs.store) == ()


def test_the_next_ordinary_result_ends_the_hold(runs: Runs) -> None:
    """The warehouse recovered by itself: nobody has to do anything."""
    runs.buyers(0, users(1, 2, 3, 4))
    runs.buyers(1, [])
    runs.buyers(2, [])
    (held,) = held_now(runs.store)
    assert held.as_of == as_of(2)
    runs.buyers(3, users(1, 2, 3))
    assert held_now(runs.store) == ()
    assert set(runs.desired("buyers")) == set(users(1, 2, 3))


def test_what_is_not_held_cannot_be_released(runs: Runs) -> None:
    """The error names what is."""
    runs.buyers(0, users(1, 2, 3, 4))
    runs.buyers(1, [])
    with pytest.raises(UnknownName, match="buyers"):
        runs.release("level")


def test_one_held_declaration_does_not_hold_the_others(runs: Runs) -> None:
    """Each by itself."""
    tables: dict[Declaration, Table] = {
        BUYERS: ("user_id int", [(n,) for n in range(4)]),
        LEVEL: ("user_id int, value varchar", [(1, "x")]),
    }
    runs.compute(0, tables)
    _, approved = runs.compute(1, {BUYERS: ("user_id int", []), LEVEL: ("user_id int, value varchar", [(1, "y")])})
    assert set(approved) == {"level"}
    assert runs.desired("level") == {"1": "y"}


def test_a_declaration_that_failed_keeps_its_last_approved_result(runs: Runs) -> None:
    """The others go on."""
    runs.buyers(0, users(1, 2, 3, 4))
    level: dict[Declaration, Table] = {LEVEL: ("user_id int, value varchar", [(1, "x")])}
    _, approved = runs.compute(1, level, {BUYERS: "no such table"})
    assert set(approved) == {"level"}
    assert set(runs.desired("buyers")) == set(users(1, 2, 3, 4))
    assert held_now(runs.store) == ()


def test_an_older_window_is_history_only(runs: Runs) -> None:
    """A backfill never makes old truth desired."""
    runs.buyers(3, users(1, 2, 3, 4))
    assert runs.buyers(1, users(9)) == {}
    assert set(runs.desired("buyers")) == set(users(1, 2, 3, 4))


def person(name: str, first: str | None = None) -> tuple[str, str | None]:
    return f"{name}@example.com", first


def test_a_vanished_contact_is_still_known(runs: Runs) -> None:
    """So that exits can be told after the user vanished from the contacts."""
    runs.people(0, {"1": person("ann", "Ann"), "2": person("bob", "Bob"), "3": person("cy")})
    runs.people(1, {"1": person("ann", "Ann"), "3": person("cyrus")})
    assert runs.desired("email") == {"1": "ann@example.com", "2": "bob@example.com", "3": "cyrus@example.com"}
    assert runs.desired("first_name") == {"1": "Ann", "2": "Bob"}


def test_an_address_goes_from_a_vanished_contact_to_the_one_who_has_it_now(runs: Runs) -> None:
    """One address is one contact over there."""
    runs.people(0, {"1": person("ann", "Ann"), "2": person("shared", "Bob"), "3": person("cy")})
    runs.people(1, {"1": person("shared", "Ann"), "3": person("cy")})
    assert runs.desired("email") == {"1": "shared@example.com", "3": "cy@example.com"}
    runs.people(2, {"1": person("shared"), "2": person("bob"), "3": person("cy")})
    assert runs.desired("email") == {"1": "shared@example.com", "2": "bob@example.com", "3": "cy@example.com"}


def test_held_contacts_keep_every_standard_field(runs: Runs) -> None:
    """No contacts at all is suspicious: addresses decide for the names too, and the next result ends the hold."""
    everybody = {str(n): person(f"p{n}", "Old") for n in range(8)}
    runs.people(0, everybody)
    runs.people(1, {})
    assert [held.key for held in held_now(runs.store)] == ["contacts"]
    assert runs.desired("first_name") == dict.fromkeys(everybody, "Old")
    assert len(runs.desired("email")) == 8
    runs.people(2, {"0": person("p0", "New")})
    assert held_now(runs.store) == ()
    assert runs.desired("first_name") == dict.fromkeys(everybody, "Old") | {"0": "New"}


def test_contacts_that_vanished_long_ago_do_not_count_as_leaving(runs: Runs) -> None:
    """A fifth of the contacts is replaced in every window, which no window's limit of a half forbids."""
    for number in range(8):
        present = {str(n): person(f"p{n}") for n in range(number * 2, number * 2 + 10)}
        runs.people(number, present)
        assert held_now(runs.store) == (), f"held in window {number}"


def test_fewer_contacts_are_not_held(runs: Runs) -> None:
    """Who leaves the contacts loses nothing, whatever the share: addresses stay known."""
    runs.people(0, {str(n): person(f"p{n}") for n in range(10)})
    for number in (1, 2):
        runs.people(number, {str(n): person(f"p{n}") for n in range(3)})
        assert held_now(runs.store) == ()
    assert len(runs.desired("email")) == 10


PEOPLE = st.dictionaries(
    st.sampled_from(users(1, 2, 3, 4)),
    st.tuples(st.sampled_from("abcdef").map(lambda c: f"{c}@example.com"), st.sampled_from(["Ann", "Bob"]) | st.none()),
    min_size=1,
).filter(lambda people: len({email for email, _ in people.values()}) == len(people))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(windows=st.lists(PEOPLE, min_size=1, max_size=4))
def test_addresses_are_unique_and_the_last_known(runs: Runs, windows: list[dict[str, tuple[str, str | None]]]) -> None:
    """Whoever is there has the address of the newest window; who vanished keeps the last unless it was taken."""
    runs.store.connection.execute("truncate engine.desired")
    runs.store.connection.execute("truncate engine.held")
    runs.declarations = Declarations(contacts(Guard(1.0, 10**9)), (), (), runs.declarations.destination)
    expected: dict[str, str] = {}
    first = next(WINDOWS) * 10
    for number, people in enumerate(windows, first):
        runs.people(number, people)
        now = {user: email for user, (email, _) in people.items()}
        expected = {user: email for user, email in expected.items() if email not in now.values()} | now
        assert runs.desired("email") == expected


WINDOWS = count(1)
