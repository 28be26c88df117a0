"""Tags on contacts (reference, section 8.2)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import contact_shapes, tag_shapes
from ac_pipeline.sandbox.api.tags import tag_with_id
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import contact_tags, contacts
from ac_pipeline.sandbox.tables.contact_tags import ContactTag
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, text, whole


def known_association(call: Call) -> ContactTag:
    """Return the association the path names; Refusal 404 when there is none."""
    row = contact_tags.find(call.account.db, call.number())
    if row is None:
        raise refusals.not_found("SubscriberTag", call.number())
    return row


def _list(call: Call) -> Reply:
    page = page_of(call)
    rows, total = contact_tags.select(call.account.db, limit=page.limit, offset=page.offset)
    shapes = [tag_shapes.association(call.account, row) for row in rows]
    return Reply(200, {"contactTags": shapes, "meta": {"total": call.account.total(total)}})


def _read(call: Call) -> Reply:
    return Reply(200, {"contactTag": tag_shapes.association(call.account, known_association(call))})


def _add(call: Call) -> Reply:
    """Tag a contact: 201, or 200 with the same row when it had the tag. A new tag counts as a change of it."""
    account, sent = call.account, call.wrapped("contactTag")
    if not sent.get("contact"):
        raise refusals.tagged_contact_missing()
    contact = contacts.find(account.db, whole(sent["contact"]))
    if contact is None:
        raise refusals.tagged_contact_unknown()
    number = whole(sent.get("tag"))
    if not number:
        raise refusals.tag_invalid(account.switches.bad_tag_status)
    tag = tag_with_id(call, number)
    now = account.clock.microseconds()
    row, new = contact_tags.add(account.db, contact.id, tag.id, now)
    if new:
        contact = contacts.change(account.db, contact.id, {}, now)
    echo = {"contact": _echo(sent["contact"]), "tag": _echo(sent["tag"])}
    body: dict[str, Json] = {
        "contacts": [contact_shapes.full(account, contact)],
        "contactTag": tag_shapes.associated(account, row, {**echo}),
    }
    return Reply(account.status(new=new), body)


def _remove(call: Call) -> Reply:
    contact_tags.remove(call.account.db, known_association(call).id)
    return Reply(200, {})


def _echo(sent: object) -> str | int:
    """Return an id in the type in which it was sent."""
    return sent if isinstance(sent, int) else text(sent)


ENDPOINTS = (
    Endpoint("GET", "/contactTags", _list),
    Endpoint("POST", "/contactTags", _add),
    Endpoint("GET", "/contactTags/{id}", _read),
    Endpoint("DELETE", "/contactTags/{id}", _remove),
)
