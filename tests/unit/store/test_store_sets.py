"""Choices, tags and lists have one text each, whatever their order, spelling and shape."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.store import canonical_lists, canonical_sets


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        yield connection


def canon(connection: duckdb.DuckDBPyConnection, expressions: Sequence[str], of: object, as_type: str) -> list[object]:
    """Return what expressions make of one value of a type."""
    row = connection.execute(f"select {', '.join(expressions)} from (select cast($of as {as_type}) as x)", {"of": of})
    (found,) = row.fetchall()
    return list(found)


def choices(connection: duckdb.DuckDBPyConnection, of: object, as_type: str) -> list[object]:
    kind = as_type.upper()
    both = [canonical_sets.multi_choice("x", kind), canonical_sets.multi_choice_fault("x", kind)]
    value, fault = canon(connection, both, of, as_type)
    return [value if fault is None else None, fault]


def tags(connection: duckdb.DuckDBPyConnection, of: object, as_type: str) -> list[object]:
    kind = as_type.upper()
    value, fault = canon(
        connection, [canonical_sets.tags("x", kind), canonical_sets.tags_fault("x", kind)], of, as_type
    )
    return [value if fault is None else None, fault]


def lists(connection: duckdb.DuckDBPyConnection, of: object, as_type: str) -> list[object]:
    kind = as_type.upper()
    entries, present = canonical_lists.entries("x", kind), canonical_lists.present("x", kind)
    value, fault = canon(
        connection, [canonical_lists.value(entries), canonical_lists.fault(entries, present)], of, as_type
    )
    return [value if fault is None else None, fault]


def clean(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "").strip(" \t\r\n")


quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.text(st.sampled_from('aAbB|,é[{" \t1'), max_size=4) | st.sampled_from(["e\u0301", "É", "\0", "x" * 256])
SETS = st.lists(st.none() | PIECES, max_size=6)


@quick
@given(of=SETS)
def test_choices_are_those_of_the_rules(connection: duckdb.DuckDBPyConnection, of: list[str | None]) -> None:
    """Each once, sorted, between bars; one that cannot stand there makes the whole set unusable."""
    texts = sorted({clean(text) for text in of} - {""})
    invalid = [text for text in texts if "||" in text or "\0" in text or text[0] == "|" or text[-1] == "|"]
    fault = "invalid_value" if invalid else "too_long" if any(len(text) > 255 for text in texts) else None
    value = "||" + "||".join(texts) + "||" if texts else ""
    expected = [None, fault] if fault else [value, None]
    assert choices(connection, of, "varchar[]") == expected
    assert choices(connection, of[::-1], "varchar[]") == expected
    assert choices(connection, json.dumps(of), "varchar") == expected
    assert choices(connection, json.dumps(of), "json") == expected


@quick
@given(of=SETS)
def test_tags_are_those_of_the_rules(connection: duckdb.DuckDBPyConnection, of: list[str | None]) -> None:
    """Each once whatever its case, sorted by lower case; the first spelling stays."""
    texts = sorted({clean(text) for text in of} - {""})
    names = {text.lower(): text for text in reversed(texts)}
    if any("\0" in text or len(text) > 255 for text in texts):
        expected: list[object] = [None, "invalid_tags"]
    elif not names:
        expected = [None, None]
    else:
        ordered = [names[key] for key in sorted(names)]
        expected = [json.dumps(ordered, ensure_ascii=False, separators=(",", ":")), None]
    for given_as, as_type in ((of, "varchar[]"), (of * 2, "varchar[]"), (json.dumps(of), "varchar")):
        found, fault = tags(connection, given_as, as_type)
        assert [None if found is None else json.loads(str(found)), fault] == [
            None if expected[0] is None else json.loads(str(expected[0])), expected[1],
        ]  # fmt: skip


WORDS = {"active": "active", "Subscribe": "active", "subscribed ": "active", "UNSUBSCRIBE": "unsubscribed"}
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"status": st.sampled_from([*WORDS, "unsubscribed", "bounced", None])},
        optional={
            "id": st.sampled_from([3, 3.0, "3", 12]) | st.none(),
            "list": st.sampled_from(["News", " news", "VIP", '"q"', "é", ""]),
        },
    ),
    max_size=4,
)


@quick
@given(of=ENTRIES)
def test_lists_are_those_of_the_rules(connection: duckdb.DuckDBPyConnection, of: list[dict[str, object]]) -> None:
    """The id counts before the name; unsubscribed wins; a status that is no status makes the column unusable."""
    states: dict[str, str] = {}
    faults = set()
    for entry in of:
        number = entry.get("id")
        name = clean(str(entry.get("list") or "")) if number is None else str(int(str(number).removesuffix(".0")))
        words = {word.strip().lower(): status for word, status in WORDS.items()} | {"unsubscribed": "unsubscribed"}
        status = words.get(str(entry["status"]).strip().lower())
        if not name:
            faults.add("invalid_lists")
        if status is None:
            faults.add("unknown_status")
        else:
            states[name.lower()] = max(status, states.get(name.lower(), ""))
    value, fault = lists(connection, json.dumps(of), "json")
    assert fault == min(faults, default=None)
    if not faults:
        expected = json.dumps(dict(sorted(states.items())), ensure_ascii=False, separators=(",", ":"))
        assert value == (expected if of else None)
        assert lists(connection, json.dumps(of[::-1]), "varchar") == [value, None]


@pytest.mark.parametrize(
    ("of", "as_type", "expected"),
    [
        (["a", "b"], "varchar[]", ["||a||b||", None]),
        (" S ", "varchar", ["||S||", None]),
        (7, "integer", ["||7||", None]),
        ([2.0, 1.5], "double[]", ["||1.5||2||", None]),
        ("[1, 1.0, true, null]", "varchar", ["||1||true||", None]),
        ([], "varchar[]", ["", None]),
        ("[]", "varchar", ["", None]),
        ("", "varchar", [None, None]),
        (None, "varchar[]", [None, None]),
        ("null", "json", [None, None]),
        ("[1", "varchar", ["||[1||", None]),
        ('{"a": 1}', "varchar", [None, "nested_value"]),
        ('["a", ["b"]]', "varchar", [None, "nested_value"]),
        ({"a": 1}, "struct(a integer)", [None, "nested_value"]),
    ],
)
def test_choices_at_the_edges(
    connection: duckdb.DuckDBPyConnection, of: object, as_type: str, expected: list[object]
) -> None:
    """An empty list is a value that empties; NULL and blank text are none."""
    assert choices(connection, of, as_type) == expected


@pytest.mark.parametrize(
    ("of", "as_type", "expected"),
    [
        ("VIP", "varchar", ['["VIP"]', None]),
        ("b, a , ,a", "varchar", ['["a","b"]', None]),
        (["a, b"], "varchar[]", ['["a, b"]', None]),
        (["vip", "VIP", "Vip"], "varchar[]", ['["VIP"]', None]),
        ("{vip}", "varchar", ['["{vip}"]', None]),
        (2024, "integer", ['["2024"]', None]),
        (",", "varchar", [None, None]),
        ('{"vip": true}', "varchar", [None, "invalid_tags"]),
        ('[{"name": "vip"}]', "varchar", [None, "invalid_tags"]),
        ("x" * 255, "varchar", ['["' + "x" * 255 + '"]', None]),
        ("x" * 256, "varchar", [None, "invalid_tags"]),
    ],
)
def test_tags_at_the_edges(
    connection: duckdb.DuckDBPyConnection, of: object, as_type: str, expected: list[object]
) -> None:
    """A comma separates in text and nowhere else; one unusable tag makes the set unusable."""
    assert tags(connection, of, as_type) == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("[]", [None, None]),
        ("{}", [None, None]),
        ("null", [None, None]),
        ("[null]", [None, None]),
        ('{"News": "active", " news": "unsubscribe"}', ['{"news":"unsubscribed"}', None]),
        (
            '[{"name": "B", "status": "active"}, {"list": "a", "status": "active"}]',
            ['{"a":"active","b":"active"}', None],
        ),
        ('[{"status": "active"}]', [None, "invalid_lists"]),
        ('[{"list": {"id": 3}, "status": "active"}]', [None, "invalid_lists"]),
        ('["news"]', [None, "invalid_lists"]),
        ("[3]", [None, "invalid_lists"]),
        ('"news"', [None, "invalid_lists"]),
        ("3", [None, "invalid_lists"]),
        ('[{"list": "a", "status": 1}]', [None, "unknown_status"]),
        ('[{"list": "a"}]', [None, "unknown_status"]),
        ('{"a": {"status": "active"}}', [None, "unknown_status"]),
        ('{"a": null}', [None, "unknown_status"]),
    ],
)
def test_lists_at_the_edges(connection: duckdb.DuckDBPyConnection, of: str, expected: list[object]) -> None:
    """What names no list, or gives it no status, is told apart; nothing is guessed."""
    assert lists(connection, of, "json") == expected


def test_lists_as_a_plain_text_are_unusable(connection: duckdb.DuckDBPyConnection) -> None:
    """A name alone does not say which way; blank text says nothing."""
    assert lists(connection, "news", "varchar") == [None, "invalid_lists"]
    assert lists(connection, " ", "varchar") == [None, None]
