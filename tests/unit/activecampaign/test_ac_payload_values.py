"""Values of custom fields: to text and back, for every type, or refused without being shown."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ac_pipeline.activecampaign.payloads import Unsendable, Value, decode, encode
from ac_pipeline.model.account import Field, FieldType

plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=255)
choices = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0|"), min_size=1, max_size=20)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def field(kind: str, *options: str) -> Field:
    return Field("7", "Favourite colour", kind, "COLOUR", options)


@settings(deadline=None)
@given(kind=st.sampled_from(["text", "hidden", "NULL", ""]), text=plain)
def test_text_comes_back(kind: str, text: str) -> None:
    """Whatever can be typed, up to 255 characters."""
    assert decode(field(kind), encode(field(kind), text)) == text


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=1_000))
def test_long_text_comes_back(text: str) -> None:
    """Lines and all."""
    assert decode(field("textarea"), encode(field("textarea"), text)) == text


@pytest.mark.parametrize(("kind", "most"), [("text", 255), ("hidden", 255), ("dropdown", 255), ("textarea", 10_000)])
def test_the_longest_text_is_taken_and_one_character_more_is_not(kind: str, most: int) -> None:
    """Characters, not bytes."""
    assert encode(field(kind), "é" * most) == "é" * most
    with pytest.raises(Unsendable, match=f"longer than {most} characters"):
        encode(field(kind), "é" * (most + 1))


@settings(deadline=None)
@given(kind=st.sampled_from(["dropdown", "radio"]), choice=choices, others=st.lists(choices))
def test_one_choice_comes_back(kind: str, choice: str, others: list[str]) -> None:
    """Where the options are known and where they are not."""
    assert decode(field(kind), encode(field(kind), choice)) == choice
    offered = field(kind, *others, choice)
    assert decode(offered, encode(offered, choice)) == choice


@settings(deadline=None)
@given(kind=st.sampled_from(["listbox", "checkbox", "multiselect"]), several=st.lists(choices, max_size=8))
def test_several_choices_come_back(kind: str, several: list[str]) -> None:
    """In their order, each once; none is an emptied field."""
    assume(len("||".join(several)) < 240)
    expected = tuple(dict.fromkeys(several)) or None
    assert decode(field(kind), encode(field(kind), several)) == expected


@settings(deadline=None)
@given(
    number=st.one_of(
        st.integers(-(10**200), 10**200),
        st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**20), max_value=10**20),
        st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200),
    )
)
def test_numbers_come_back_exactly(number: float | Decimal) -> None:
    """As digits without an exponent; a float as its shortest decimal form."""
    exact = Decimal(str(number))
    assume(abs(exact.adjusted()) < 200)
    text = encode(field("number"), number)
    assert not set(text) - set("-.0123456789")
    assert decode(field("number"), text) == exact


@settings(deadline=None)
@given(day=st.dates())
def test_dates_come_back(day: date) -> None:
    """Every day of the calendar."""
    assert decode(field("date"), encode(field("date"), day)) == day


@settings(deadline=None)
@given(moment=st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=zones))  # noqa: DTZ001
def test_moments_come_back(moment: datetime) -> None:
    """As the same moment to the second, whatever the zone; the service answers in the account's."""
    text = encode(field("datetime"), moment)
    assert decode(field("datetime"), text) == moment.replace(microsecond=0)
    local = datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=-5))).isoformat()
    assert decode(field("datetime"), local) == moment.replace(microsecond=0)


EXAMPLES: list[tuple[str, Value | None, str]] = [
    ("text", True, "true"),
    ("text", 12, "12"),
    ("text", date(2026, 4, 5), "2026-04-05"),
    ("dropdown", False, "false"),
    ("checkbox", "A", "||A||"),
    ("listbox", ["A", "B", "A"], "||A||B||"),
    ("listbox", (), ""),
    ("number", 1e21, "1000000000000000000000"),
    ("number", Decimal("12.50"), "12.50"),
    ("date", date(2008, 1, 20), "2008-01-20"),
    ("datetime", datetime(2021, 5, 12, 13, 5, tzinfo=timezone(timedelta(hours=-6))), "2021-05-12T19:05:00+00:00"),
    ("textarea", "two\nlines", "two\nlines"),
    ("datetime", None, ""),
]


@pytest.mark.parametrize(("kind", "value", "text"), EXAMPLES)
def test_documented_forms(kind: str, value: Value | None, text: str) -> None:
    """The forms of the reference, section 7.3."""
    assert encode(field(kind), value) == text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("listbox", "A", ("A",)), ("listbox", "||A||", ("A",)), ("checkbox", "||A||B||", ("A", "B")),
        ("date", "0000-00-00", None), ("date", "soon", None), ("datetime", "0000-00-00 00:00:00", None),
        ("date", "2021-05-12T00:00:00-05:00", date(2021, 5, 12)), ("text", "", None),
        ("number", "n/a", None), ("number", "NaN", None), ("number", "12.50", Decimal("12.5")),
        ("datetime", "2021-05-12T14:05:00-05:00", datetime(2021, 5, 12, 19, 5, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_what_the_service_holds_is_understood(kind: str, text: str, value: object) -> None:
    """Bare choices, zero dates and what does not fit its type."""
    assert decode(field(kind), text) == value


SECRET = "ada@example.com"
REFUSED: list[tuple[Field, object, str]] = [
    (field("text"), SECRET * 20, "longer than 255"),
    (field("textarea"), SECRET * 1000, "longer than 10000"),
    (field("number"), 10**300, "longer than 255"),
    (field("number"), Decimal("1e9999999"), "longer than 255"),
    (field("number"), SECRET, "takes a number"),
    (field("number"), True, "takes a number"),
    (field("number"), float("nan"), "finite"),
    (field("date"), SECRET, "takes a date"),
    (field("date"), datetime(2026, 1, 1, tzinfo=UTC), "takes a date"),
    (field("datetime"), datetime(2026, 1, 1), "time zone"),  # noqa: DTZ001
    (field("datetime"), datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), "outside the calendar"),
    (field("dropdown", "red"), SECRET, "not one of"),
    (field("listbox", "red"), ["red", SECRET], "not one of"),
    (field("dropdown"), ["A", "B"], "one value"),
    (field("text"), ["A"], "one value"),
    (field("listbox"), ["A||B"], "bars"),
    (field("listbox"), ["A|"], "bars"),
    (field("radio"), "||A||", "bars"),
    (field("listbox"), [""], "empty choice"),
    (field("text"), f"{SECRET}\0", "no text"),
    (field("text"), f"{SECRET}\ud800", "no text"),
    (field("hologram"), SECRET, "does not know"),
]


@pytest.mark.parametrize(("target", "value", "rule"), REFUSED)
def test_refusals_name_the_field_and_never_the_value(target: Field, value: object, rule: str) -> None:
    """Before anything is sent, with the rule that was broken."""
    with pytest.raises(Unsendable, match=rule) as caught:
        encode(target, value)  # type: ignore[arg-type]
    assert caught.value.field == "Favourite colour"
    assert SECRET not in f"{caught.value} {caught.value!r}"


def test_every_type_of_the_reference_is_known() -> None:
    """None of section 7.1 is missing."""
    documented = ["text", "textarea", "date", "datetime", "dropdown", "listbox", "multiselect", "checkbox", "radio"]
    documented += ["hidden", "NULL", "number"]
    assert [decode(field(kind), "") for kind in documented] == [None] * 12
    assert {kind.value for kind in FieldType} <= set(documented)


@settings(deadline=None)
@given(text=plain)
def test_text_survives_json(text: str) -> None:
    """What encode lets through can be sent."""
    assert json.loads(json.dumps(encode(field("text"), text), ensure_ascii=False).encode()) == text
