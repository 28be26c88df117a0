"""Properties: what one value of a contact hangs on."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from ac_pipeline.model.declaration import Declaration, Declarations, Kind

CONTACT_FIELDS = ("email", "first_name", "last_name", "phone")
"""Standard fields of a contact, as columns of `contacts.yaml`; email always comes first."""
USER_ID = "user_id"
"""The user id, kept in a custom field."""
TAGS, TAGS_RESET, LISTS = "tags", "tags_reset", "lists"
"""Columns of `contacts.yaml`. Tags and lists speak through a property for each tag and list.

Values: `tags` is the JSON array of the tags, each once whatever its case, sorted by lower case; `lists` the JSON
object of list (its name in lower case, or its id; sorted) to `active` or `unsubscribed`; `tags_reset` is `tags` in
lower case where every other tag is to be taken off, so that a reset takes place again when the tags change.
"""
CONTACT_COLUMNS = (*CONTACT_FIELDS, USER_ID, TAGS, TAGS_RESET, LISTS)


class PropertyKind(StrEnum):
    """What a property is; the first three are those of the declarations."""

    CONTACTS = "contacts"
    AUDIENCE = "audience"
    TRAIT = "trait"
    TAG = "tag"
    """`true` or `false`."""
    LIST = "list"
    """`active` or `unsubscribed`."""
    CALL = "call"
    """What scripts say and no declaration carries: fields, tags and lists. Syncs leave it alone."""


def tag_key(name: str) -> str:
    """Return the key of a tag's property: letter case and outer spaces are ignored."""
    return f"tag:{_lower(name)}"


def list_key(name: str) -> str:
    """Return the key of a list's property: an id is all digits, a name has no case."""
    return f"list:{_lower(name)}"


def call_key(name: str) -> str:
    """Return the key under which scripts say something that no declaration carries: `call:tag:vip`, `call:size`."""
    return f"call:{_lower(name)}"


def _lower(name: str) -> str:
    """Return a name as the SQL of the store has it: composed, trimmed, each letter in lower case by itself."""
    return "".join(letter.lower()[:1] for letter in unicodedata.normalize("NFC", name.strip()))


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a declaration; `key` is unique over all kinds."""

    kind: Kind
    key: str
    name: str
    value_type: str
    description: str
    sent: bool
    """Whether its own values are sent; tags and lists speak through others."""
    declaration_key: str


def properties_of(declaration: Declaration) -> tuple[Property, ...]:
    """Return the properties a declaration gives: one for each column of contacts, otherwise itself."""
    if declaration.kind is Kind.CONTACTS:
        return tuple(
            Property(
                Kind.CONTACTS, key, key, "text", f"column {key} of the contacts",
                sent=key not in {TAGS, LISTS}, declaration_key="contacts",
            )
            for key in CONTACT_COLUMNS
        )  # fmt: skip
    return (
        Property(
            declaration.kind, declaration.key, declaration.name, declaration.value_type.value,
            declaration.description, declaration.has_field, declaration.key,
        ),
    )  # fmt: skip


def all_properties(declarations: Declarations) -> tuple[Property, ...]:
    """Return every property in the order in which contacts are told: contacts, audiences, traits."""
    unsaid = {USER_ID} if declarations.destination.user_id_field is None else set()
    return tuple(
        replace(item, sent=item.sent and item.key not in unsaid)
        for declaration in declarations.all
        for item in properties_of(declaration)
    )
