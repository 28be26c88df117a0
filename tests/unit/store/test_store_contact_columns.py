"""Columns of the contacts beyond names: user id, tags, resets and lists, and what they register."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ac_pipeline.model.properties import CONTACT_COLUMNS
from ac_pipeline.store.problems import problem_examples, unusable_users
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import WindowSnapshot, take_snapshot
from ac_pipeline.store.store import Store
from unit.store.store_support import as_of, contacts, declared, extraction, opened, rows, trait, window

CONTACTS = contacts()
FILES = itertools.count()
TAGS = "user_id integer, email varchar, tags varchar[]"
LISTS = "user_id integer, email varchar, lists varchar"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        yield store


def take(
    store: Store, columns: str, *lines: Sequence[object], number: int = 0, resubscribe: bool = False
) -> WindowSnapshot:
    """Take the snapshot of a window whose contacts have these columns."""
    people = replace(CONTACTS, resubscribe=resubscribe)
    ids = register(store, replace(declared(), contacts=people))
    file = store.work / f"extracted-{next(FILES)}.duckdb"
    return take_snapshot(store, window(number), extraction(file, {people: (columns, lines)}), ids)


def values(store: Store, key: str, number: int = 0) -> dict[object, object]:
    """Return user id → value of a property in a window."""
    found = rows(
        store,
        """select user_id, value from engine.history
        join engine.property using (property_id) join engine.contact using (contact_id)
        where key = $key and valid_from <= $t and valid_to > $t""",
        key=key,
        t=as_of(number),
    )
    return dict(found)


def computed(store: Store, number: int = 0) -> set[object]:
    """Return the properties that have a snapshot in a window."""
    query = "select key from engine.snapshot join engine.property using (property_id) where as_of = $t"
    return {key for (key,) in rows(store, query, t=as_of(number))}


def named(store: Store, column: str) -> list[tuple[object, ...]]:
    """Return key, name, kind and whether to resubscribe of what a column speaks for."""
    return rows(
        store,
        """select said.key, said.name, said.kind, resubscribe
        from engine.source
        join engine.property as said on said.property_id = source.property_id
        join engine.property as speaker on speaker.property_id = source.source_id
        where speaker.key = $column and said.declared and said.sent and not unsubscribe_on_exit
        order by said.key""",
        column=column,
    )


def test_only_columns_that_exist_have_a_result(store: Store) -> None:
    """One that is absent is left alone in history: what it said before still holds."""
    columns = "user_id integer, email varchar, first_name varchar, tags varchar[], tags_reset boolean, lists varchar"
    take(store, columns, (1, "a@example.com", "Ann", ["x"], True, '{"3": "active"}'))
    assert computed(store) == set(CONTACT_COLUMNS) - {"last_name", "phone"}
    before = {key: values(store, key) for key in CONTACT_COLUMNS}
    assert before["user_id"] == {"1": "1"}
    take(store, "user_id integer, email varchar", (1, "a@example.com"), number=1)
    assert computed(store, 1) == {"user_id", "email"}
    assert {key: values(store, key, 1) for key in CONTACT_COLUMNS} == before


def test_contacts_without_user_ids_have_none_to_tell(store: Store) -> None:
    """The address is the user id inside, not over there."""
    take(store, "email varchar", ("a@example.com",))
    assert computed(store) == {"email"}
    assert values(store, "user_id") == {}


def test_an_empty_result_has_no_columns(store: Store) -> None:
    """Nobody is in the contacts; what tags and lists said is left alone."""
    take(store, TAGS, (1, "a@example.com", ["x"]))
    take(store, TAGS, number=1)
    assert computed(store, 1) == {"email"}
    assert values(store, "tags", 1) == {"1": '["x"]'}


def test_tags_become_properties_of_their_own(store: Store) -> None:
    """One for each name whatever its case; known ones keep id and name; the column is their source once."""
    take(store, TAGS, (1, "a@example.com", ["VIP", "new"]), (2, "b@example.com", ["vip", "é"]))
    expected = [("tag:new", "new", "tag", False), ("tag:vip", "VIP", "tag", False), ("tag:é", "é", "tag", False)]
    assert named(store, "tags") == expected
    before = rows(store, "select key, property_id from engine.property order by property_id")
    take(store, TAGS, (1, "a@example.com", ["Vip", "old"]), number=1)
    assert named(store, "tags") == [expected[0], ("tag:old", "old", "tag", False), *expected[1:]]
    assert rows(store, "select key, property_id from engine.property order by property_id")[: len(before)] == before


def test_lists_become_properties_of_their_own(store: Store) -> None:
    """By id or name; whether they subscribe again is the contacts' to say, now and not for ever."""
    take(store, LISTS, (1, "a@example.com", '[{"id": 3, "status": "active"}, {"list": "News", "status": "subscribe"}]'))
    assert values(store, "lists") == {"1": '{"3":"active","news":"active"}'}
    assert named(store, "lists") == [("list:3", "3", "list", False), ("list:news", "News", "list", False)]
    take(store, LISTS, (1, "a@example.com", '{"3": "unsubscribe"}'), number=1, resubscribe=True)
    assert named(store, "lists") == [("list:3", "3", "list", True), ("list:news", "News", "list", True)]
    assert values(store, "lists", 1) == {"1": '{"3":"unsubscribed"}'}


@pytest.mark.parametrize(
    ("kind", "told", "value"),
    [
        ("boolean", True, '["x"]'),
        ("integer", 1, '["x"]'),
        ("varchar", "true", '["x"]'),
        ("varchar", " 1 ", '["x"]'),
        ("varchar", "0", None),
        ("boolean", False, None),
        ("boolean", None, None),
    ],
)
def test_a_reset_has_the_value_of_the_tags(store: Store, kind: str, told: object, value: str | None) -> None:
    """So that it takes place again when they change; without tags it is the empty set."""
    columns = f"{TAGS}, tags_reset {kind}"
    taken = take(store, columns, (1, "a@example.com", ["x"], told), (2, "b@example.com", None, told))
    assert values(store, "tags_reset") == ({"1": value, "2": "[]"} if value else {})
    assert taken.problems == {}


def test_a_reset_that_is_neither_true_nor_false_resets_nothing(store: Store) -> None:
    """It is listed, and the tags go on."""
    taken = take(store, f"{TAGS}, tags_reset varchar", (1, "a@example.com", ["x"], "maybe"))
    assert (values(store, "tags"), values(store, "tags_reset")) == ({"1": '["x"]'}, {})
    assert taken.problems == {"contacts: invalid_value": 1}


def test_a_row_that_is_not_used_names_no_tag_and_no_list(store: Store) -> None:
    """Neither the loser of an address nor a row without one."""
    columns = f"{TAGS}, lists varchar"
    take(
        store,
        columns,
        (1, "a@example.com", ["kept"], '{"kept": "active"}'),
        (2, "a@example.com", ["lost"], '{"lost": "active"}'),
        (3, None, ["lost"], '{"lost": "active"}'),
        (4, "d@example.com", ["x" * 256], '{"lost": "perhaps"}'),
    )
    assert [key for key, *_ in named(store, "tags")] == ["tag:kept"]
    assert [key for key, *_ in named(store, "lists")] == ["list:kept"]


def test_rows_in_another_order_make_the_same_tags_and_lists(store: Store) -> None:
    """Of two rows for one user with one address, one wins, always the same."""
    columns = f"{TAGS}, lists varchar"
    lines = [(1, "a@example.com", [tag], f'{{"{tag}": "active"}}') for tag in ("a", "b", "c")]
    seen = set()
    for number, order in enumerate(itertools.permutations(lines)):
        take(store, columns, *order, number=number)
        seen.add((values(store, "tags", number)["1"], values(store, "lists", number)["1"]))
    assert len(seen) == 1


def test_users_with_unusable_values_are_known(store: Store) -> None:
    """As contacts, once each; a bad row without a user, and one of another kind, is nobody's."""
    columns = f"{TAGS}, lists varchar"
    lines = [
        (1, "a@example.com", ["x" * 256], '{"n": "perhaps"}'),
        (2, "b@example.com", ["x"], "nonsense"),
        (3, "c@example.com", ["x"], None),
        (4, "c@example.com", ["x"], None),
        (None, "d@example.com", ["x"], "nonsense"),
    ]
    taken = take(store, columns, *lines)
    assert taken.problems == {
        "contacts: duplicate_email": 1,
        "contacts: invalid_lists": 1,
        "contacts: invalid_tags": 1,
        "contacts: missing_user_id": 1,
        "contacts: unknown_status": 1,
    }
    table = unusable_users(store, "contacts", as_of(0))
    users = f"select user_id from {table} join engine.contact using (contact_id) order by 1"
    assert rows(store, users) == [("1",), ("2",)]
    assert rows(store, f"from {unusable_users(store, 'spent', as_of(0))}") == []
    take(store, columns, (1, "a@example.com", None, None), number=1)
    assert rows(store, f"from {unusable_users(store, 'contacts', as_of(1))}") == []


def test_examples_are_the_first_three_users(store: Store) -> None:
    """Shorter ids first; values are never among them."""
    take(store, LISTS, *((number, f"p{number}@example.com", "nonsense") for number in (10, 9, 8, 11)))
    assert problem_examples(store, as_of(0)) == {"contacts: invalid_lists": ("8", "9", "10")}


def test_examples_show_no_address(store: Store) -> None:
    """Users who are known by their address are called by the number of the contact, or not at all."""
    take(
        store,
        "email varchar, lists varchar",
        ("a@example.com", "nonsense"),
        ("Ada Lovelace", None),
        ("b@example.com", None),
        ("b@@example.com", None),
    )
    (number,) = rows(store, "select contact_id from engine.contact where user_id = 'a@example.com'")[0]
    assert problem_examples(store, as_of(0)) == {"contacts: invalid_lists": (f"contact {number}",)}


def test_a_traits_unusable_values_are_known_by_contact(store: Store) -> None:
    """A value that cannot be read is none; the contact it belongs to is told apart from one without a value."""
    level = trait("level")
    people = ("user_id integer, email varchar", [(1, "a@example.com"), (2, "b@example.com")])
    ids = register(store, declared(level))
    for number, value in enumerate(("gold", "x" * 256)):
        found = extraction(
            store.work / f"level-{number}.duckdb",
            {CONTACTS: people, level: ("user_id integer, value varchar", [(1, value), (2, None)])},
        )
        taken = take_snapshot(store, window(number), found, ids)
    assert taken.problems == {"level: too_long": 1}
    assert (values(store, "level"), values(store, "level", 1)) == ({"1": "gold"}, {})
    assert len(rows(store, f"from {unusable_users(store, 'level', as_of(1))}")) == 1
