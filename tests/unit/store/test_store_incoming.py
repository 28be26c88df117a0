"""Extracted rows as contacts and values: who is usable, who wins, and what is listed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.model.declaration import Declaration
from ac_pipeline.model.properties import CONTACT_FIELDS
from ac_pipeline.store.store import Store
from unit.store.incoming_support import BUYERS, CONTACTS, LEVEL, SPENT, people, take, values
from unit.store.store_support import opened, rows

FULL = "user_id varchar, email varchar, first_name varchar, last_name varchar, phone varchar"
UUID_TEXT = "0b6f3e5c-9a7d-4c1b-8f2e-5d4c3b2a1f00"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        yield store


def problems(store: Store, declaration: str = "contacts") -> list[tuple[object, ...]]:
    found = rows(store, "select kind, user_id, rows from problems where declaration = $d", d=declaration)
    return sorted(found, key=str)


def test_contacts_come_with_their_standard_fields(store: Store) -> None:
    """Addresses trimmed and lower-cased, blanks are no value; what a column said that is gone is left alone."""
    lines = [("1", " Ann@Example.COM ", "Ann", " ", None), ("2", "bob@example.com", None, "Lee", "+1 555")]
    take(store, {CONTACTS: people(*lines, columns=FULL)})
    assert {field: values(store, field) for field in CONTACT_FIELDS} == {
        "email": {"1": "ann@example.com", "2": "bob@example.com"},
        "first_name": {"1": "Ann"},
        "last_name": {"2": "Lee"},
        "phone": {"2": "+1 555"},
    }
    take(store, {CONTACTS: people(("1", "ann@example.com"))}, 1)
    assert {field: values(store, field, 1) for field in CONTACT_FIELDS} == {
        "email": {"1": "ann@example.com"},
        "first_name": {"1": "Ann"},
        "last_name": {"2": "Lee"},
        "phone": {"2": "+1 555"},
    }


def test_unusable_rows_are_listed_and_the_others_go_on(store: Store) -> None:
    """By user id where there is one; those without are counted in one line."""
    lines = [
        ("1", "ann@example.com"),
        (None, "nobody@example.com"),
        ("", "blank@example.com"),
        ("2", None),
        ("3", "not an address"),
    ]
    take(store, {CONTACTS: people(*lines)})
    assert values(store, "email") == {"1": "ann@example.com"}
    assert problems(store) == [("invalid_email", "3", 1), ("missing_email", "2", 1), ("missing_user_id", None, 2)]


def test_of_two_users_with_one_address_the_lower_id_wins(store: Store) -> None:
    """Shorter first, then by text: 9 before 10."""
    take(store, {CONTACTS: people(("10", "Ann@example.com"), ("9", "ann@example.com"), ("11", "ann@example.com "))})
    assert values(store, "email") == {"9": "ann@example.com"}
    assert problems(store) == [("duplicate_email", "10", 1), ("duplicate_email", "11", 1)]


def test_of_two_rows_of_one_user_the_lower_address_wins(store: Store) -> None:
    """A usable row wins over an unusable one; the loser's address stays free for others."""
    lines = [("1", "b@example.com"), ("1", "a@example.com"), ("2", "0nonsense"), ("2", "z@example.com")]
    take(store, {CONTACTS: people(*lines, ("3", "b@example.com"))})
    assert values(store, "email") == {"1": "a@example.com", "2": "z@example.com", "3": "b@example.com"}
    assert problems(store) == [("duplicate_user", "1", 1), ("invalid_email", "2", 1)]


LINES = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "9", "10", None]),
        st.sampled_from(["a@example.com", "B@example.com", "c@example.com", "broken", None]),
        st.sampled_from(["Ann", "Bob", None]),
    ),
    max_size=7,
)


def winners(lines: Sequence[tuple[str | None, str | None, str | None]]) -> dict[str, str]:
    """Choose by the rules in words."""
    chosen: dict[str, str] = {}
    usable = [(user, email.lower()) for user, email, _ in lines if user and email and "@" in email]
    for user, email in usable:
        chosen[user] = min(email, chosen.get(user, email))
    order = sorted(chosen, key=lambda user: (len(user), user))
    return {user: chosen[user] for n, user in enumerate(order) if chosen[user] not in {chosen[o] for o in order[:n]}}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_the_winners_are_those_of_the_rules_and_every_other_row_is_listed(
    store: Store, lines: list[tuple[str | None, str | None, str | None]]
) -> None:
    """Nothing is lost: usable rows and problems add up to what was read."""
    columns = "user_id varchar, email varchar, first_name varchar"
    take(store, {CONTACTS: people(*lines, columns=columns)})
    expected = winners(lines)
    assert values(store, "email") == expected
    listed = rows(store, "select coalesce(sum(rows), 0)::integer from problems where declaration = 'contacts'")
    if lines:
        assert listed == [(len(lines) - len(expected),)]


def test_rows_in_another_order_make_the_same_contacts(store: Store) -> None:
    """Otherwise a name would change, and be sent, with every run of an unchanged warehouse."""
    lines = [
        ("1", "a@example.com", first, last, None) for first, last in (("Ann", "Lee"), ("Bob", "Kim"), ("Cy", None))
    ]
    seen = set()
    for number, order in enumerate(itertools.permutations(lines)):
        take(store, {CONTACTS: people(*order, columns=FULL)}, number)
        seen.add((values(store, "first_name", number)["1"], values(store, "last_name", number).get("1")))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("column", "in_contacts", "in_audience"),
    [
        ("integer", 42, 42),
        ("double", 42.0, 42.0),
        ("decimal(18, 2)", 42, 42),
        ("hugeint", 42, 42),
        ("varchar", "42", " 42 "),
    ],
)
def test_a_user_is_the_same_whatever_type_a_query_gives_the_id(
    store: Store, column: str, in_contacts: object, in_audience: object
) -> None:
    """The id in another type than in contacts, in both directions."""
    take(
        store,
        {
            CONTACTS: people((42, "a@example.com"), columns="user_id bigint, email varchar"),
            BUYERS: people((in_audience,), columns=f"user_id {column}"),
        },
    )
    take(
        store,
        {
            CONTACTS: people((in_contacts, "a@example.com"), columns=f"user_id {column}, email varchar"),
            BUYERS: people((42,), columns="user_id bigint"),
        },
        1,
    )
    assert rows(store, "select user_id from engine.contact") == [("42",)]
    assert values(store, "buyers") == values(store, "buyers", 1) == {"42": "true"}


def test_a_uuid_is_its_text(store: Store) -> None:
    """As a UUID in one query and as text in another."""
    take(
        store,
        {
            CONTACTS: people((UUID(UUID_TEXT), "a@example.com"), columns="user_id uuid, email varchar"),
            BUYERS: people((UUID_TEXT,), columns="user_id varchar"),
        },
    )
    assert rows(store, "select user_id from engine.contact") == [(UUID_TEXT,)]


def test_members_are_counted_once_and_kept_without_a_contact_row(store: Store) -> None:
    """A member twice is one; one without a contact row has a history but nobody to send it to."""
    snapshot = take(
        store,
        {
            CONTACTS: people(("1", "a@example.com")),
            BUYERS: people(("1",), ("1",), ("2",), (None,), columns="user_id varchar"),
        },
    )
    sizes = {item.key: item.contacts for item in snapshot.snapshots}
    assert sizes["buyers"] == 2
    assert values(store, "buyers") == {"1": "true", "2": "true"}
    assert problems(store, "buyers") == [("missing_user_id", None, 1)]


def test_an_audience_keyed_by_address_finds_its_users(store: Store) -> None:
    """Among the contacts of the window, otherwise as last known; whoever is unknown is listed without an address."""
    take(store, {CONTACTS: people(("1", "a@example.com"), ("2", "b@example.com"))})
    members = people(
        ("A@example.com ",), ("b@example.com",), ("stranger@example.com",), (None,), columns="email varchar"
    )
    take(store, {CONTACTS: people(("1", "a@example.com"), ("3", "b@example.com")), BUYERS: members}, 1)
    assert values(store, "buyers", 1) == {"1": "true", "3": "true"}
    assert problems(store, "buyers") == [("missing_email", None, 1), ("no_contact", None, 1)]


def test_contacts_without_user_ids_are_known_by_their_address(store: Store) -> None:
    """The address is the user id then, for audiences too."""
    take(
        store,
        {
            CONTACTS: people((" Ann@Example.com",), ("ann@example.com",), columns="email varchar"),
            BUYERS: people(("ANN@example.com",), columns="email varchar"),
        },
    )
    assert values(store, "buyers") == {"ann@example.com": "true"}
    assert values(store, "email") == {"ann@example.com": "ann@example.com"}


def test_values_that_are_not_of_the_type_are_listed(store: Store) -> None:
    """A null is no value and no problem; of two values of one user the lower text wins."""
    lines = [("1", "12.50"), ("2", "much"), ("3", None), ("4", "9"), ("4", "10"), ("5", "1.0"), ("5", "1")]
    take(store, {SPENT: people(*lines, columns="user_id varchar, value varchar")})
    assert values(store, "spent") == {"1": "12.5", "4": "10", "5": "1"}
    assert problems(store, "spent") == [("duplicate_user", "4", 1), ("invalid_value", "2", 1)]


@pytest.mark.parametrize(
    ("declaration", "columns", "says"),
    [
        (CONTACTS, "user_id varchar, mail varchar", "email"),
        (BUYERS, "customer varchar", "user_id"),
        (SPENT, "user_id varchar, amount double", "value"),
    ],
)
def test_a_result_without_a_needed_column_is_not_used(
    store: Store, declaration: Declaration, columns: str, says: str
) -> None:
    """The declaration is unknown for the window, the reason names the column, and the others go on."""
    line = (1, 2)[: columns.count(",") + 1]
    snapshot = take(
        store,
        {declaration: people(line, columns=columns), LEVEL: people((1, "x"), columns="user_id int, value varchar")},
    )
    ((key, reason),) = snapshot.missing
    assert key == declaration.key
    assert f"`{says}`" in reason
    assert values(store, "level") == {"1": "x"}
    assert rows(store, "select declaration from not_computed") == [(declaration.key,)]


def test_column_names_are_found_in_any_case(store: Store) -> None:
    """Warehouses that shout are understood."""
    take(store, {CONTACTS: people(("1", "a@example.com"), columns='"USER_ID" varchar, "EMAIL" varchar')})
    assert values(store, "email") == {"1": "a@example.com"}
