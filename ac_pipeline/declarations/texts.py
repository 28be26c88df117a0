"""Kinds of text in declaration files. What stands after `; ` in an error is its hint."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from ac_pipeline.declarations.key import fold

MAX_TAG = 255
"""Characters."""

# Hyphens as BigQuery's projects have them, never two, which would begin a comment.
_RELATION = re.compile(r"^[A-Za-z_][A-Za-z0-9_$]*(-[A-Za-z0-9_$]+)*(\.[A-Za-z_][A-Za-z0-9_$]*){0,2}$")


def _relation(value: str) -> str:
    if not _RELATION.match(value):
        raise ValueError("is not the name of a relation; write schema.table, without quotes")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; write something, or leave the setting out")
    return value


def _clean(value: str) -> str:
    """Return the text without outer spaces and in one Unicode form, as values are compared."""
    return unicodedata.normalize("NFC", value.strip())


def _tag(value: str) -> str:
    if len(value) > MAX_TAG:
        raise ValueError(f"has {len(value)} characters; a tag has at most {MAX_TAG}")
    return value


def _option(value: str) -> str:
    if "||" in value or value.startswith("|") or value.endswith("|"):
        raise ValueError(f"`{value}` has || in it or | at an end; ActiveCampaign puts these between options")
    return value


def _field_title(value: str) -> str:
    if not fold(value):
        raise ValueError("names no field; write its title or %PERSONALISATION_TAG%, in quotes")
    return value


def list_name(value: object) -> str:
    """Return the name of a list, or its id as digits. Raises ValueError for anything else."""
    return name_or_id(value, "a list")


def name_or_id(value: object, what: str) -> str:
    """Return the name of `what` (`a list`), or its id as digits. Raises ValueError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"is not the name or id of {what}; quote names that YAML takes for something else")  # noqa: TRY004
    name = _clean(value)
    if not name:
        raise ValueError(f"is empty; write the {what.split()[-1]}'s name or id, or leave the setting out")
    if not re.fullmatch(r"-?[0-9]+", name):
        return name
    if int(name) < 1:
        raise ValueError(f"is not the id of {what}; ids begin at 1")
    return str(int(name))


Text = Annotated[str, AfterValidator(_not_blank)]
Relation = Annotated[str, AfterValidator(_relation)]
Name = Annotated[Text, AfterValidator(_clean)]
TagName = Annotated[Name, AfterValidator(_tag)]
Option = Annotated[Name, AfterValidator(_option)]
FieldTitle = Annotated[Name, AfterValidator(_field_title)]
