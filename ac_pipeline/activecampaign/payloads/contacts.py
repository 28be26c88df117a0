"""Contacts as contact/sync, POST and PUT take them, and as bulk import does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ac_pipeline.activecampaign.payloads.refusal import Unsendable
from ac_pipeline.activecampaign.payloads.values import check_text

LONGEST_EMAIL = 254
"""Characters (RFC 5321)."""
# Bulk import refuses a whole batch for one address outside its rule (reference, section 6.3); the apostrophe is one
# of its documented failures.
_IMPORTABLE = re.compile(r"""[^\s"'(),:;<>@\[\\\]]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}""")
_NO_FIELDS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What should become true of one contact. None leaves a standard field alone; an empty text erases it.

    `fields` are encoded values by field id, `tags` are names, `subscribe` and `unsubscribe` ids of lists.
    """

    email: str = field(repr=False)
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    fields: Mapping[str, str] = field(default_factory=lambda: _NO_FIELDS, repr=False)
    tags: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()


def contact_body(change: ContactChange) -> str:
    """Return the body of contact/sync, POST contacts and PUT contacts/{id} (reference, section 6.2).

    Raises Unsendable, also for tags and lists, which these calls do not take.
    """
    if change.tags or change.subscribe or change.unsubscribe:
        raise Unsendable("tags and lists", "are no part of a single contact's update")
    contact: dict[str, object] = {"email": _email(change.email)}
    contact |= _standard(change, first_name="firstName", last_name="lastName", phone="phone")
    if change.fields:
        contact["fieldValues"] = [{"field": number, "value": text} for number, text in change.fields.items()]
    return json.dumps({"contact": contact}, ensure_ascii=False)


def import_row(change: ContactChange) -> str:
    """Return one row of a bulk import: other names, tags by name, numbers for ids (reference, section 10.1).

    Raises Unsendable, also for an address that would have the whole batch refused.
    """
    email = _email(change.email)
    if not _IMPORTABLE.fullmatch(email):
        raise Unsendable("email", "an address that bulk import refuses")
    row: dict[str, object] = {"email": email}
    row |= _standard(change, first_name="first_name", last_name="last_name", phone="phone")
    if change.tags:
        row["tags"] = list(_unlike(change.tags))
    if change.fields:
        row["fields"] = [{"id": _number("field", key), "value": text} for key, text in change.fields.items()]
    for name, lists in (("subscribe", change.subscribe), ("unsubscribe", change.unsubscribe)):
        if lists:
            row[name] = [{"listid": _number("list", key)} for key in dict.fromkeys(lists)]
    if set(change.subscribe) & set(change.unsubscribe):
        raise Unsendable("lists", "subscribed and unsubscribed at once")
    return json.dumps(row, ensure_ascii=False)


def _standard(change: ContactChange, **names: str) -> dict[str, str]:
    """Return the standard fields that are set, under the names this call has for them."""
    values = {"first_name": change.first_name, "last_name": change.last_name, "phone": change.phone}
    for name, value in values.items():
        check_text(name, value or "")
    for number, text in change.fields.items():
        check_text(f"field {number}", text)
    return {names[name]: value for name, value in values.items() if value is not None}


def _email(email: str) -> str:
    """Return an address as contacts are matched by: trimmed, in lower case (reference, section 6.3)."""
    email = email.strip().lower()
    local, _, domain = email.rpartition("@")
    if not local or not domain or any(character.isspace() for character in email):
        raise Unsendable("email", "no e-mail address")
    if len(email) > LONGEST_EMAIL:
        raise Unsendable("email", f"longer than {LONGEST_EMAIL} characters")
    check_text("email", email)
    return email


def _unlike(tags: Iterable[str]) -> Iterable[str]:
    """Return tags once each, whatever their case, as the service has them; `tags` must be names."""
    unlike: dict[str, str] = {}
    for tag in tags:
        check_text("tag", tag)
        if not tag.strip():
            raise Unsendable("tag", "an empty name")
        unlike.setdefault(tag.strip().casefold(), tag.strip())
    return unlike.values()


def _number(what: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Unsendable(what, "an id that is no number")
    return int(text)
