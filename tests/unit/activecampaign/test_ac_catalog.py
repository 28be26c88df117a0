"""Finding custom fields by the names people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ac_pipeline.activecampaign import FieldCatalog
from ac_pipeline.activecampaign.catalog import name_key, tag_key
from ac_pipeline.model.account import Field, FieldSpec, FieldType

SIZE = Field("1", "Shirt Size", "text", "SHIRT_SIZE")
OTHER = Field("2", "Size", "text", "SIZE")


@pytest.mark.parametrize("perstag", ["SHIRT_SIZE", "%SHIRT_SIZE%", "shirt_size", " %Shirt_Size% "])
def test_tags_are_compared_without_case_and_percent_signs(perstag: str) -> None:
    """The service upper-cases tags, people write them with percent signs."""
    assert FieldCatalog([OTHER, SIZE]).by_tag(perstag) == SIZE


@pytest.mark.parametrize("title", ["Shirt Size", "SHIRT SIZE", " shirt size "])
def test_titles_are_compared_without_case(title: str) -> None:
    """Two titles that differ in case are one to the service."""
    assert FieldCatalog([OTHER, SIZE]).by_title(title) == SIZE


def test_the_tag_goes_before_the_title() -> None:
    """A retitled field is still found, even when another took its title."""
    taken = Field("3", "Shirt Size", "text", "OLD")
    catalog = FieldCatalog([taken, Field("1", "Size of Shirt", "text", "SHIRT_SIZE")])
    assert catalog.find(FieldSpec("Shirt Size", FieldType.TEXT, "SHIRT_SIZE")).id == "1"
    assert catalog.find(FieldSpec("Shirt Size", FieldType.TEXT, "NEW")) == taken
    assert catalog.find(FieldSpec("None", FieldType.TEXT, "NONE")) is None


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
