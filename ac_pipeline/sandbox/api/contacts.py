"""Contacts one at a time: create, read, change, delete (reference, section 6.3)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import contact_shapes, contact_writes, field_value_shapes
from ac_pipeline.sandbox.tables import contacts, field_values
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply


def known_contact(call: Call) -> Contact:
    """Return the contact the path names; Refusal 404 when there is none."""
    contact = contacts.find(call.account.db, call.number())
    if contact is None:
        raise refusals.not_found("Subscriber", call.number())
    return contact


def _create(call: Call) -> Reply:
    sent = contact_writes.sent_contact(call)
    if contacts.find_email(call.account.db, sent.email) is not None:
        raise refusals.email_duplicate()
    return contact_writes.create(call.account, sent)


def _read(call: Call) -> Reply:
    contact = known_contact(call)
    values = [
        field_value_shapes.full(call.account, row) for row in field_values.of_contact(call.account.db, contact.id)
    ]
    none: list[Json] = []
    extra: dict[str, Json] = {
        "contactAutomations": none,
        "contactLists": none,
        "fieldValues": [value["id"] for value in values],
        "geoIps": none,
        "deals": none,
        "accountContacts": none,
        "sentiment": None,
    }
    return Reply(
        200,
        {
            "contactAutomations": none,
            "contactLists": none,
            "deals": none,
            "fieldValues": values,
            "geoIps": none,
            "accountContacts": none,
            "contact": contact_shapes.full(call.account, contact, extra=extra),
        },
    )


def _change(call: Call) -> Reply:
    contact = known_contact(call)
    sent = contact_writes.sent_contact(call)
    if "email" not in call.wrapped("contact"):
        return contact_writes.update(call.account, contact, sent)
    if not contacts.is_email(sent.email):
        raise refusals.email_invalid()
    owner = contacts.find_email(call.account.db, sent.email)
    if owner is not None and owner.id != contact.id:
        raise refusals.email_duplicate()
    return contact_writes.update(call.account, contact, sent, email=sent.email)


def _delete(call: Call) -> Reply:
    if not contacts.remove(call.account.db, call.number()):
        raise refusals.no_contact_to_delete(call.number())
    return Reply(200, {})


ENDPOINTS = (
    Endpoint("POST", "/contacts", _create),
    Endpoint("GET", "/contacts/{id}", _read),
    Endpoint("PUT", "/contacts/{id}", _change),
    Endpoint("DELETE", "/contacts/{id}", _delete),
)
