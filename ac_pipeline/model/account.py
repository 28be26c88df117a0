"""The ActiveCampaign account a home belongs to, and the custom fields it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Account:
    """`host` of the API URL (with port), and the account's name where the key may read it."""

    host: str
    name: str | None


class FieldType(StrEnum):
    """Custom field types of ActiveCampaign (reference, section 7.1)."""

    TEXT = "text"
    TEXTAREA = "textarea"
    DATE = "date"
    DATETIME = "datetime"
    DROPDOWN = "dropdown"
    LISTBOX = "listbox"
    CHECKBOX = "checkbox"
    RADIO = "radio"
    HIDDEN = "hidden"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A custom field that should exist. `perstag` is the personalisation tag without percent signs."""

    title: str
    type: FieldType
    perstag: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field that exists; `id` as text, as the service gives it."""

    id: str
    title: str
    type: str
    perstag: str
    options: tuple[str, ...] = ()
