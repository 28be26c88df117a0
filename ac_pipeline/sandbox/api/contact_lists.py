"""Subscriptions (reference, section 9): a status that changes, never a row that goes."""

from __future__ import annotations

import re

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import contact_shapes, list_shapes
from ac_pipeline.sandbox.api.lists import list_with_id
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import contact_lists, contacts
from ac_pipeline.sandbox.tables.contact_lists import ContactList
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, text, whole

_SOURCE = 3
"""What `sourceid` is when none was sent, as recorded."""
_SOURCE_2026 = 4


def known_subscription(call: Call) -> ContactList:
    """Return the subscription the path names; Refusal 404 when there is none."""
    row = contact_lists.find(call.account.db, call.number())
    if row is None:
        raise refusals.not_found("SubscriberList", call.number())
    return row


def contact_with_id(call: Call, number: int) -> Contact:
    """Return a contact by id; Refusal 404 when there is none."""
    contact = contacts.find(call.account.db, number)
    if contact is None:
        raise refusals.not_found("Subscriber", number)
    return contact


def _list(call: Call) -> Reply:
    page = page_of(call)
    rows, total = contact_lists.select(call.account.db, limit=page.limit, offset=page.offset)
    return Reply(
        200,
        {"contactLists": [_shape(call, row) for row in rows], "meta": {"total": call.account.total(total)}},
    )


def _read(call: Call) -> Reply:
    return Reply(200, {"contactList": _shape(call, known_subscription(call))})


def _put(call: Call) -> Reply:
    """Give a contact a status: 201 the first time, then 200 under the same id.

    Somebody who left is subscribed again without a word: that is what the service warns of.
    """
    account, sent = call.account, call.wrapped("contactList")
    if not re.fullmatch("[0-3]", text(sent.get("status")).strip()):
        raise refusals.list_status_invalid()
    status = int(text(sent["status"]))
    contact = contact_with_id(call, whole(sent.get("contact")))
    mailing_list = list_with_id(call, whole(sent.get("list")))
    before = contact_lists.status(account.db, contact.id, mailing_list.id)
    rejoins = before == contact_lists.UNSUBSCRIBED and status == contact_lists.ACTIVE
    if rejoins and account.switches.resubscribe == "forbidden":
        raise refusals.may_not_resubscribe()
    sourceid = whole(sent["sourceid"]) if "sourceid" in sent else _SOURCE
    row = contact_lists.put(account.db, contact.id, mailing_list.id, status, sourceid, account.clock.microseconds())
    body: dict[str, Json] = {
        "contacts": [contact_shapes.full(account, contact)],
        "contactList": _written(call, row, contact, _echo(sent["status"]), new=before is None),
    }
    return Reply(account.status(new=before is None), body)


def _written(call: Call, row: ContactList, contact: Contact, status: Json, *, new: bool) -> dict[str, Json]:
    """Return what POST answers with: fewer keys for a new row (recorded) than for an old one (documented)."""
    shape = list_shapes.subscribed if new else list_shapes.resubscribed
    if call.account.switches.contact_list_ids == "text":
        return shape(call.account, row, contact, {"status": status, "list": str(row.list), "contact": str(row.contact)})
    echo: dict[str, Json] = {"status": status, "list": row.list, "contact": row.contact}
    return {**shape(call.account, row, contact, echo), "sourceid": _SOURCE_2026}


def _shape(call: Call, row: ContactList) -> dict[str, Json]:
    return list_shapes.subscription(call.account, row, contact_with_id(call, row.contact))


def _echo(sent: object) -> str | int:
    return sent if isinstance(sent, int) else text(sent)


ENDPOINTS = (
    Endpoint("GET", "/contactLists", _list),
    Endpoint("POST", "/contactLists", _put),
    Endpoint("GET", "/contactLists/{id}", _read),
)
