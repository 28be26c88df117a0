"""Users found by the id the account keeps, and addresses that turned out to be another contact's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ac_pipeline.model.contact import Contact, ContactValue
from ac_pipeline.store.directory import Reading, reading
from ac_pipeline.store.identity import (
    RefusedRename,
    adopt_users,
    forget_user_ids,
    note_holder,
    refused_renames,
    remote_ids_of_users,
    save_user_ids,
)
from ac_pipeline.store.store import Store
from unit.store.directory_support import BUYERS, EMAIL, know, known, prepare, take_over, tell, want
from unit.store.store_support import as_of, opened, rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        prepare(store)
        yield store


def keep_there(store: Store, users: Mapping[str, str]) -> None:
    """Say which user ids contacts of the account keep (contact id → user id)."""
    page = [ContactValue(f"v{number}", number, "3", user) for number, user in users.items()]
    save_user_ids(store, page, "user_id", Reading("3:1", as_of(0), complete=False))


def ledger(store: Store, contact_id: int) -> dict[int, tuple[str, str]]:
    found = rows(store, "select property_id, state, value from engine.ledger where contact_id = $c", c=contact_id)
    return {number: (state, value) for number, state, value in found}


def contact_id(store: Store, user: str) -> int:
    return int(rows(store, "select contact_id from engine.contact where user_id = $user", user=user)[0][0])


def test_user_ids_are_replaced_page_by_page(store: Store) -> None:
    """Outer spaces do not count, and blank is no user id."""
    keep_there(store, {"1": " u ", "2": "v", "3": " "})
    keep_there(store, {"2": "w"})
    assert dict(rows(store, "select remote_id, user_id from engine.remote_user")) == {"1": "u", "2": "w"}
    forget_user_ids(store, "user_id")
    assert rows(store, "from engine.remote_user") == []
    assert reading(store, "user_id") is None


def test_only_users_that_are_not_known_are_looked_for(store: Store) -> None:
    """Nor contacts that are somebody's, nor users whose creation has no answer yet."""
    ids = want(store, {user: f"{user}@example.com" for user in ("new", "known", "waiting", "other", "silent")})
    keep_there(store, {"1": "new", "2": "known", "3": "waiting", "4": "other", "5": "silent"})
    know(store, ids["known"], "9", "known@example.com")
    know(store, want(store, {"somebody": "x@example.com"})["somebody"], "4", "x@example.com")
    tell(store, ids["waiting"], EMAIL, "unknown", "waiting@example.com")
    asked = [ids[user] for user in ("new", "known", "waiting", "other")]
    assert remote_ids_of_users(store, asked) == ["1"]
    assert remote_ids_of_users(store, []) == []


def test_a_user_is_recognised_with_the_present_address(store: Store) -> None:
    """The planner renames by id when it is not the desired one; who is gone over there is nobody."""
    ids = want(store, {"u": "new@example.com", "gone": "gone@example.com"})
    keep_there(store, {"1": "u", "2": "gone"})
    assert adopt_users(store, list(ids.values()), [Contact("1", "Old@example.com")]) == (1, 0)
    assert known(store) == {"u": ("1", "old@example.com")}


@pytest.mark.parametrize(
    ("addresses", "chosen"),
    [
        ({"10": "u@example.com", "9": "x@example.com"}, "10"),
        ({"10": "y@example.com", "9": "x@example.com"}, "9"),
        ({"10": "y@example.com"}, "10"),
    ],
)
def test_of_several_with_one_user_id_the_desired_address_decides(
    store: Store, addresses: dict[str, str], chosen: str
) -> None:
    """Else the lowest id, as a number; only those that exist come into question."""
    ids = want(store, {"u": "u@example.com"})
    keep_there(store, {"9": "u", "10": "u"})
    page = [Contact(number, email) for number, email in addresses.items()]
    assert adopt_users(store, [ids["u"]], page) == (1, int(len(addresses) > 1))
    assert known(store)["u"][0] == chosen


def refused(store: Store, user: str = "u") -> int:
    """Have a user who was told of `buyers`, and whose new address was refused; return the contact id."""
    ids = want(store, {user: "new@example.com"})
    know(store, ids[user], "5", "old@example.com")
    tell(store, ids[user], EMAIL, "rejected", "new@example.com", "duplicate")
    tell(store, ids[user], BUYERS, "acknowledged", "true")
    return ids[user]


def test_only_a_taken_address_is_a_conflict(store: Store) -> None:
    """Not another refusal, not an address that is no longer wanted, not a contact that has it already."""
    ids = want(store, {user: f"{user}@example.com" for user in "abc"})
    for user, reason, value, email in (
        ("a", "email_invalid", "a@example.com", "old@example.com"),
        ("b", "duplicate", "before@example.com", "older@example.com"),
        ("c", "duplicate", "c@example.com", "c@example.com"),
    ):
        know(store, ids[user], f"1{ids[user]}", email)
        tell(store, ids[user], EMAIL, "rejected", value, reason)
    number = refused(store)
    assert refused_renames(store) == [RefusedRename(number, "5", "new@example.com")]
    assert "example.com" not in repr(refused_renames(store))


def test_a_strangers_contact_with_the_address_becomes_the_users(store: Store) -> None:
    """The old one is left behind as a former contact that is known to be a member: it is told its exit."""
    number = refused(store)
    assert note_holder(store, refused_renames(store)[0], "8") is True
    assert refused_renames(store) == []
    assert ledger(store, number)[EMAIL] == ("unknown", "new@example.com")
    take_over(store)
    assert known(store) == {"u": ("8", "new@example.com"), "former contact 5": ("5", "old@example.com")}
    assert ledger(store, number) == {}
    assert ledger(store, contact_id(store, "former contact 5"))[BUYERS] == ("acknowledged", "true")
    conflicts = rows(store, "select contact_id, kept_remote_id, left_remote_id from engine.conflict")
    assert conflicts == [(number, "8", "5")]


def test_a_former_contact_that_is_met_again_is_used_again(store: Store) -> None:
    """It wants no address any more, and what it may have been told counts for its new owner."""
    refused(store)
    former = want(store, {"former contact 8": "new@example.com"})["former contact 8"]
    tell(store, former, BUYERS, "acknowledged", "false")
    assert note_holder(store, refused_renames(store)[0], "8") is True
    take_over(store)
    assert known(store)["u"] == ("8", "new@example.com")
    assert ledger(store, contact_id(store, "u")) == {BUYERS: ("unknown", "false")}


def test_an_address_of_another_of_ours_is_no_conflict(store: Store) -> None:
    """Only its address was not known: from now on it is waited for, as for any address of ours."""
    number = refused(store)
    other = want(store, {"v": "v@example.com"})["v"]
    know(store, other, "8", "v@example.com")
    assert note_holder(store, refused_renames(store)[0], "8") is False
    assert known(store) == {"u": ("5", "old@example.com"), "v": ("8", "new@example.com")}
    assert ledger(store, number)[EMAIL][0] == "unknown"
    assert rows(store, "from engine.conflict") == []
    take_over(store)
    assert known(store) == {"u": ("5", "old@example.com"), "v": ("8", "new@example.com")}


def test_an_address_the_contact_has_itself_is_taken_as_it_is(store: Store) -> None:
    """Somebody renamed it over there meanwhile."""
    number = refused(store)
    assert note_holder(store, refused_renames(store)[0], "5") is False
    assert known(store) == {"u": ("5", "new@example.com")}
    assert ledger(store, number)[EMAIL][0] == "unknown"
