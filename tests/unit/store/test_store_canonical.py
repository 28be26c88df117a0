"""One text for each value: equal values are equal texts, whatever type the warehouse gave them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.model.declaration import ValueType
from ac_pipeline.store import canonical

PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def canon(connection: duckdb.DuckDBPyConnection, expression: str, of: object, as_type: str) -> str | None:
    """Return the text of one value of a type."""
    row = connection.execute(f"select {expression} from (select cast($of as {as_type}) as x)", {"of": of}).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


def value(connection: duckdb.DuckDBPyConnection, kind: ValueType, of: object, as_type: str) -> str | None:
    return canon(connection, canonical.value("x", kind, column_type(connection, as_type)), of, as_type)


def fault(connection: duckdb.DuckDBPyConnection, kind: ValueType, of: object, as_type: str) -> str | None:
    return canon(connection, canonical.fault("x", kind, column_type(connection, as_type)), of, as_type)


def column_type(connection: duckdb.DuckDBPyConnection, as_type: str) -> str:
    """Return the name by which DuckDB describes a type."""
    return str(connection.execute(f"describe select null::{as_type} as x").fetchall()[0][1])


def number(connection: duckdb.DuckDBPyConnection, of: object, as_type: str) -> str | None:
    return value(connection, ValueType.NUMBER, of, as_type)


def quick(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick(150)
@given(of=st.decimals(min_value=-(10**14), max_value=10**14, places=6))
def test_a_number_keeps_its_value_and_has_one_text(connection: duckdb.DuckDBPyConnection, of: Decimal) -> None:
    """Round trip through Decimal; no exponent, no superfluous zero, no minus before nothing."""
    text = number(connection, str(of), "decimal(38, 6)")
    assert text is not None
    assert Decimal(text) == of
    assert PLAIN_NUMBER.fullmatch(text)
    assert text != "-0"
    assert number(connection, str(of), "decimal(30, 8)") == text
    assert number(connection, str(of), "varchar") == text
    assert number(connection, f"  {of}00 ", "varchar") == text


@quick(100)
@given(of=st.integers(-(2**31), 2**31 - 1))
def test_a_whole_number_is_the_same_in_every_type(connection: duckdb.DuckDBPyConnection, of: int) -> None:
    """Integers, doubles, decimals and texts."""
    for as_type in ("integer", "bigint", "hugeint", "double", "decimal(18, 2)", "varchar"):
        assert number(connection, of, as_type) == str(of)
    assert number(connection, f"{of}.0", "varchar") == str(of)


@quick(150)
@given(of=st.floats(-1e15, 1e15))
def test_a_double_counts_as_what_it_prints_to_ten_decimals(connection: duckdb.DuckDBPyConnection, of: float) -> None:
    """0.1 is 0.1; what is smaller than ten decimals show is rounded."""
    text = number(connection, of, "double")
    assert text is not None
    assert PLAIN_NUMBER.fullmatch(text)
    assert Decimal(text) == Decimal(repr(of)).quantize(Decimal("1e-10"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("of", "as_type", "text"),
    [
        ("0", "integer", "0"),
        ("-0.0", "double", "0"),
        ("-0.00000000001", "double", "0"),
        ("1e3", "varchar", "1000"),
        ("1e20", "double", "100000000000000000000"),
        ("0.1", "float", "0.1"),
        ("100", "integer", "100"),
        ("nan", "double", None),
        ("inf", "double", None),
        ("1e-3", "json", "0.001"),
        ('"1.00"', "json", "1"),
        (" 7 ", "varchar", "7"),
        ("1,5", "varchar", None),
        ("1_000", "varchar", None),
        ("12 EUR", "varchar", None),
        ("", "varchar", None),
    ],
)
def test_numbers_at_the_edges(connection: duckdb.DuckDBPyConnection, of: str, as_type: str, text: str | None) -> None:
    """What is no number has no text; zero has one."""
    assert number(connection, of, as_type) == text


@pytest.mark.parametrize(
    ("of", "as_type", "value_type", "text"),
    [
        (True, "boolean", ValueType.BOOLEAN, "true"),
        (0, "integer", ValueType.BOOLEAN, "false"),
        ("TRUE", "varchar", ValueType.BOOLEAN, "true"),
        ("f", "varchar", ValueType.BOOLEAN, "false"),
        ("maybe", "varchar", ValueType.BOOLEAN, None),
        (2, "integer", ValueType.BOOLEAN, None),
        (1, "double", ValueType.BOOLEAN, "true"),
        ("0.0", "varchar", ValueType.BOOLEAN, "false"),
        (date(2026, 4, 5), "date", ValueType.DATE, "2026-04-05"),
        ("2026-04-05", "varchar", ValueType.DATE, "2026-04-05"),
        (datetime(2026, 4, 5, 23, 59), "timestamp", ValueType.DATE, "2026-04-05"),  # noqa: DTZ001
        (datetime(2026, 4, 5, 23, 59, tzinfo=UTC), "timestamptz", ValueType.DATE, "2026-04-05"),
        ("5.4.2026", "varchar", ValueType.DATE, None),
        (date(2026, 4, 5), "date", ValueType.DATETIME, "2026-04-05T00:00:00+00:00"),
        ("2026-04-05 10:00:00+02:00", "varchar", ValueType.DATETIME, "2026-04-05T08:00:00+00:00"),
        ("2026-04-05T08:00:00Z", "varchar", ValueType.DATETIME, "2026-04-05T08:00:00+00:00"),
        ("soon", "varchar", ValueType.DATETIME, None),
        ("infinity", "date", ValueType.DATE, None),
        ("0044-03-15 (BC)", "date", ValueType.DATE, None),
        ("10000-01-01", "date", ValueType.DATE, None),
        ("0044-03-15 (BC) 00:00:00", "timestamp", ValueType.DATETIME, None),
        ("-infinity", "timestamp", ValueType.DATETIME, None),
        ("  padded\t\n", "varchar", ValueType.TEXT, "padded"),
        (" \r\n ", "varchar", ValueType.TEXT, None),
        ("two\nlines", "varchar", ValueType.TEXTAREA, "two\nlines"),
        (12, "integer", ValueType.TEXT, "12"),
    ],
)
def test_other_types_have_one_text_too(
    connection: duckdb.DuckDBPyConnection, of: object, as_type: str, value_type: ValueType, text: str | None
) -> None:
    """Booleans in words, moments in UTC, texts trimmed; what is not of the type has no text."""
    assert value(connection, value_type, of, as_type) == text


@quick(60)
@given(
    moment=st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31)).map(lambda m: m.replace(microsecond=0)),  # noqa: DTZ001
    hours=st.integers(-12, 14),
)
def test_one_moment_is_one_text_in_every_zone(
    connection: duckdb.DuckDBPyConnection, moment: datetime, hours: int
) -> None:
    """A timestamp without a zone is UTC; with one it is brought there, and so is the day it falls on."""
    text = moment.isoformat() + "+00:00"
    zoned = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    shapes: list[tuple[object, str]] = [
        (moment, "timestamp"), (zoned, "timestamptz"), (zoned.isoformat(), "varchar"), (f" {zoned} \n", "varchar"),
        (f'"{zoned}"', "json"),
    ]  # fmt: skip
    for of, as_type in shapes:
        assert value(connection, ValueType.DATETIME, of, as_type) == text
        assert value(connection, ValueType.DATE, of, as_type) == text[:10]


@quick(80)
@given(of=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12))
def test_texts_that_look_the_same_are_the_same(connection: duckdb.DuckDBPyConnection, of: str) -> None:
    """Composed and decomposed forms are one; doing it again changes nothing."""
    text = value(connection, ValueType.TEXT, of, "varchar")
    assert text == value(connection, ValueType.TEXT, unicodedata.normalize("NFD", of), "varchar")
    if text is not None:
        assert value(connection, ValueType.TEXT, text, "varchar") == text
        assert text == text.strip(" \t\r\n") != ""


@pytest.mark.parametrize(
    ("value_type", "of", "as_type", "kind"),
    [
        (ValueType.NUMBER, "much", "varchar", "invalid_value"),
        (ValueType.NUMBER, "nan", "double", "invalid_value"),
        (ValueType.NUMBER, " ", "varchar", None),
        (ValueType.NUMBER, "0", "integer", None),
        (ValueType.BOOLEAN, "maybe", "varchar", "invalid_value"),
        (ValueType.BOOLEAN, "false", "boolean", None),
        (ValueType.DATE, 20260405, "integer", "invalid_value"),
        (ValueType.DATETIME, "infinity", "timestamp", "invalid_value"),
        (ValueType.TEXT, "ü" * 255, "varchar", None),
        (ValueType.TEXT, " " + "ü" * 255 + " ", "varchar", None),
        (ValueType.TEXT, "ü" * 256, "varchar", "too_long"),
        (ValueType.TEXTAREA, "x" * 10_000, "varchar", None),
        (ValueType.TEXTAREA, "x" * 10_001, "varchar", "too_long"),
        (ValueType.TEXT, "a\0b", "varchar", "invalid_value"),
        (ValueType.TEXT, "\0ä", "varchar", "invalid_value"),
        (ValueType.TEXT, "a|b|", "varchar", None),
        (ValueType.CHOICE, "a|b", "varchar", None),
        (ValueType.CHOICE, "a||b", "varchar", "invalid_value"),
        (ValueType.CHOICE, "|a", "varchar", "invalid_value"),
        (ValueType.CHOICE, "a|", "varchar", "invalid_value"),
        (ValueType.CHOICE, "x" * 256, "varchar", "too_long"),
        (ValueType.TEXT, '{"a": 1}', "varchar", "nested_value"),
        (ValueType.TEXT, "{vip}", "varchar", None),
        (ValueType.TEXT, "[1]", "varchar", None),
        (ValueType.TEXT, "[1]", "json", "nested_value"),
        (ValueType.TEXT, "null", "json", None),
        (ValueType.TEXT, None, "varchar", None),
    ],
)
def test_what_cannot_be_used_says_why(
    connection: duckdb.DuckDBPyConnection, value_type: ValueType, of: object, as_type: str, kind: str | None
) -> None:
    """No value is no fault; texts may be as long as the service is known to keep them."""
    assert fault(connection, value_type, of, as_type) == kind


@quick(100)
@given(of=st.text(max_size=6), kind=st.sampled_from(list(ValueType)))
def test_every_text_is_a_value_or_blank_or_faulty(
    connection: duckdb.DuckDBPyConnection, of: str, kind: ValueType
) -> None:
    """Nothing vanishes without a word, and no text stops the query."""
    blank = of.strip(" \t\r\n") == ""
    usable = value(connection, kind, of, "varchar") is not None and fault(connection, kind, of, "varchar") is None
    assert blank + usable + (fault(connection, kind, of, "varchar") is not None) == 1


UUID_TEXT = "0b6f3e5c-9a7d-4c1b-8f2e-5d4c3b2a1f00"


@pytest.mark.parametrize(
    ("of", "as_type", "text"),
    [
        (42, "integer", "42"),
        (42, "hugeint", "42"),
        (42.0, "double", "42"),
        (42.0, "float", "42"),
        (42, "decimal(18, 4)", "42"),
        ("42", "varchar", "42"),
        (" 42 ", "varchar", "42"),
        ("007", "varchar", "007"),
        (9007199254740993, "bigint", "9007199254740993"),
        (1e20, "double", "100000000000000000000"),
        (UUID(UUID_TEXT), "uuid", UUID_TEXT),
        (UUID_TEXT, "varchar", UUID_TEXT),
        ('" 42 "', "json", "42"),
        ("", "varchar", None),
        (None, "integer", None),
    ],
)
def test_a_user_id_is_one_text_in_every_type(
    connection: duckdb.DuckDBPyConnection, of: object, as_type: str, text: str | None
) -> None:
    """An id that is a double in one query and an integer in another is one user; leading zeros are kept."""
    assert canon(connection, canonical.user_id("x", column_type(connection, as_type)), of, as_type) == text


@pytest.mark.parametrize(
    ("email", "valid"),
    [
        ("ann@example.com", True),
        ("ann.o'hara+x@mail.example.co", True),
        ("zoë@exämple.com", True),
        ("ann@example", False),
        ("ann@example.c", False),
        ("ann@example.c0m", False),
        ("ann@@example.com", False),
        ("ann smith@example.com", False),
        ("<ann@example.com>", False),
        ("ann@example.com,bob@example.com", False),
        ("@example.com", False),
        ("ann@", False),
        ("ann", False),
    ],
)
def test_addresses_the_service_would_refuse_are_told_apart(
    connection: duckdb.DuckDBPyConnection, email: str, valid: bool
) -> None:
    """The rule of the importer (reference, section 6.3)."""
    answer = connection.execute("select regexp_full_match($e, $p)", {"e": email, "p": canonical.EMAIL_PATTERN})
    assert answer.fetchone() == (valid,)
