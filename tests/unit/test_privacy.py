"""No personal data in texts that end up in logs, errors or metadata."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.privacy import contact_hash, redact

LONG = 10_000
ANY = st.text(max_size=400) | st.text(st.sampled_from("ab1 @.'\"()+-/\n\t\u2028\x1c«»"), max_size=400)
LOCAL = st.text(string.ascii_letters + string.digits + "!#$%&*+/=?^_`{|}~.-éßñ", min_size=1, max_size=20)
DOMAIN = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=12).map(lambda d: f"{d}.example")
AROUND = st.sampled_from(
    [
        ("", ""), ("to ", " now"), ("<", ">"), ("(", ")"), ("mailto:", "?x=1"), ("email=", "&b=2"), ("'", "'"),
        ('"', '"'), ("Key (email)=(", ") already exists."), ("[", "]"), ("a,", ",b"), ("\n", "\n"), ("{e: ", "}"),
    ]
)  # fmt: skip
SECRET = "Zzyzx"


@given(ANY, st.integers(1, 400))
def test_the_result_is_one_line_within_the_limit(text: str, limit: int) -> None:
    """Whatever counts as a line break; what was cut says so."""
    result = redact(text, limit=limit)
    assert len(result) <= limit
    assert len(result.splitlines()) <= 1
    whole = redact(text, limit=LONG)
    assert result == (whole if len(whole) <= limit else whole[: limit - 1] + "…")


@given(ANY)
def test_nothing_that_looks_like_an_address_or_a_long_number_survives(text: str) -> None:
    """Judged by patterns of the test's own."""
    result = redact(text, limit=LONG)
    assert not re.search(r"\w@\w", result)
    assert not re.search(r"\d{8}", result)


@given(LOCAL, DOMAIN, AROUND)
def test_no_address_survives(local: str, domain: str, around: tuple[str, str]) -> None:
    """With every character the standard allows unquoted, in the surroundings errors have."""
    before, after = around
    result = redact(f"{before}{local}@{domain}{after}", limit=LONG)
    assert "@" not in result
    assert domain not in result


@pytest.mark.parametrize(
    "text", ["GET /contacts?email=anna%40shop.example", "o'brien@shop.example", "'o''brien@shop.example'"]
)
def test_addresses_in_other_clothes_do_not_survive(text: str) -> None:
    """As part of a URL, or with an apostrophe in them."""
    result = redact(text)
    assert "shop.example" not in result
    assert "brien" not in result
    assert "anna" not in result


@given(st.text(string.ascii_letters + " \n@,;()-", max_size=30), st.sampled_from("'\""), st.sampled_from(["", " not "]))
def test_no_quoted_part_survives(filling: str, quote: str, after: str) -> None:
    """Databases quote the value they choke on."""
    result = redact(f"could not convert {quote}{filling}{SECRET}{quote}{after} to INT64", limit=LONG)
    assert SECRET not in result
    assert result.startswith("could not convert ‹…›")
    assert result.endswith("to INT64")


@pytest.mark.parametrize(
    "text",
    [
        f"can't convert '{SECRET}' to a number",
        f"the column's value '{SECRET}' doesn't fit",
        f'the user\'s name is "{SECRET}"',
        f"value \"it's\" is not '{SECRET}'",
        f"'it''s {SECRET}'",
        f"b'{SECRET}' is not UTF-8",
        f"name = N'{SECRET}' and E'{SECRET}'",
        f'"a" and \'{SECRET}',
        f"Wert »{SECRET}« ist ungültig",
        f"valeur « {SECRET} » invalide",
        f"value “{SECRET}” is invalid",
        f"value ‘{SECRET}’ is invalid",
        f"value `{SECRET}` is invalid",
    ],
)
def test_no_quoted_part_survives_beside_apostrophes_or_in_other_quotes(text: str) -> None:
    """An apostrophe must not turn quoted and unquoted parts around; servers quote in their language."""
    assert SECRET not in redact(text)


@given(
    st.lists(st.text(string.digits, min_size=2, max_size=5), min_size=4, max_size=6),
    st.sampled_from(["", " ", "-", ".", "/", "\n", "\t", "\xa0", " \n "]),
    st.sampled_from(["", "+"]),
)
def test_no_long_number_survives(groups: list[str], separator: str, plus: str) -> None:
    """Telephone numbers are written in many ways, and wrapped at any place."""
    result = redact(f"phone {plus}{separator.join(groups)} is taken", limit=LONG)
    assert not any(character.isdigit() for character in result)
    assert result.endswith("is taken")


@pytest.mark.parametrize("text", ["HTTP 422 after 3 tries", "line 12, column 7", "250 contacts in 1.5 s", ""])
def test_what_helps_to_find_the_fault_stays(text: str) -> None:
    """Short numbers and plain words."""
    assert redact(text) == text


@given(st.emails(), st.emails())
def test_a_hash_names_an_address_and_reveals_nothing(one: str, other: str) -> None:
    """Twelve hexadecimal digits; spelling does not matter."""
    assert re.fullmatch(r"[0-9a-f]{12}", contact_hash(one))
    assert contact_hash(f" {one.upper()}\n") == contact_hash(one)
    assert (contact_hash(one) == contact_hash(other)) == (one.lower() == other.lower())
