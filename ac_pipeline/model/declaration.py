"""Declarations: what a user says should be true in ActiveCampaign."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What a declaration yields for each user."""

    CONTACTS = "contacts"
    AUDIENCE = "audience"
    TRAIT = "trait"


class ValueType(StrEnum):
    """Type of a trait's values."""

    TEXT = "text"
    TEXTAREA = "textarea"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


class CreateContacts(StrEnum):
    """Which members that are no contacts yet become contacts."""

    WITH_NAME = "with_name"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Query:
    """The user's own SQL. `as_of` holds the `(start, end)` offsets of each `:as_of` in `text`."""

    text: str
    as_of: tuple[tuple[int, int], ...] = ()
    upstream: tuple[str, ...] = ()
    """Relations the query reads, as written (`marts.orders`), sorted, unique."""

    @property
    def any_window(self) -> bool:
        """Whether the query can be computed for a past window; if not it describes now."""
        return bool(self.as_of)

    def with_marker(self, marker: str) -> str:
        """Return the text with each `:as_of` replaced by the driver's marker, nothing else touched."""
        parts, last = [], 0
        for start, end in self.as_of:
            parts += [self.text[last:start], marker]
            last = end
        return "".join([*parts, self.text[last:]])


@dataclass(frozen=True, slots=True)
class Guard:
    """Limits beyond which a new result is held: share of members leaving, from `min_members` on."""

    max_exit_share: float = 0.3
    min_members: int = 50


@dataclass(frozen=True, slots=True)
class Declaration:
    """One audience, one trait, or the contacts. `key` names it everywhere, for ever."""

    kind: Kind
    key: str
    name: str
    query: Query
    path: Path
    description: str = ""
    owner: str | None = None
    value_type: ValueType = ValueType.BOOLEAN
    guard: Guard = Guard()
    sent: bool = True
    """Whether ActiveCampaign is told; otherwise the declaration is history only."""


@dataclass(frozen=True, slots=True)
class Destination:
    """How ActiveCampaign is written to (`assets/destination.yaml`)."""

    create_contacts: CreateContacts = CreateContacts.WITH_NAME
    create_fields: bool = True
    guard: Guard = Guard()


@dataclass(frozen=True, slots=True)
class Declarations:
    """All declarations of an assets folder; audiences and traits sorted by key."""

    contacts: Declaration
    audiences: tuple[Declaration, ...]
    traits: tuple[Declaration, ...]
    destination: Destination

    @property
    def all(self) -> tuple[Declaration, ...]:
        """Contacts first, then audiences, then traits."""
        return (self.contacts, *self.audiences, *self.traits)
