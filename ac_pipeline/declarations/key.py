"""The rule that turns a name into a key, and names that may not be keys."""

from __future__ import annotations

import re
import unicodedata

KEY_PATTERN = re.compile(r"^[a-z0-9_]{1,60}$")

RESERVED_TRAITS = frozenset({
    "address", "age", "avatar", "birthday", "company", "createdAt", "description", "email", "firstName", "gender",
    "id", "lastName", "name", "phone", "title", "username", "website",
})  # fmt: skip
"""Traits the Segment specification gives a meaning of their own; never a custom field."""

_OWN_NAMES = frozenset({"contacts", "destination", "user_id", "tags", "tags_reset", "lists"})


def key_of(name: str) -> str:
    """Return the key of a name: lower-case, every run of other characters one `_`, none at the ends."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def personalisation_tag(key: str) -> str:
    """Return what ActiveCampaign makes of the key: upper-cased, spaces removed (reference, 7.1)."""
    return key.upper().replace(" ", "")


def fold(name: str) -> str:
    """Return what titles and personalisation tags of one field share: `shirtSize`, `Shirt Size` and `%SHIRT_SIZE%`."""
    return re.sub(r"[\s%_-]", "", unicodedata.normalize("NFC", name).casefold())


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_RESERVED_FOLDED = {_folded(name) for name in RESERVED_TRAITS | _OWN_NAMES}


def is_reserved(key: str) -> bool:
    """Whether the key, in any spelling (`first_name`, `firstname`), is a reserved trait or a name we use."""
    return _folded(key) in _RESERVED_FOLDED
