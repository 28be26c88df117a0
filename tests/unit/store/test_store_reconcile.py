"""Desired minus acknowledged: what is still to be said, against a loop over dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.outbox import reconcile
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from unit.store.store_support import SILENT as UNSENT
from unit.store.store_support import audience, clear, declared, give_contacts, insert, opened, rows, trait

MEMBERSHIPS = ("buyers", "lapsed")
SPOKEN = ("email", "first_name", *MEMBERSHIPS, "value")
SILENT = ("retired", "unsent")
PROPERTIES = (*SPOKEN, *SILENT)


class Told(NamedTuple):
    """One row of the ledger."""

    state: str
    value: str


class Due(NamedTuple):
    """One row of `pending`."""

    value: str
    due: bool


Key = tuple[int, str]
Desired = dict[Key, str]
Ledger = dict[Key, Told]


def values_of(contact: int, key: str) -> st.SearchStrategy[str]:
    """Memberships that are desired are `true`; addresses belong to one contact only."""
    if key == "email":
        return st.sampled_from([f"a{contact}@example.com", f"b{contact}@example.com"])
    return st.just("true") if key in (*MEMBERSHIPS, *SILENT) else st.sampled_from(["1", "2"])


def told_of(contact: int, key: str) -> st.SearchStrategy[Told]:
    said = st.sampled_from(["true", "false"]) if key in (*MEMBERSHIPS, *SILENT) else values_of(contact, key)
    return st.builds(Told, st.sampled_from(["acknowledged", "unknown", "rejected"]), said)


KEYS = [(contact, key) for contact in (1, 2, 3) for key in PROPERTIES]
DESIRED = st.fixed_dictionaries({}, optional={(c, k): values_of(c, k) for c, k in KEYS})
LEDGER = st.fixed_dictionaries({}, optional={(c, k): told_of(c, k) for c, k in KEYS})


def expected(desired: Desired, ledger: Ledger) -> dict[Key, Due]:
    """Say what is pending, by the rules in words."""
    found = {}
    for key in desired.keys() | ledger.keys():
        if key[1] in SILENT:
            continue
        told = ledger.get(key)
        target = desired.get(key)
        if target is None and key[1] in MEMBERSHIPS and told is not None and told != ("acknowledged", "false"):
            target = "false"  # was told `true`, or may have been
        if target is None or told == ("acknowledged", target):
            continue
        found[key] = Due(target, told is None or told.state == "unknown" or told.value != target)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        kept = (audience("buyers"), audience("lapsed"), trait("value"), audience("unsent", membership=UNSENT))
        register(store, declared(*kept, audience("retired")))
        register(store, declared(*kept))
        give_contacts(store, ["u1", "u2", "u3"])
        yield store


def put(store: Store, desired: Desired, ledger: Ledger) -> None:
    ids = dict(rows(store, "select key, property_id from engine.property"))
    clear(store, "desired", "ledger", "remote_contact")
    with store.transaction():
        insert(store, "engine.desired", [(ids[key], contact, value) for (contact, key), value in desired.items()])
        insert(
            store,
            "engine.ledger",
            [(ACCOUNT_ID, contact, ids[key], *told, None, False, 1) for (contact, key), told in ledger.items()],
        )


def pending(store: Store) -> dict[Key, Due]:
    reconcile(store)
    found = rows(store, "select contact_id, key, value, due from pending")
    by_key = {(int(str(contact)), str(key)): Due(str(value), bool(due)) for contact, key, value, due in found}
    assert len(by_key) == len(found)
    return by_key


def with_store(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@with_store(60)
@given(desired=DESIRED, ledger=LEDGER)
@example(desired={(1, "buyers"): "true"}, ledger={(1, "buyers"): Told("rejected", "true")})
@example(desired={}, ledger={(1, "buyers"): Told("unknown", "false")})
def test_pending_is_desired_minus_acknowledged(store: Store, desired: Desired, ledger: Ledger) -> None:
    """Unknown is said again, refused and unchanged asks for nothing, retired and unsent are silent."""
    put(store, desired, ledger)
    assert pending(store) == expected(desired, ledger)


@with_store(40)
@given(desired=DESIRED, ledger=LEDGER)
def test_what_is_acknowledged_after_pending_is_what_was_desired(store: Store, desired: Desired, ledger: Ledger) -> None:
    """Said and confirmed, everything desired is true, leavers are `false`, and nothing is left to say."""
    put(store, desired, ledger)
    said = {key: Told("acknowledged", due.value) for key, due in pending(store).items()}
    after = ledger | said
    put(store, desired, after)
    assert pending(store) == {}
    for key in KEYS:
        if key[1] in SILENT:
            assert after.get(key) == ledger.get(key)
        elif key in desired:
            assert after[key] == ("acknowledged", desired[key])
        elif key[1] in MEMBERSHIPS and key in ledger:
            assert after[key] == ("acknowledged", "false")
        else:
            assert after.get(key) == ledger.get(key), "who never was a member, and who vanished, is told nothing"


def test_a_membership_that_never_was_is_not_denied(store: Store) -> None:
    """Nobody is told `false` who was never told `true`."""
    put(store, {(1, "email"): "a1@example.com"}, {(1, "email"): Told("acknowledged", "a1@example.com")})
    assert pending(store) == {}


def test_a_retired_audience_speaks_again_when_its_file_is_back(store: Store) -> None:
    """The same id and history: what was acknowledged meanwhile is not said twice."""
    put(store, {(1, "retired"): "true", (2, "retired"): "true"}, {(1, "retired"): Told("acknowledged", "true")})
    assert pending(store) == {}
    register(store, declared(audience("retired")))
    assert pending(store) == {(2, "retired"): Due("true", due=True)}
