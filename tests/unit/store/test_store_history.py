"""History stays exact in whatever order windows are computed, against full copies in dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ac_pipeline.store.retention import forget_before
from ac_pipeline.store.snapshots import read_snapshot, write_property
from ac_pipeline.store.store import Store
from unit.store.store_support import as_of, give_contacts, opened, rows

WINDOWS = 6
USERS = ("u1", "u2", "u3", "u4")
FRESH = count(1000)

Full = dict[int, str]
"""A full copy: contact id → value."""

MEMBERS = st.sets(st.integers(1, 4)).map(lambda ids: dict.fromkeys(ids, "true"))
TRAITS = st.dictionaries(st.integers(1, 4), st.sampled_from(["1", "2", "3"]))


def computations(values: st.SearchStrategy[Full], first: int = 0) -> st.SearchStrategy[list[tuple[int, Full]]]:
    """Windows in any order, again and in the middle, each with what the query returned."""
    return st.lists(st.tuples(st.integers(first, WINDOWS - 1), values), min_size=1, max_size=10)


@dataclass
class Oracle:
    """Full copies of every computed window."""

    copies: dict[int, Full] = field(default_factory=dict)

    def before(self, number: int) -> Full:
        earlier = [other for other in self.copies if other < number]
        return self.copies[max(earlier)] if earlier else {}

    def at(self, number: int) -> Full:
        """A window that was not computed is what the one before it was."""
        return self.copies.get(number, self.before(number))

    def counts(self, number: int) -> tuple[int, int, int, int]:
        before, now = self.before(number), self.copies[number]
        changed = [key for key in before.keys() & now.keys() if before[key] != now[key]]
        return len(now), len(now.keys() - before.keys()), len(before.keys() - now.keys()), len(changed)

    def moves(self) -> Iterator[tuple[int, int, str | None, str | None]]:
        """Window, contact, old and new value of whatever changed."""
        for number, now in self.copies.items():
            before = self.before(number)
            for contact in before.keys() | now.keys():
                if before.get(contact) != now.get(contact):
                    yield number, contact, before.get(contact), now.get(contact)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        give_contacts(store, USERS)
        yield store


def compute(store: Store, property_id: int, number: int, values: Full) -> None:
    store.connection.execute(
        """create or replace temp table incoming as select $p::integer as property_id,
           unnest($ids::integer[]) as contact_id, unnest($values::varchar[]) as value""",
        {"p": property_id, "ids": list(values), "values": list(values.values())},
    )
    write_property(store, property_id, as_of(number))


def run(store: Store, kind: str, steps: list[tuple[int, Full]]) -> tuple[int, Oracle]:
    """Compute the steps for a property of its own."""
    property_id, oracle = next(FRESH), Oracle()
    key = f"key_{property_id}"
    store.connection.execute(
        "insert into engine.property values ($id, $kind, $key, $key, 'text', '', true, true, 'keep', false, false)",
        {"id": property_id, "kind": kind, "key": key},
    )
    with store.transaction():
        for number, values in steps:
            compute(store, property_id, number, values)
            oracle.copies[number] = values
    return property_id, oracle


def state(store: Store, property_id: int, number: int) -> Full:
    """Look up who had which value in a window, failing on a contact with two."""
    found = rows(
        store,
        """select contact_id, value from engine.history
        where property_id = $p and valid_from <= $t and valid_to > $t""",
        p=property_id,
        t=as_of(number),
    )
    values = {int(str(contact)): str(value) for contact, value in found}
    assert len(values) == len(found)
    return values


def at_every_window(store: Store, macro: str, condition: str, *columns: str) -> set[tuple[object, ...]]:
    """Return number of the window, user and columns of each row that the macro has at the window's end."""
    numbers = {as_of(number): number for number in range(WINDOWS)}
    found = rows(
        store,
        f"""select moment, {", ".join(["user_id", *columns])}
        from (select unnest($moments) as moment) as asked, {macro}(asked.moment) where {condition}""",
        moments=list(numbers),
    )
    assert len(set(found)) == len(found)
    return {(numbers[moment], *others) for moment, *others in found}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=computations(TRAITS))
@example(steps=[(0, {1: "1"}), (2, {1: "1"}), (1, {1: "2"}), (1, {1: "1"})])
@example(steps=[(3, {1: "1"}), (1, {1: "1"}), (3, {}), (2, {1: "2"})])
def test_every_computed_window_keeps_its_last_full_copy(store: Store, steps: list[tuple[int, Full]]) -> None:
    """In any order, again, in the middle: state, counts and one row for a value that did not change."""
    property_id, oracle = run(store, "trait", steps)
    for number in range(WINDOWS):
        assert state(store, property_id, number) == oracle.at(number)
        counted = oracle.counts(number) if number in oracle.copies else None
        assert read_snapshot(store, property_id, as_of(number)) == counted
    spans = rows(
        store,
        """select contact_id, valid_from, valid_to, value from engine.history
        where property_id = $p order by contact_id, valid_from""",
        p=property_id,
    )
    assert all(str(begin) < str(end) for _, begin, end, _ in spans)
    for (contact, _, end, value), (next_contact, begin, _, next_value) in pairwise(spans):
        if contact == next_contact:
            assert str(end) <= str(begin)
            assert (end, value) != (begin, next_value), "touching rows with equal values are one"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=computations(MEMBERS))
def test_the_audience_views_say_what_full_copies_would(store: Store, steps: list[tuple[int, Full]]) -> None:
    """audience_sizes, membership_changes and members agree with the oracle."""
    property_id, oracle = run(store, "audience", steps)
    key = f"key_{property_id}"
    sizes = rows(store, "select as_of, members, entered, exited from audience_sizes where audience = $k", k=key)
    assert sorted(sizes) == sorted((as_of(n), *oracle.counts(n)[:3]) for n in oracle.copies)
    changes = rows(store, "select as_of, user_id, change from membership_changes where audience = $k", k=key)
    assert sorted(changes) == sorted(
        (as_of(n), USERS[contact - 1], "entered" if old is None else "exited") for n, contact, old, _ in oracle.moves()
    )
    now = rows(store, "select user_id from members where audience = $k", k=key)
    assert sorted(now) == sorted((USERS[contact - 1],) for contact in oracle.copies[max(oracle.copies)])
    assert at_every_window(store, "members_at", f"audience = '{key}'") == {
        (number, USERS[contact - 1]) for number in range(WINDOWS) for contact in oracle.at(number)
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=computations(TRAITS))
def test_the_trait_views_say_what_full_copies_would(store: Store, steps: list[tuple[int, Full]]) -> None:
    """trait_changes and trait_values agree with the oracle."""
    property_id, oracle = run(store, "trait", steps)
    key = f"key_{property_id}"
    changes = rows(store, "select as_of, user_id, old_value, new_value from trait_changes where trait = $k", k=key)
    expected = [(as_of(n), USERS[contact - 1], old, new) for n, contact, old, new in oracle.moves()]
    assert sorted(changes, key=str) == sorted(expected, key=str)
    now = rows(store, "select user_id, value from trait_values where trait = $k", k=key)
    newest = oracle.copies[max(oracle.copies)]
    assert sorted(now) == sorted((USERS[contact - 1], value) for contact, value in newest.items())
    assert at_every_window(store, "trait_values_at", f"trait = '{key}'", "value") == {
        (number, USERS[contact - 1], value) for number in range(WINDOWS) for contact, value in oracle.at(number).items()
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=computations(TRAITS), data=st.data())
def test_from_where_history_is_kept_every_answer_stays_exact(
    store: Store, before: list[tuple[int, Full]], data: st.DataObject
) -> None:
    """What was over is forgotten; windows from then on, computed before or after that, in any order, lose nothing."""
    property_id, oracle = run(store, "trait", before)
    cut = data.draw(st.sampled_from(sorted(oracle.copies)), label="cut")
    forget_before(store, as_of(cut))
    kept = [number for number in range(WINDOWS) if number >= cut]
    for number, values in [(cut, oracle.copies[cut]), *data.draw(computations(TRAITS, cut), label="after")]:
        oracle.copies[number] = values
        compute(store, property_id, number, values)
        assert [state(store, property_id, one) for one in kept] == [oracle.at(one) for one in kept]
    for number in kept:
        counted = oracle.counts(number) if number in oracle.copies else None
        assert read_snapshot(store, property_id, as_of(number)) == counted
    query = "select as_of, user_id, old_value, new_value from trait_changes where trait = $k"
    expected = [(as_of(n), USERS[c - 1], old, new) for n, c, old, new in oracle.moves() if n >= cut]
    assert sorted(rows(store, query, k=f"key_{property_id}"), key=str) == sorted(expected, key=str)
    over = "select count(*) from engine.past where property_id = $p and valid_to < $t"
    assert rows(store, over, p=property_id, t=as_of(cut)) == [(0,)]


def test_properties_do_not_touch_each_others_history(store: Store) -> None:
    """Two properties computed in turns keep what is theirs."""
    first, one = run(store, "trait", [(0, {1: "1"}), (2, {1: "2"})])
    second, two = run(store, "trait", [(1, {1: "9"}), (0, {})])
    for property_id, oracle in ((first, one), (second, two)):
        assert [state(store, property_id, n) for n in oracle.copies] == list(oracle.copies.values())
