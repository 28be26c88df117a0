"""Declarations: what a user says should be true in ActiveCampaign."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ac_pipeline.model.events import EventStream
from ac_pipeline.model.query import Query as Query


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
    CHOICE = "choice"
    """One of a field's options."""
    MULTI_CHOICE = "multi_choice"
    """Several of a field's options, in no order."""


class Nulls(StrEnum):
    """What a NULL, or a value that is gone, does to what ActiveCampaign was told before."""

    KEEP = "keep"
    CLEAR = "clear"


class CreateContacts(StrEnum):
    """Which members that are no contacts yet become contacts."""

    WITH_NAME = "with_name"
    ALWAYS = "always"
    NEVER = "never"


class CreateFor(StrEnum):
    """What makes somebody a contact who is none yet."""

    AUDIENCES = "audiences"
    """Being a member of an audience."""
    TRAITS = "traits"
    """Having a trait, too."""
    CONTACTS = "contacts"
    """Standing in contacts.yaml is enough."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Limits beyond which a new result is held: share of members leaving, from `min_members` on."""

    max_exit_share: float = 0.3
    min_members: int = 50


@dataclass(frozen=True, slots=True)
class MemberList:
    """The list members are subscribed to. `list` is its name, or its id when it is all digits."""

    list: str
    unsubscribe_on_exit: bool = False
    resubscribe: bool = False
    """Whether people who opted out or bounced are subscribed again; `reason` says why that is right."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MemberAutomation:
    """The automation people who enter are enrolled in. `automation` is its name, or its id when it is all digits."""

    automation: str
    existing: bool = False
    """Whether those, too, who were members when it was declared."""


@dataclass(frozen=True, slots=True)
class Membership:
    """How ActiveCampaign is told who is a member."""

    field: bool = True
    """The true/false field."""
    explicit_false: bool = False
    """Whether contacts who never were members are told `false`."""
    tag: str | None = None
    """A tag that is on a contact while it is a member."""
    list: MemberList | None = None
    events: bool = False
    """Whether `Audience Entered` and `Audience Exited` are sent, once for each change."""
    automation: MemberAutomation | None = None

    @property
    def sent(self) -> bool:
        """Whether ActiveCampaign is told at all; otherwise the audience is history only."""
        return bool(self.field or self.tag or self.list or self.events or self.automation)


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of a choice. `create` adds values that are no options of the field yet; otherwise they are refused."""

    options: tuple[str, ...] = ()
    create: bool = True


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
    membership: Membership = Membership()
    """Of an audience."""
    choices: Choices = Choices()
    """Of a trait that is a choice."""
    field: str | None = None
    """Title or personalisation tag of a trait's custom field, where the name does not say it."""
    nulls: Nulls = Nulls.KEEP
    """Of a trait; of contacts, what holds for first name, last name and phone."""
    resubscribe: bool = False
    """Of contacts: whether the column `lists` also subscribes people again who opted out; `reason` says why."""
    reason: str = ""

    @property
    def has_field(self) -> bool:
        """Whether a custom field carries it."""
        return self.kind is Kind.TRAIT or (self.kind is Kind.AUDIENCE and self.membership.field)


@dataclass(frozen=True, slots=True)
class Destination:
    """How ActiveCampaign is written to (`assets/destination.yaml`)."""

    create_contacts: CreateContacts = CreateContacts.WITH_NAME
    create_contacts_for: frozenset[CreateFor] = frozenset({CreateFor.AUDIENCES})
    update_existing: bool = False
    """Whether contacts are updated, too, that the account has and this pipeline never wrote."""
    create_fields: bool = True
    user_id_field: str | None = "User ID"
    """Title of the custom field that keeps the user id; None for no such field."""
    nulls: Nulls = Nulls.KEEP
    """What traits do that do not say it themselves."""
    guard: Guard = Guard()
    import_from: int = 10
    """Changes of that many contacts or more go by bulk import; ActiveCampaign means it for more than ten
    (reference, section 4)."""

    @property
    def needs_directory(self) -> bool:
        """Whether it must be known which contacts the account has."""
        return self.update_existing or self.create_contacts is CreateContacts.NEVER


@dataclass(frozen=True, slots=True)
class Declarations:
    """All declarations of an assets folder; audiences and traits sorted by key."""

    contacts: Declaration
    audiences: tuple[Declaration, ...]
    traits: tuple[Declaration, ...]
    destination: Destination
    events: tuple[EventStream, ...] = ()
    """Sorted by key; no part of `all`, because nothing of them is a value of a contact."""

    @property
    def all(self) -> tuple[Declaration, ...]:
        """Contacts first, then audiences, then traits."""
        return (self.contacts, *self.audiences, *self.traits)

    @property
    def tell_events(self) -> bool:
        """Whether anything is declared that goes to the tracking host."""
        return bool(self.events) or any(audience.membership.events for audience in self.audiences)
