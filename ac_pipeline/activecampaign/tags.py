"""Tags: the account's own, and those on a contact."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

from pydantic import Field

from ac_pipeline.activecampaign.caller import Call, Caller, failure_of
from ac_pipeline.activecampaign.catalog import name_key
from ac_pipeline.activecampaign.contacts import answer_of, is_gone, unless_gone
from ac_pipeline.activecampaign.pages import pages
from ac_pipeline.activecampaign.shapes import Identified, Page, Shape, Text, read
from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.contact import ContactTag, Tag, Tagged
from ac_pipeline.model.delivery import Answer, Outcome

logger = logging.getLogger(__name__)

FOR_CONTACTS = "contact"
"""The type of tag that contacts can have; the other is for templates (reference, section 8.1)."""


class _TagObject(Identified):
    tag: Text
    kind: Text = Field(default="", alias="tagType")


class _TagsAnswer(Page):
    tags: tuple[_TagObject, ...]


class _TagAnswer(Shape):
    tag: _TagObject


class _ContactTagObject(Identified):
    tag: Text


class _ContactTagAnswer(Shape):
    item: Identified = Field(alias="contactTag")


class _ContactTagsAnswer(Shape):
    items: tuple[_ContactTagObject, ...] = Field(alias="contactTags")


async def all_tags(caller: Caller, search: str = "") -> list[Tag]:
    """Return every tag for contacts, all pages; `search` narrows to names that contain it."""
    params = {"search": search} if search else {}
    found: dict[str, Tag] = {}
    async for page in pages(caller, "tags", _TagsAnswer, lambda page: page.tags, params):
        for item in page.tags:
            if item.kind == FOR_CONTACTS:
                found.setdefault(item.id, Tag(item.id, item.tag))
    return list(found.values())


async def create_tag(caller: Caller, name: str) -> Tag:
    """Return the tag of that name for contacts, created unless there is one in whatever case (reference, D4).

    The service answers a second creation with the existing tag, or refuses it; both end in the existing one.
    Raises OwnerMustAct when there is none and the service refuses, ServiceUnavailable.
    """
    name = name.strip()
    new = {"tag": name, "tagType": FOR_CONTACTS, "description": ""}
    call = Call("POST", "/tags", "tags", shows=("tag",), body=json.dumps({"tag": new}))
    ending = await caller.end(call)
    if ending.outcome is Outcome.ACKNOWLEDGED:
        tag = read(_TagAnswer, ending.reply, call.endpoint).tag
        if name_key(tag.tag) == name_key(name) and tag.kind in {FOR_CONTACTS, ""}:
            return Tag(tag.id, tag.tag)
    elif ending.outcome is not Outcome.REJECTED:
        raise failure_of(ending)
    for existing in await all_tags(caller, name):
        if name_key(existing.name) == name_key(name):
            logger.info("tag %s was there already", existing.id)
            return existing
    if ending.outcome is Outcome.REJECTED:
        raise failure_of(ending)
    raise OwnerMustAct("ActiveCampaign has that tag for templates only.", "Rename one of the two tags.")


async def add_tag(caller: Caller, contact_id: str, tag_id: str) -> Tagged:
    """POST contactTags: put a tag on a contact; one that has it keeps it (reference, section 8.2)."""
    body = json.dumps({"contactTag": {"contact": contact_id, "tag": tag_id}})
    call = Call("POST", "/contactTags", "contactTags", shows=("contactTag",), body=body)
    ending = await caller.end(call)
    if ending.outcome is not Outcome.ACKNOWLEDGED:
        return Tagged(answer_of(ending))
    return Tagged(answer_of(ending), read(_ContactTagAnswer, ending.reply, call.endpoint).item.id)


async def remove_tag(caller: Caller, association_id: str) -> Answer:
    """DELETE contactTags/{id}: take a tag off; `association_id` is ContactTag.id. Gone is as good (section 8.2)."""
    ending = await caller.end(Call("DELETE", "/contactTags/{id}", f"contactTags/{quote(association_id, safe='')}"))
    if is_gone(ending):
        return Answer(Outcome.ACKNOWLEDGED, ending.reply.status)
    return answer_of(ending)


async def contact_tags(caller: Caller, contact_id: str) -> list[ContactTag] | None:
    """Return the tags on a contact, None when the contact is gone (reference, section 8.2: no pages)."""
    path = f"contacts/{quote(contact_id, safe='')}/contactTags"
    call = Call("GET", "/contacts/{id}/contactTags", path, shows=("contactTags",))
    reply = await unless_gone(caller, call)
    if reply is None:
        return None
    return [ContactTag(item.id, item.tag) for item in read(_ContactTagsAnswer, reply, call.endpoint).items]
