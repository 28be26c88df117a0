"""Contacts one at a time: create, read, change, delete (reference, section 6.3)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import contact_shapes, contact_writes, side_loads
from ac_pipeline.sandbox.tables import contacts
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
    if contacts.find_key(call.account.db, call.account.email_key(sent.email)) is not None:
        raise refusals.email_duplicate()
    return contact_writes.create(call.account, sent)


def _read(call: Call) -> Reply:
    """Answer with what hangs on the contact beside it; tags are not among it (recorded)."""
    account, contact = call.account, known_contact(call)
    none: list[Json] = []
    series = side_loads.automations_of(account, contact)
    subscriptions, values = side_loads.lists_of(account, [contact]), side_loads.values_of(account, [contact])
    extra: dict[str, Json] = {
        "contactAutomations": side_loads.ids_of(contact, series),
        "contactLists": side_loads.ids_of(contact, subscriptions),
        "fieldValues": side_loads.ids_of(contact, values),
        "geoIps": none,
        "deals": none,
        "accountContacts": contact_shapes.account_contacts(contact),
        "sentiment": None,
    }
    return Reply(
        200,
        {
            "contactAutomations": series,
            "contactLists": subscriptions,
            "deals": none,
            "fieldValues": values,
            "geoAddresses": none,
            "geoIps": none,
            "accountContacts": side_loads.account_links(account, contact),
            "contact": contact_shapes.full(account, contact, extra=extra),
        },
    )


def _change(call: Call) -> Reply:
    contact = known_contact(call)
    sent = contact_writes.sent_contact(call)
    if "email" not in call.wrapped("contact"):
        return contact_writes.update(call.account, contact, sent)
    if not contacts.is_email(sent.email):
        raise refusals.email_invalid()
    owner = contacts.find_key(call.account.db, call.account.email_key(sent.email))
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
