"""The shapes of tags and of tags on contacts (reference, section 8)."""

from __future__ import annotations

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables.contact_tags import ContactTag
from ac_pipeline.sandbox.tables.tags import Tag
from ac_pipeline.sandbox.wire import Json


def listed(account: Account, tag: Tag) -> dict[str, Json]:
    """The shape of reads and of PUT."""
    return {
        "tagType": tag.type,
        "tag": tag.tag,
        "description": tag.description,
        "subscriber_count": str(tag.contacts),
        "cdate": account.time.iso(tag.created_at),
        "created_timestamp": account.time.plain(tag.created_at),
        "updated_timestamp": account.time.plain(tag.updated_at),
        "created_by": None,
        "updated_by": None,
        "links": _links(account, tag),
        "id": str(tag.id),
    }


def written(account: Account, tag: Tag) -> dict[str, Json]:
    """The shape of the answer to POST."""
    return {
        "tag": tag.tag,
        "description": tag.description,
        "tagType": tag.type,
        "cdate": account.time.iso(tag.created_at),
        "links": _links(account, tag),
        "id": str(tag.id),
    }


def association(account: Account, row: ContactTag) -> dict[str, Json]:
    """The shape of reads of a tag on a contact; the tag is its id only."""
    created = account.time.plain(row.created_at)
    return {
        "contact": str(row.contact),
        "tag": str(row.tag),
        "cdate": account.time.iso(row.created_at),
        "created_timestamp": created,
        "updated_timestamp": created,
        "created_by": None,
        "updated_by": None,
        "links": _association_links(account, row),
        "id": str(row.id),
    }


def associated(account: Account, row: ContactTag, sent: dict[str, Json]) -> dict[str, Json]:
    """The shape of the answer to POST; ids come back as `sent`."""
    return {
        **sent,
        "cdate": account.time.iso(row.created_at),
        "links": _association_links(account, row),
        "id": str(row.id),
    }


def _links(account: Account, tag: Tag) -> dict[str, Json]:
    links: dict[str, Json] = {"contactGoalTags": account.link(f"tags/{tag.id}/contactGoalTags")}
    if tag.type == "template":
        links["templateTags"] = account.link(f"tags/{tag.id}/templateTags")
    return links


def _association_links(account: Account, row: ContactTag) -> dict[str, Json]:
    return {name: account.link(f"contactTags/{row.id}/{name}") for name in ("tag", "contact")}
