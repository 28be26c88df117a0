"""`tags` and `lists` inside a contact: reported in August 2026, in no specification, off unless switched on (D10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api.lists import list_with_id
from ac_pipeline.sandbox.tables import contact_lists, contact_tags, tags
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.wire import Call, text, whole

_SOURCE = 3


@dataclass(frozen=True, slots=True)
class Inline:
    """Names of tags, and ids of lists that exist."""

    tags: Sequence[str] = ()
    lists: Sequence[int] = ()


def read(call: Call, contact: Mapping[str, object]) -> Inline:
    """Read both; lists are checked before anything is written. Nothing when the switch is off."""
    if not call.account.switches.inline_tags_and_lists:
        return Inline()
    names, entries = contact.get("tags"), contact.get("lists")
    numbers = [whole(entry.get("list")) for entry in _array(entries) if isinstance(entry, dict)]
    return Inline([text(name) for name in _array(names)], [list_with_id(call, number).id for number in numbers])


def apply(account: Account, contact: Contact, sent: Inline) -> None:
    """Add the tags, created where they are missing, and subscribe, whoever left included."""
    now = account.clock.microseconds()
    for name in sent.tags:
        contact_tags.add(account.db, contact.id, tag_named(account, name, now), now)
    for number in sent.lists:
        contact_lists.put(account.db, contact.id, number, contact_lists.ACTIVE, _SOURCE, now)


def tag_named(account: Account, name: str, now: int) -> int:
    """Return the id of the tag for contacts with this name, created where it is missing."""
    key = account.tag_key(name)
    return tags.find_key(account.db, key) or tags.add(account.db, name, key, tags.CONTACT, "", now)


def _array(value: object) -> list[object]:
    return value if isinstance(value, list) else []
