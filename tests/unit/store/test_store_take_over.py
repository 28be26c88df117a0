"""Contacts of ours that turn out to be one over there: what was told and refused stays with the right one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.store import Store
from unit.store.directory_support import BUYERS, EMAIL, know, known, prepare, take_over, want
from unit.store.store_support import give_contacts, insert, opened, rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        prepare(store)
        yield store


def tell(store: Store, *lines: tuple[int, int, str, str, str | None, bool, int]) -> None:
    """Write rows of the ledger: contact, property, state, value, reason, alone, attempt."""
    insert(store, "engine.ledger", [(ACCOUNT_ID, *line) for line in lines])


def ledger(store: Store, contact: int) -> list[tuple[object, ...]]:
    return rows(
        store,
        """select property_id, state, value, reason, alone, attempt_id from engine.ledger
        where contact_id = $contact order by property_id""",
        contact=contact,
    )


def test_what_was_refused_by_itself_stays_so_when_two_of_ours_are_one(store: Store) -> None:
    """Otherwise a value that cannot be said would go along with the contact, again and again."""
    ids = want(store, {"old": "old@example.com", "new": "new@example.com"})
    old, new = ids["old"], ids["new"]
    know(store, old, "7", "old@example.com")
    know(store, new, "7", "new@example.com")
    tell(
        store,
        (old, EMAIL, "acknowledged", "old@example.com", "", False, 1),
        (new, EMAIL, "acknowledged", "new@example.com", "", False, 2),
        (new, BUYERS, "rejected", "true", "no such option", True, 3),
    )
    take_over(store)
    assert ledger(store, old) == []
    assert ledger(store, new)[1:] == [(BUYERS, "rejected", "true", "no such option", True, 3)]
    assert known(store) == {"new": ("7", "new@example.com")}


def test_of_two_that_told_one_contact_the_later_counts(store: Store) -> None:
    """In doubt it is unknown, and said again."""
    ids = want(store, {"old": "old@example.com", "new": "new@example.com"})
    old, new = ids["old"], ids["new"]
    know(store, old, "7", "old@example.com")
    know(store, new, "7", "new@example.com")
    tell(
        store,
        (old, BUYERS, "acknowledged", "true", "", False, 1),
        (new, EMAIL, "acknowledged", "new@example.com", "", False, 5),
        (new, BUYERS, "acknowledged", "false", "", False, 1),
    )
    take_over(store)
    assert ledger(store, new)[1:] == [(BUYERS, "unknown", "true", None, False, 1)]


def test_a_contact_is_left_behind_once_however_many_give_way(store: Store) -> None:
    """Two of ours that are gone were last seen at the address a third one wants."""
    user = want(store, {"u": "new@example.com"})["u"]
    ids = give_contacts(store, ["gone", "gone too"])
    know(store, user, "5", "old@example.com")
    know(store, ids["gone"], "8", "new@example.com")
    know(store, ids["gone too"], "9", "new@example.com")
    tell(store, (user, BUYERS, "rejected", "true", "no such option", True, 4))
    take_over(store)
    former = rows(store, "select contact_id from engine.contact where user_id = 'former contact 5'")
    assert len(former) == 1
    assert known(store)["former contact 5"] == ("5", "old@example.com")
    assert ledger(store, former[0][0]) == [(BUYERS, "rejected", "true", "no such option", True, 4)]
    take_over(store)
    assert rows(store, "select count(*) from engine.contact where user_id like 'former%'") == [(1,)]
