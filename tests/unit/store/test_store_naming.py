"""Whose the contacts are that an import told only the ids of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ac_pipeline.model.contact import Contact
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.naming import name_contacts, next_unnamed, note_unnamed
from ac_pipeline.store.store import Store
from unit.store.store_support import as_of, insert, opened, rows


@pytest.fixture
def imported(tmp_path: Path) -> Iterator[Store]:
    """Contacts 1 to 5 were in import 1; the account told the ids 11 to 15 of it. The third is known since then."""
    with opened(tmp_path / "home") as store:
        attempts = [(n, ACCOUNT_ID, n, 0, 1, "run", "bulk", f"u{n}@example.com", "", as_of(0)) for n in range(1, 6)]
        insert(store, "engine.attempt", attempts)
        insert(store, "engine.remote_contact", [(ACCOUNT_ID, 3, "33", "u3@example.com")])
        note_unnamed(store, 1, [f"1{n}" for n in range(1, 6)])
        yield store


def test_they_are_found_by_the_address_their_import_was_sent_for(imported: Store) -> None:
    """One that is gone, one that has another address, and one of whom something newer is known stay as they are."""
    there = [
        Contact("11", " U1@Example.com"), Contact("12", "moved@example.com"), Contact("13", "u3@example.com"),
        Contact("15", "u5@example.com"),
    ]  # fmt: skip
    assert name_contacts(imported, ["11", "12", "13", "14", "15"], there) == 2
    assert rows(imported, "select contact_id, remote_id, email from engine.remote_contact order by 1") == [
        (1, "11", "u1@example.com"), (3, "33", "u3@example.com"), (5, "15", "u5@example.com"),
    ]  # fmt: skip
    assert next_unnamed(imported, [], 10) == []


def test_each_is_asked_about_once(imported: Store) -> None:
    """Not those that are under way, not those of earlier imports where only later ones matter; no id twice."""
    note_unnamed(imported, 2, ["15", "21"])
    assert next_unnamed(imported, ["11", "12"], 2) == ["13", "14"]
    assert next_unnamed(imported, [], 10, since=2) == ["21"]
    assert next_unnamed(imported, [], 10) == ["11", "12", "13", "14", "15", "21"]
