"""What a script's arguments mean: Segment's words in any spelling, Python's values as the warehouse's."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ac_pipeline
from ac_pipeline import calls
from ac_pipeline.calls.arguments import read_arguments
from ac_pipeline.calls.happening import automation_of, message_id_of, read_happening
from ac_pipeline.calls.plain import NotPlain, as_json, kind_of, plain, type_of
from ac_pipeline.cli import send
from ac_pipeline.declarations.key import RESERVED_TRAITS
from ac_pipeline.errors import InvalidCall
from ac_pipeline.model.contact import Contact
from ac_pipeline.model.declaration import ValueType
from ac_pipeline.model.events import EventCall, EventState

WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=6), min_size=1, max_size=3)
SPELLINGS = (
    lambda words: words[0] + "".join(word.title() for word in words[1:]),
    "_".join,
    lambda words: "-".join(words).upper(),
    lambda words: " ".join(word.title() for word in words),
)
VALUES = st.one_of(
    st.none(), st.text(max_size=20), st.booleans(), st.integers(), st.floats(allow_nan=True, allow_infinity=False),
    st.lists(st.text(max_size=5), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
SECRET = "zebrowskaya"
HALF = "\ud800"
ENDLESS: list[object] = []
ENDLESS += [ENDLESS, ENDLESS]


class Size(Enum):
    """As programs have choices."""

    M = "M"


@given(WORDS, st.sampled_from(SPELLINGS), st.sampled_from(SPELLINGS))
def test_two_spellings_of_a_trait_are_one(words: list[str], one: object, other: object) -> None:
    """camelCase, snake_case, with hyphens, as a title: together they are a fault, alone they are the same trait."""
    first, second = one(words), other(words)  # type: ignore[operator]
    said = read_arguments("1", {first: 1, second: 2})
    assert len(said.faults) == (first != second)
    names = {"firstname": "first_name", "lastname": "last_name", "phone": "phone"}
    assert names.get("".join(words), "custom") in {*read_arguments("1", {first: "x"}).names, "custom"}


@given(st.dictionaries(st.sampled_from([*sorted(RESERVED_TRAITS), "tags", "tagsReset", "lists", "shirtSize", "q1"]),
                       VALUES, max_size=6))  # fmt: skip
def test_every_trait_ends_in_one_place(traits: dict[str, object]) -> None:
    """Told, ignored because it is reserved, or a fault; and no repr shows a value."""
    said = read_arguments(7, traits)
    standard = sum(one is not None for one in (said.email, said.tags, said.reset, said.lists))
    assert standard + len(said.names) + len(said.custom) + len(said.ignored) + len(said.faults) == len(traits)
    assert set(said.ignored) == set(traits) & (RESERVED_TRAITS - {"email", "firstName", "lastName", "phone"})
    assert repr(said) == repr(read_arguments(8, dict.fromkeys(traits, "x"))) or said.faults


def test_who_it_is_may_stand_in_the_context() -> None:
    """Behind the traits; a user id is no trait."""
    said = read_arguments(42.0, {"first_name": "Ann"}, {"traits": {"firstName": "Old", "email": "a@b.example"}})
    assert (said.user_id, said.names, said.email) == ("42", {"first_name": '"Ann"'}, '"a@b.example"')
    assert read_arguments(None, {"userId": 1}).faults == ("userId: give it as user_id, not as a trait",)
    with pytest.raises(InvalidCall, match="traits is no mapping"):
        read_arguments(None, [("a", 1)])  # type: ignore[arg-type]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_what_json_has_goes_through_unchanged(value: object) -> None:
    """Texts, truths, whole numbers, nothing, and lists of them."""
    assert json.loads(as_json(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8))
def test_no_digit_of_a_decimal_is_lost(number: Decimal) -> None:
    """Amounts of money are decimals; an exponent is none of ActiveCampaign's."""
    text = plain(number)
    assert isinstance(text, str)
    assert Decimal(text) == number
    assert "e" not in text.lower()


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001
def test_a_moment_is_the_same_in_every_time_zone(moment: datetime, hours: int) -> None:
    """And one without a zone is UTC, as in the warehouse."""
    local = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    first = read_happening(EventCall.TRACK, user_id=1, event="x", timestamp=local)
    second = read_happening(EventCall.TRACK, user_id=1, event="x", timestamp=moment.isoformat())
    assert first.at == second.at == moment.replace(tzinfo=UTC)


def test_values_of_libraries_are_plain() -> None:
    """What data frames and programs hand over; what is missing there is no value."""
    assert [plain(one) for one in (np.int64(3), np.float64(2.5), np.float64(4.0), np.bool_(True), Size.M)] == [
        3, 2.5, 4, True, "M",
    ]  # fmt: skip
    assert [plain(one) for one in (float("nan"), pd.NaT, Decimal("NaN"), pd.NA, pd.Timestamp("2026-04-05T12:00Z"))] == [
        None, None, None, None, "2026-04-05T12:00:00+00:00",
    ]  # fmt: skip
    assert (plain(date(2026, 4, 5)), plain(("b", "a")), plain({"b", "a"}), plain(np.array([1, 2]))) == (
        "2026-04-05", ["b", "a"], ["a", "b"], [1, 2],
    )  # fmt: skip
    for odd in (b"bytes", object(), float("inf"), {1: 2}):
        with pytest.raises(NotPlain):
            plain(odd)
    assert [kind_of(one) for one in ("", " ", None, [], {})] == ["none", "none", "none", "several", "nested"]
    types = [type_of(one) for one in (True, 1, Decimal(1), "a", "a" * 256, date(2026, 4, 5), datetime.now(UTC), ["a"])]
    assert types == [
        ValueType.BOOLEAN, ValueType.NUMBER, ValueType.NUMBER, ValueType.TEXT, ValueType.TEXTAREA, ValueType.DATE,
        ValueType.DATETIME, ValueType.MULTI_CHOICE,
    ]  # fmt: skip


def test_an_event_says_who_what_and_where() -> None:
    """Its value is `acValue`; the page may stand in the context; a new id for each that has none."""
    context = {
        "traits": {"email": "a@b.example"},
        "page": {"url": "https://a.example", "referrer": "https://b.example"},
    }
    page = read_happening(
        EventCall.PAGE, user_id=None, properties={"acValue": 2, "url": "https://c.example"}, context=context,
    )  # fmt: skip
    assert (page.email, page.url, page.referrer) == ('"a@b.example"', "https://c.example", "https://b.example")
    assert page.properties == '{"acValue": 2}'
    assert page.message_id != read_happening(EventCall.PAGE, user_id=1).message_id
    assert str(UUID(page.message_id)) == page.message_id
    with pytest.raises(InvalidCall) as caught:
        read_happening(
            EventCall.SCREEN, user_id=b"1", event=5, timestamp="soon", message_id=" ", properties={"acValue": b"x"},
        )  # fmt: skip
    said = caught.value.message
    assert all(f"{name}: " in said for name in ("user_id", "name", "timestamp", "message_id", "acValue"))


def test_a_value_that_cannot_travel_is_a_fault_of_the_call() -> None:
    """Half a character, more digits than anybody writes, a list in itself: wherever it stands, and never shown."""
    for odd in (HALF, [HALF], {HALF: 1}, 10**5000, Decimal("1e999999"), Fraction(10**400), ENDLESS):
        said = read_arguments(odd, {"size": odd, "tags": odd, HALF: 1})
        assert [fault.partition(" ")[0] for fault in said.faults] == ["a", "size:", "tags:", "user_id:"]
        assert (said.unreadable, said.user_id, said.custom) == (True, None, {})
        with pytest.raises(InvalidCall) as caught:
            read_happening(EventCall.TRACK, user_id=odd, event="x" + HALF, message_id=odd, properties={"acValue": odd})
        assert all(f"{name}: " in caught.value.message for name in ("user_id", "event", "message_id", "acValue"))
        assert HALF not in f"{said.faults}{caught.value}"


def test_an_id_is_a_text_a_whole_number_or_a_uuid() -> None:
    """A truth is nobody's id."""
    number = UUID(int=7)
    assert read_arguments(number, None).user_id == f'"{number}"'
    assert (automation_of(7), automation_of(" Welcome "), message_id_of("track", number)) == (
        "7",
        "Welcome",
        str(number),
    )
    assert read_arguments(True, None).faults == ("user_id: a bool cannot be used",)
    for odd in (None, True, 1.5, " ", HALF, b"1", "a\0b"):
        with pytest.raises(InvalidCall):
            automation_of(odd)
        if odd is not None:
            with pytest.raises(InvalidCall):
                message_id_of("track", odd)


def test_json_that_python_cannot_read_is_an_invalid_call(tmp_path: Path) -> None:
    """However deep, long or broken it is: before anything is opened."""
    file = tmp_path / "call.json"
    for text in ("[" * 100_000, f'{{"userId": {"9" * 5000}}}', '{"userId": "J\\ud800"}', "{"):
        file.write_text(text)
        with pytest.raises(InvalidCall, match="cannot be read as JSON"):
            send.identify(given=str(file))


def test_the_name_of_an_event_is_judged_before_anything_is_kept() -> None:
    """Letters that this Python does not know cannot be told; the same letter composed or not is one name."""
    for odd, fault in (("x\U0001fae9", "invalid_event"), ("\u0378", "invalid_event"), (" ", "missing_event"),
                       ("__x", "reserved_event_name"), ("x" * 33, "event_name_too_long")):  # fmt: skip
        for call in (EventCall.TRACK, EventCall.SCREEN):
            with pytest.raises(InvalidCall, match=fault):
                read_happening(call, user_id=1, event=odd)
        with pytest.raises(InvalidCall, match=fault):
            read_happening(EventCall.PAGE, user_id=1, as_event=odd)
    assert read_happening(EventCall.PAGE, user_id=1, event="x" * 99).event is None, "there is no place for it"
    assert read_happening(EventCall.TRACK, user_id=1, event=" Cafe\u0301").event == "Caf\u00e9"
    with pytest.raises(InvalidCall, match="invalid_url") as caught:
        read_happening(EventCall.PAGE, user_id=1, properties={"url": f"http://[{SECRET}]/"})
    assert SECRET not in str(caught.value)


def test_nothing_that_is_returned_shows_a_person() -> None:
    """Neither what was said, nor where the request went."""
    shown = [
        read_arguments(SECRET, {"email": SECRET, "firstName": SECRET, "size": SECRET, "tags": [SECRET]}),
        read_happening(
            EventCall.PAGE, user_id=SECRET, email=SECRET, properties={"acValue": SECRET, "url": SECRET}, message_id="1"
        ),
        calls.Identified("1", requests=(calls.Request("POST /contact/sync", SECRET),)),
        calls.Told("1", EventState.SENT, requests=(calls.Request("POST /event", SECRET),)),
        Contact("1", SECRET, SECRET, SECRET, SECRET),
    ]
    assert SECRET not in repr(shown)


def test_the_package_offers_the_calls_and_costs_nothing_until_then() -> None:
    """The names of `__all__` are there, with the arguments of the specification; importing it imports no library."""
    for name in ac_pipeline.__all__:
        assert callable(getattr(ac_pipeline, name))
        assert getattr(ac_pipeline, name).__doc__
    assert {"add_tag", "identify", "track"} <= set(dir(ac_pipeline))
    for name in ("identify", "track", "page", "screen"):
        said = list(inspect.signature(getattr(ac_pipeline, name)).parameters)
        assert said[0] == "user_id"
        assert {"context", "timestamp", "message_id"} <= set(said)
    with pytest.raises(AttributeError):
        ac_pipeline.nothing  # noqa: B018
    code = "import sys, ac_pipeline; print(sorted({'duckdb', 'httpx', 'pydantic', 'sqlglot'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
