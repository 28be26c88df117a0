"""Finding custom fields by the names people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.activecampaign import FieldCatalog
from ac_pipeline.activecampaign.catalog import fold, name_key, tag_key
from ac_pipeline.model.account import Field, FieldSpec, FieldType

SIZE = Field("1", "Shirt Size", "text", "SHIRT_SIZE")
OTHER = Field("2", "Size", "text", "SIZE")
SIZE_AGAIN = Field("2", "shirt-size", "text", "")
Name = tuple[list[str], str]


@pytest.mark.parametrize("perstag", ["SHIRT_SIZE", "%SHIRT_SIZE%", "shirt_size", " %Shirt_Size% "])
def test_tags_are_compared_without_case_and_percent_signs(perstag: str) -> None:
    """The service upper-cases tags, people write them with percent signs."""
    assert FieldCatalog([OTHER, SIZE]).by_tag(perstag) == SIZE


@pytest.mark.parametrize("title", ["Shirt Size", "SHIRT SIZE", " shirt size "])
def test_titles_are_compared_without_case(title: str) -> None:
    """Two titles that differ in case are one to the service."""
    assert FieldCatalog([OTHER, SIZE]).by_title(title) == SIZE


def spec(title: str, perstag: str) -> FieldSpec:
    return FieldSpec(title, FieldType.TEXT, perstag)


SPELLINGS = [
    "shirtSize",
    "ShirtSize",
    "shirt size",
    "Shirt-Size",
    "shirt_size",
    "SHIRT SIZE",
    " Shirt  Size ",
    "%SHIRT_SIZE%",
]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("field", [Field("1", "Size", "text", "SHIRT_SIZE"), Field("1", "Shirt Size", "text", "X")])
def test_spelling_does_not_matter(name: str, field: Field) -> None:
    """Letter case, spaces, underscores, hyphens and camelCase aside, a name is a title or a tag."""
    assert FieldCatalog([Field("2", "Shoe size", "text", "SHOE"), field]).matches(spec(name, "")) == (field,)


@pytest.mark.parametrize("name", ["shirt", "shirts size", "shirt.size", "Shirt Size 2", "%"])
def test_other_names_are_other_fields(name: str) -> None:
    """Only spelling is ignored, no part of a name."""
    assert FieldCatalog([SIZE]).matches(spec(name, "")) == ()


def test_one_form_of_a_letter_is_as_good_as_the_other() -> None:
    """An umlaut is one character or two; the same to whoever reads it."""
    assert fold("Gr\u00f6\u00dfe") == fold("GRO\u0308SSE")


@pytest.mark.parametrize(
    "other", [Field("2", "Shirt Size", "text", "OLD"), Field("2", "Any", "text", "SHIRTSIZE"), SIZE_AGAIN]
)
def test_two_alike_are_ambiguous_even_beside_the_exact_tag(other: Field) -> None:
    """A retitled field and a new one of the old name: only people know which is meant."""
    retitled = Field("1", "Size of Shirt", "text", "SHIRT_SIZE")
    assert FieldCatalog([retitled, other]).matches(spec("Shirt Size", "SHIRT_SIZE")) == (retitled, other)


def test_a_field_is_no_rival_of_itself() -> None:
    """Found by its tag and by its title, or listed twice, it is one."""
    assert FieldCatalog([SIZE, SIZE]).matches(spec("Shirt Size", "SHIRT_SIZE")) == (SIZE,)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("%shirt_size%", "1"),
        ("%SHIRTSIZE%", "2"),
        ("shirt-size", "2"),
        ("Shirt Size", "3"),
        ("shirt_size", "1"),
        ("%EU%", "4"),
        ("eu", "45"),
        ("%eu_2%", "5"),
        ("shirt - size", "123"),
        ("%SHIRT__SIZE%", "123"),
        ("%None%", ""),
    ],
)
def test_a_named_field_is_found_exactly_if_there_is_one(named: str, found: str) -> None:
    """By its tag in percent signs, otherwise by title or tag; spelling counts less only where nothing is exact."""
    fields = [
        Field("1", "Any", "text", "SHIRT_SIZE"),
        Field("2", "Shirt-Size", "text", "SHIRTSIZE"),
        Field("3", "Shirt Size", "text", "C"),
        Field("4", "Size", "text", "EU"),
        Field("5", "EU", "text", "EU_2"),
    ]
    matches = FieldCatalog(fields).matches(spec("Any", "SIZE"), named)
    assert "".join(field.id for field in matches) == found


WORDS = st.lists(st.sampled_from(["shirt", "size", "eu", "2", "größe", "s"]), min_size=1, max_size=3)
STYLES = [
    "_".join, "-".join, " ".join, "".join,
    lambda words: words[0] + "".join(word.title() for word in words[1:]),
    lambda words: f"%{'_'.join(words).upper()}%",
    lambda words: "  ".join(words).title(),
]  # fmt: skip
NAMES = st.builds(lambda words, style: (words, style(words)), WORDS, st.sampled_from(STYLES))


@given(st.lists(st.tuples(NAMES, NAMES), max_size=6), NAMES, NAMES)
def test_names_match_like_their_letters(fields: list[tuple[Name, Name]], title: Name, perstag: Name) -> None:
    """Whatever the style, names are alike exactly when their words make the same letters."""
    catalog = FieldCatalog(Field(str(n), one[1], "text", two[1].strip("%")) for n, (one, two) in enumerate(fields))
    expected = []
    for number, names in enumerate(fields):
        for words, _ in names:
            if any("".join(words) == "".join(wanted) for wanted, _ in (title, perstag)) and str(number) not in expected:
                expected.append(str(number))
    assert [field.id for field in catalog.matches(spec(title[1], perstag[1]))] == expected


@given(st.text())
def test_case_and_separators_never_count(text: str) -> None:
    """Character by character: what is no separator is compared without case."""
    spread = "".join(f"-{c}_ " for c in text)
    plain = "".join(c for c in text if not (c in "_-" or c.isspace()))
    if not plain.startswith("%"):
        assert fold(spread) == fold(plain)


def test_fields_without_a_tag_are_found_by_title_only() -> None:
    """An empty tag is no tag."""
    catalog = FieldCatalog([Field("1", "A", "text", "")])
    assert catalog.by_tag("") is None
    assert catalog.by_title("a") == Field("1", "A", "text", "")


@given(st.text())
def test_keys_are_stable(text: str) -> None:
    """A name's key is its own key, and case does not matter for what has one."""
    assert name_key(name_key(text)) == name_key(text)
    assert tag_key(f"%{tag_key(text)}%") == tag_key(tag_key(text))
