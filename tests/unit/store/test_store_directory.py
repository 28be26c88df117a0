"""The directory and what follows from it: who of ours stands there, and under which address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.model.contact import Contact
from ac_pipeline.store.directory import (
    Reading,
    adopt_by_address,
    finish_reading,
    follow_addresses,
    forget_contacts,
    reading,
    save_contacts,
)
from ac_pipeline.store.opt_outs import begin_opt_outs, gather_opt_outs, replace_opt_outs
from ac_pipeline.store.store import Store
from unit.store.directory_support import EMAIL, know, known, prepare, tell, there, want
from unit.store.store_support import as_of, clear, opened, rows

LIST = 7


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        prepare(store)
        yield store


def directory(store: Store) -> dict[str, str]:
    return dict(rows(store, "select remote_id, email from engine.directory"))


def test_a_page_is_written_with_its_cursor_or_not_at_all(tmp_path: Path) -> None:
    """What another process finds is a page and the cursor behind it."""
    now_at = Reading("2", as_of(0), complete=False)
    with opened(tmp_path / "home") as store:
        save_contacts(store, [Contact("1", " Ada@Example.com "), Contact("2", "")], "directory", now_at)
        with pytest.raises(duckdb.ConstraintException):
            save_contacts(store, [Contact("3", "c@example.com")], None, now_at)  # type: ignore[arg-type]
    with opened(tmp_path / "home", run_id="run-2") as store:
        assert directory(store) == {"1": "ada@example.com", "2": ""}
        assert reading(store, "directory") == now_at
        assert reading(store, "something else") is None


def test_a_finished_reading_replaces_the_interim_one(store: Store) -> None:
    """The next one begins from its moment."""
    save_contacts(store, [], "changes", Reading("2", as_of(0), complete=False))
    finish_reading(store, "directory", "changes", Reading("0", as_of(1), complete=True))
    assert reading(store, "changes") is None
    assert reading(store, "directory") == Reading("0", as_of(1), complete=True)


def test_a_contact_that_is_read_again_is_replaced(store: Store) -> None:
    """And an address that another contact has now is nobody else's any more."""
    there(store, {"1": "a@example.com", "2": "b@example.com", "3": "c@example.com"})
    there(store, {"1": "new@example.com", "3": "b@example.com"})
    assert directory(store) == {"1": "new@example.com", "3": "b@example.com"}


def test_contacts_without_an_address_do_not_replace_each_other(store: Store) -> None:
    """Nobody has the empty address."""
    there(store, {"1": "", "2": ""})
    there(store, {"3": ""})
    assert directory(store) == {"1": "", "2": "", "3": ""}


def test_ours_are_recognised_by_their_address(store: Store) -> None:
    """Only those that are not known yet, and only contacts that are nobody's."""
    ids = want(
        store,
        {"new": "a@example.com", "known": "b@example.com", "late": "c@example.com", "absent": "d@example.com"},
    )
    there(store, {"1": "A@example.com", "2": "b@example.com", "3": "c@example.com", "4": "x@example.com"})
    know(store, ids["known"], "9", "b@example.com")
    other = want(store, {"other": "z@example.com"})["other"]
    know(store, other, "3", "old@example.com")
    assert adopt_by_address(store) == 1
    assert known(store) == {
        "new": ("1", "a@example.com"), "known": ("9", "b@example.com"), "other": ("3", "old@example.com"),
    }  # fmt: skip
    assert adopt_by_address(store) == 0


@pytest.mark.parametrize(("attempted", "adopted"), [("a@example.com", 1), ("before@example.com", 0)])
def test_a_creation_elsewhere_without_an_answer_is_looked_at_first(store: Store, attempted: str, adopted: int) -> None:
    """The contact it may have made would be forgotten."""
    ids = want(store, {"u": "a@example.com"})
    tell(store, ids["u"], EMAIL, "unknown", attempted)
    there(store, {"1": "a@example.com"})
    assert adopt_by_address(store) == adopted


def test_an_address_that_changed_there_is_followed(store: Store) -> None:
    """One that the directory does not know, or has no address for, stays."""
    ids = want(store, {"u": "a@example.com", "v": "b@example.com", "w": "c@example.com"})
    for number, user in enumerate(ids, 1):
        know(store, ids[user], str(number), f"{user}@example.com")
    there(store, {"1": "moved@example.com", "2": ""})
    assert follow_addresses(store) == 1
    assert known(store) == {
        "u": ("1", "moved@example.com"), "v": ("2", "v@example.com"), "w": ("3", "w@example.com"),
    }  # fmt: skip


def test_a_contact_that_is_gone_is_recognised_no_more(store: Store) -> None:
    """Once somebody noticed."""
    want(store, {"u": "a@example.com"})
    there(store, {"1": "a@example.com", "2": "b@example.com"})
    forget_contacts(store, ["1"])
    assert directory(store) == {"2": "b@example.com"}
    assert adopt_by_address(store) == 0


ADDRESSES = [f"{letter}@example.com" for letter in "abcd"]
NUMBERS = [str(number) for number in range(1, 6)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pages=st.lists(
        st.dictionaries(st.sampled_from(NUMBERS), st.sampled_from([*ADDRESSES, ""]), max_size=3), max_size=4
    ),
    desired=st.dictionaries(st.sampled_from("uvw"), st.sampled_from(ADDRESSES)),
    bound=st.dictionaries(st.sampled_from("uvwx"), st.sampled_from(NUMBERS)),
)
def test_recognising_agrees_with_a_loop(
    store: Store, pages: list[dict[str, str]], desired: dict[str, str], bound: dict[str, str]
) -> None:
    """Every page replaces what was known; the first of ours to ask for an address gets its contact."""
    clear(store, "directory", "desired", "remote_contact", "contact", "reading")
    ids = want(store, desired)
    ids |= want(store, {user: "other@example.com" for user in bound if user not in desired})
    taken: dict[str, str] = {}
    for user, number in bound.items():
        if number not in taken.values():
            know(store, ids[user], number, "told@example.com")
            taken[user] = number

    account: dict[str, str] = {}
    for page in pages:
        there(store, page)
        newest: dict[str, str] = {}
        for number in sorted(page):
            newest[page[number] or number] = number
        account = {n: e for n, e in account.items() if n not in page and (e == "" or e not in page.values())}
        account |= {number: page[number] for number in newest.values()}
    assert directory(store) == account

    expected = dict(taken)
    for user in sorted(ids, key=ids.__getitem__):
        address = desired.get(user, "other@example.com")
        for number, email in account.items():
            if user not in taken and email == address and number not in expected.values():
                expected[user] = number
    adopt_by_address(store)
    assert {user: number for user, (number, _) in known(store).items()} == expected


def opt_outs(store: Store) -> dict[str, str]:
    return dict(rows(store, "select user_id, reason from engine.opt_out join engine.contact using (contact_id)"))


def found_at(store: Store, user: str) -> object:
    return rows(
        store, "select found_at from engine.opt_out join engine.contact using (contact_id) where user_id = $user",
        user=user,
    )[0][0]  # fmt: skip


def test_opt_outs_of_a_list_are_replaced(store: Store) -> None:
    """Ours by id or by address; who was known before keeps the moment."""
    ids = want(store, {"u": "a@example.com", "v": "b@example.com", "w": "c@example.com"})
    know(store, ids["u"], "1", "a@example.com")
    begin_opt_outs(store)
    gather_opt_outs(store, [Contact("1", "moved@example.com"), Contact("8", "nobody@example.com")], "opted out")
    gather_opt_outs(store, [Contact("2", "B@example.com"), Contact("3", "c@example.com")], "bounced")
    assert replace_opt_outs(store, LIST) == 3
    assert opt_outs(store) == {"u": "opted out", "v": "bounced", "w": "bounced"}
    first = found_at(store, "u")

    begin_opt_outs(store)
    gather_opt_outs(store, [Contact("1", "a@example.com"), Contact("2", "b@example.com")], "opted out")
    assert replace_opt_outs(store, LIST) == 2
    assert opt_outs(store) == {"u": "opted out", "v": "opted out"}
    assert found_at(store, "u") == first
    assert found_at(store, "v") != first

    begin_opt_outs(store)
    assert replace_opt_outs(store, LIST + 1) == 0
    assert len(opt_outs(store)) == 2
