"""The account's tags and lists that are meant by the names in declarations and data."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from ac_pipeline.model.contact import MailingList, Tag
from ac_pipeline.model.properties import list_key, tag_key

logger = logging.getLogger(__name__)

_SMS = "sms"


class TagMaker(Protocol):
    """The part of the ActiveCampaign client that tags need."""

    async def tags(self) -> list[Tag]:
        """Read all tags for contacts."""

    async def create_tag(self, name: str) -> Tag:
        """Create a tag for contacts."""


class ListReader(Protocol):
    """The part of the ActiveCampaign client that lists need."""

    async def lists(self) -> list[MailingList]:
        """Read all lists."""


@dataclass(frozen=True, slots=True)
class ListsFound:
    """Property key → list id, and of the other names why they are no list to subscribe people to."""

    by_key: Mapping[str, str]
    faults: Mapping[str, str]


async def ensure_tags(client: TagMaker, names: Mapping[str, str], *, create: AbstractSet[str]) -> Mapping[str, str]:
    """Return property key → tag id of the tags of these names (property key → name).

    Of those that the account does not have the ones with a key in `create` are created; others get no id.
    No request is made for no names. Letter case is ignored as in the keys, so that two keys are never one tag.
    """
    if not names:
        return {}
    ids: dict[str, str] = {}
    for tag in sorted(await client.tags(), key=_age):
        ids.setdefault(tag_key(tag.name), tag.id)
    found = {key: ids[tag_key(name)] for key, name in names.items() if tag_key(name) in ids}
    for key in sorted((names.keys() & create) - found.keys()):
        found[key] = (await client.create_tag(names[key])).id
        logger.info("tag %s created", found[key])
    return found


async def find_lists(client: ListReader, names: Mapping[str, str]) -> ListsFound:
    """Return which lists these names are (property key → name, or id if it is all digits); none is created.

    No request is made for no names.
    """
    if not names:
        return ListsFound({}, {})
    lists = await client.lists()
    found: dict[str, str] = {}
    faults: dict[str, str] = {}
    for key, name in names.items():
        matches = _matching(lists, name)
        mails = [item for item in matches if item.channel != _SMS]
        if len(mails) == 1:
            found[key] = mails[0].id
        elif mails:
            faults[key] = f"{name} is the name of the lists {_ids(mails)}"
        else:
            faults[key] = f"{name} is a list for text messages" if matches else f"the account has no list {name}"
    return ListsFound(found, faults)


def _matching(lists: Iterable[MailingList], name: str) -> list[MailingList]:
    name = name.strip()
    if name.isdecimal():
        return [item for item in lists if item.id == name]
    return [item for item in lists if name and list_key(item.name) == list_key(name)]


def _ids(lists: Iterable[MailingList]) -> str:
    return " and ".join(item.id for item in sorted(lists, key=_age))


def _age(item: Tag | MailingList) -> tuple[int, str]:
    """Sort by id as a number: the oldest first, in whatever order the service lists them."""
    return len(item.id), item.id
