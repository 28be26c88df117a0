"""Contacts of an account as ActiveCampaign shows them, with what hangs on them. No repr shows a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from ac_pipeline.model.delivery import Answer


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact; attributes that were not told are empty. `updated_at` has the account's offset."""

    id: str
    email: str = field(repr=False)
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactValue:
    """The value of one custom field of one contact, as text."""

    id: str
    contact_id: str
    field_id: str
    value: str = field(repr=False)


class ListStatus(IntEnum):
    """State of a contact on a list (reference, D3); 0 and 3 are the service's own and never written."""

    UNCONFIRMED = 0
    ACTIVE = 1
    UNSUBSCRIBED = 2
    BOUNCED = 3


@dataclass(frozen=True, slots=True)
class Subscription:
    """A contact's state on one list; None for a state this version does not know."""

    id: str
    list_id: str
    status: ListStatus | None


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """A contact with its field values and its states on lists; tags come by their own request."""

    contact: Contact
    values: tuple[ContactValue, ...]
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag for contacts."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ContactTag:
    """A tag on a contact. `id` is the association's, which removing takes; `tag_id` the tag's own."""

    id: str
    tag_id: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """The end of putting a tag on a contact, with the association's id when it is there now."""

    answer: Answer
    association_id: str | None = None


@dataclass(frozen=True, slots=True)
class MailingList:
    """A list contacts subscribe to. `channel` is email or sms, empty for lists that are older than channels."""

    id: str
    name: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """Up to 100 contacts by ascending id. `cursor` resumes after them.

    `asked_at` is the service's clock before the answer, UTC: a later refresh from the first page's moment on
    misses nothing.
    """

    contacts: tuple[Contact, ...]
    cursor: str
    asked_at: datetime
