"""Values from a real warehouse, through dlt, into history: columns of every shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.home import Home
from ac_pipeline.model.declaration import Declaration, Declarations, Destination, Kind, Query, ValueType
from ac_pipeline.model.window import Window
from ac_pipeline.store.problems import problem_examples
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import WindowSnapshot, take_snapshot
from ac_pipeline.store.store import Store, naive, open_store
from ac_pipeline.warehouse import extract

AS_OF = datetime(2026, 4, 5, 12, tzinfo=UTC)
WINDOW = Window(AS_OF - timedelta(hours=2), AS_OF)


def contacts(text: str) -> Declaration:
    return Declaration(Kind.CONTACTS, "contacts", "contacts", Query(text), Path("contacts.yaml"))


def trait(key: str, value: str, value_type: ValueType) -> Declaration:
    """Declare a trait of user 1 with an SQL expression as its value."""
    query = Query(f"select 1 as user_id, {value} as value")
    return Declaration(Kind.TRAIT, key, key, query, Path(f"traits/{key}.yaml"), value_type=value_type)


@dataclass
class Bench:
    """A warehouse file and a store."""

    folder: Path
    store: Store
    taken: int = 0

    def take(self, people: str, *traits: Declaration) -> WindowSnapshot:
        """Extract contacts by their query, and traits, and take the snapshot."""
        self.taken += 1
        declarations = Declarations(contacts(people), (), traits, Destination())
        ids = register(self.store, declarations)
        extraction = extract(
            f"duckdb:///{self.folder / 'warehouse.duckdb'}",
            declarations.all,
            as_of=AS_OF,
            is_now=True,
            folder=self.store.work / f"extraction-{self.taken}",
        )
        assert extraction.failed == ()
        return take_snapshot(self.store, WINDOW, extraction, ids)

    def values(self, key: str) -> dict[str, str]:
        """Return user id → value of a property."""
        found = self.store.connection.execute(
            """select user_id, value from engine.history
            join engine.property using (property_id) join engine.contact using (contact_id)
            where key = $key and valid_from <= $t and valid_to > $t""",
            {"key": key, "t": naive(AS_OF)},
        ).fetchall()
        return {str(user): str(value) for user, value in found}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    duckdb.connect(tmp_path / "warehouse.duckdb").close()
    with open_store(Home.at(tmp_path / "home"), kind="test", run_id="run-1") as store:
        yield Bench(tmp_path, store)


ANN = "select 1 as user_id, 'ann@example.com' as email"


@pytest.mark.parametrize(
    "column",
    [
        "['b', 'A', 'a ']",
        "['b', 'A', 'a ', null, '']",
        "['A', 'b']::enum('A', 'b')[]",
        """'["b", "A", "a"]'""",
        """'["b", "A"]'::json""",
        "'b, A , a,,'",
    ],
)
def test_tags_come_in_every_shape(bench: Bench, column: str) -> None:
    """A list, JSON, JSON text, and text with commas: the same set."""
    bench.take(f"{ANN}, {column} as tags")
    assert bench.values("tags") == {"1": '["A","b"]'}


@pytest.mark.parametrize("column", ["null", "[]", "[null]::varchar[]", "''", "'[]'", "'[]'::json", "' , '"])
def test_no_tags_come_in_every_shape(bench: Bench, column: str) -> None:
    """Nothing is a result: tags that were there are gone."""
    taken = bench.take(f"{ANN}, ['x'] as tags union all select 2, 'bob@example.com', ['x']")
    taken = bench.take(f"{ANN}, {column} as tags")
    assert bench.values("tags") == {}
    assert [snapshot.contacts for snapshot in taken.snapshots if snapshot.key == "tags"] == [0]
    assert taken.problems == {}


@pytest.mark.parametrize(
    "column",
    [
        "[{id: 3, status: 'active'}, {id: 4, status: 'Unsubscribed'}]",
        "[{id: 3.0::double, status: 'subscribe'}, {id: 4.0::double, status: 'unsubscribe'}]",
        "[{list: '4', status: 'unsubscribe'}, {list: ' 3', status: 'subscribed '}]",
        "[map {'name': '3', 'status': 'active'}, map {'name': '4', 'status': 'unsubscribed'}]",
        """'[{"id": 3, "status": "active"}, {"id": "4", "status": "unsubscribed"}]'""",
        """'{"3": "subscribe", "4": "unsubscribe"}'::json""",
        "map {'4': 'unsubscribed', '3': 'active'}",
        "{'3': 'active', '4': 'unsubscribed'}",
    ],
)
def test_lists_come_in_every_shape(bench: Bench, column: str) -> None:
    """Arrays of structs or maps, JSON text, objects; both vocabularies; ids as numbers or text."""
    bench.take(f"{ANN}, {column} as lists")
    assert {user: json.loads(value) for user, value in bench.values("lists").items()} == {
        "1": {"3": "active", "4": "unsubscribed"}
    }


def test_values_of_sets_come_in_every_shape(bench: Bench) -> None:
    """Lists and JSON; an empty list is a value that empties, NULL is none."""
    shapes = {
        "a_list": "['M', 'S', 'M ']",
        "of_numbers": "[2.0::double, 1.5::double]",
        "a_json": '\'["S", "M"]\'::json',
        "a_text": "'S'",
        "an_empty": "[]::varchar[]",
        "a_null": "null::varchar[]",
        "an_untyped_null": "null",
    }
    bench.take(ANN, *(trait(key, value, ValueType.MULTI_CHOICE) for key, value in shapes.items()))
    assert {key: bench.values(key).get("1") for key in shapes} == {
        "a_list": "||M||S||",
        "of_numbers": "||1.5||2||",
        "a_json": "||M||S||",
        "a_text": "||S||",
        "an_empty": "",
        "a_null": None,
        "an_untyped_null": None,
    }


NESTED = {
    "a_struct": "{'a': 1}",
    "a_list": "[1]",
    "a_map": "map {'a': 1}",
    "a_json": "'{\"a\": 1}'::json",
    "a_json_text": "' {\"a\": 1}'",
}


@pytest.mark.parametrize("value_type", [kind for kind in ValueType if kind is not ValueType.MULTI_CHOICE])
def test_nested_values_are_refused_where_one_value_belongs(bench: Bench, value_type: ValueType) -> None:
    """Whatever type the trait has; a NULL of a nested type is no value and no problem."""
    traits = [trait(key, value, value_type) for key, value in NESTED.items()]
    taken = bench.take(ANN, *traits, trait("nothing", "null::integer[]", value_type))
    assert dict(taken.problems) == {f"{key}: nested_value": 1 for key in NESTED}
    assert problem_examples(bench.store, naive(AS_OF)) == {f"{key}: nested_value": ("1",) for key in NESTED}


def test_a_day_is_the_day_in_utc(bench: Bench) -> None:
    """Of moments with a zone, as moments and as text; zero and false are values."""
    kinds = {
        "typed": ("timestamptz '2026-04-05 23:30:00-02:00'", ValueType.DATE),
        "as_text": ("' 2026-04-05 23:30:00-02:00 '", ValueType.DATE),
        "plain": ("date '2026-04-06'", ValueType.DATE),
        "moment": ("timestamp '2026-04-06 23:59:59.9'", ValueType.DATETIME),
        "zero": ("0", ValueType.NUMBER),
        "no": ("false", ValueType.BOOLEAN),
        "blank": ("' '", ValueType.NUMBER),
    }
    taken = bench.take(ANN, *(trait(key, value, kind) for key, (value, kind) in kinds.items()))
    assert {key: bench.values(key).get("1") for key in kinds} == {
        "typed": "2026-04-06",
        "as_text": "2026-04-06",
        "plain": "2026-04-06",
        "moment": "2026-04-06T23:59:59+00:00",
        "zero": "0",
        "no": "false",
        "blank": None,
    }
    assert taken.problems == {}


def test_one_bad_column_leaves_the_others_alone(bench: Bench) -> None:
    """Bad lists, tags and names drop neither the address nor each other."""
    bench.take(
        f"""{ANN}, {{'a': 1}} as first_name, 'Lee' as last_name, 15551234567.0::double as phone,
        [['x']] as tags, true as tags_reset, {{'Newsletter': 'maybe'}} as lists"""
    )
    columns = ("email", "user_id", "first_name", "last_name", "phone", "tags", "tags_reset", "lists")
    assert {key: bench.values(key) for key in columns} == {
        "email": {"1": "ann@example.com"},
        "user_id": {"1": "1"},
        "first_name": {},
        "last_name": {"1": "Lee"},
        "phone": {"1": "15551234567"},
        "tags": {},
        "tags_reset": {},
        "lists": {},
    }
    assert problem_examples(bench.store, naive(AS_OF)) == {
        "contacts: invalid_tags": ("1",),
        "contacts: nested_value": ("1",),
        "contacts: unknown_status": ("1",),
    }
