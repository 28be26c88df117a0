"""The rule that makes keys of names."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.declarations import key_of, personalisation_tag
from ac_pipeline.declarations.key import KEY_PATTERN, RESERVED_TRAITS, fold, is_reserved

ALLOWED = string.ascii_lowercase + string.digits
NAMES = st.text() | st.text(alphabet=ALLOWED + string.ascii_uppercase + " _-–.%éßİK", max_size=80)


def slow_key(name: str) -> str:
    """The rule read aloud: one character after the other."""
    key, gap = "", False
    for character in name.lower():
        if character in ALLOWED:
            key += ("_" if gap and key else "") + character
            gap = False
        else:
            gap = True
    return key


@given(NAMES)
def test_the_key_is_what_the_rule_read_aloud_gives(name: str) -> None:
    """Lower-case, every run of other characters one `_`, none at the ends."""
    assert key_of(name) == slow_key(name)


@given(NAMES)
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    """Nobody has to know whether a text is a name or already a key."""
    assert key_of(key_of(name)) == key_of(name)


@given(NAMES)
def test_a_key_is_words_of_letters_and_digits_with_single_underscores(name: str) -> None:
    """Or empty, which `check` refuses."""
    key = key_of(name)
    assert key == "" or re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", key)
    assert bool(KEY_PATTERN.match(key)) == (1 <= len(key) <= 60)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Order Completed Last 30days", "order_completed_last_30days"),
        ("  VIP -- Customers!  ", "vip_customers"),
        ("30 Day Buyers", "30_day_buyers"),
        ("Café Guests", "caf_guests"),
        ("order_completed", "order_completed"),
        ("__a__b__", "a_b"),
        ("CamelCase", "camelcase"),
        ("100 % Müßig", "100_m_ig"),
        ("K", "k"),  # the Kelvin sign
        ("日本", ""),
        ("", ""),
    ],
)
def test_keys_of_names_people_write(name: str, key: str) -> None:
    """Including accents, symbols, and letters of other scripts."""
    assert key_of(name) == key


@given(NAMES.map(key_of), NAMES.map(key_of))
def test_different_keys_have_different_personalisation_tags(one: str, other: str) -> None:
    """So a key that is unique among declarations is unique among ActiveCampaign's tags."""
    assert (personalisation_tag(one) == personalisation_tag(other)) == (one == other)


def test_a_personalisation_tag_is_upper_cased_and_without_spaces() -> None:
    """As ActiveCampaign normalises it."""
    assert personalisation_tag("order_completed_last_30days") == "ORDER_COMPLETED_LAST_30DAYS"
    assert personalisation_tag("a b") == "AB"


@pytest.mark.parametrize("trait", sorted(RESERVED_TRAITS))
def test_reserved_traits_are_reserved_in_any_spelling(trait: str) -> None:
    """`firstName` as `firstname`, `first_name` or `FIRST NAME`."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", trait).lower()
    for spelling in (trait, trait.lower(), snake, snake.upper().replace("_", " "), key_of(snake)):
        assert is_reserved(spelling)


@pytest.mark.parametrize(
    "name", ["contacts", "destination", "user_id", "userid", "UserId", "tags", "tags_reset", "TagsReset", "lists"]
)
def test_names_we_use_ourselves_are_reserved(name: str) -> None:
    """They mean something else in the assets folder or on every contact."""
    assert is_reserved(name)


@pytest.mark.parametrize(
    "name", ["lifetime_value", "email_opened", "age_group", "company_size", "ids", "tag", "list", ""]
)
def test_longer_names_are_free(name: str) -> None:
    """A reserved word may be part of a name."""
    assert not is_reserved(name)


@pytest.mark.parametrize("spelling", ["shirtSize", "shirt size", "%SHIRT_SIZE%", "Shirt-Size", " SHIRTSIZE "])
def test_spellings_of_one_field_fold_to_one_text(spelling: str) -> None:
    """Letter case, spaces, underscores, hyphens and percent signs say nothing."""
    assert fold(spelling) == "shirtsize"


@given(NAMES.map(key_of))
def test_a_key_folds_as_its_personalisation_tag(key: str) -> None:
    """So what is compared in `check` is what meets in the account."""
    assert fold(f"%{personalisation_tag(key)}%") == fold(key)


def test_letters_of_any_script_tell_names_apart() -> None:
    """However their accents are encoded."""
    assert fold("Größe") == fold("GRO\u0308SSE") != fold("Groesse")
    assert fold("サイズ") == "サイズ"
