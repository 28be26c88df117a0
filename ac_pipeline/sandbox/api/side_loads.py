"""What hangs on contacts, as reads of one and of many have it beside the contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api import automation_shapes, field_value_shapes, list_shapes, tag_shapes
from ac_pipeline.sandbox.tables import automations, contact_lists, contact_tags, field_values
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.wire import Json

Shape = dict[str, Json]
Loader = Callable[[Account, Sequence[Contact]], list[Shape]]


def tags_of(account: Account, found: Sequence[Contact]) -> list[Shape]:
    """Return the tags of contacts."""
    rows = contact_tags.of_contacts(account.db, [contact.id for contact in found])
    return [tag_shapes.association(account, row) for row in rows]


def lists_of(account: Account, found: Sequence[Contact]) -> list[Shape]:
    """Return the subscriptions of contacts."""
    by_id = {contact.id: contact for contact in found}
    rows = contact_lists.of_contacts(account.db, list(by_id))
    return [list_shapes.subscription(account, row, by_id[row.contact]) for row in rows]


def values_of(account: Account, found: Sequence[Contact]) -> list[Shape]:
    """Return the field values of contacts."""
    rows = field_values.of_contacts(account.db, [contact.id for contact in found])
    return [field_value_shapes.full(account, row) for row in rows]


def automations_of(account: Account, contact: Contact) -> list[Shape]:
    """Return the automations a contact has entered, once for each time."""
    return [automation_shapes.enrolment(account, row) for row in automations.of_contact(account.db, contact.id)]


def account_links(account: Account, contact: Contact) -> list[Shape]:
    """Return the link of a contact to its customer account, if it has one."""
    number = contact.account_contact
    if number is None:
        return []
    return [
        {
            "account": str(contact.org_id),
            "contact": str(contact.id),
            "jobTitle": "",
            "links": {name: account.link(f"accountContacts/{number}/{name}") for name in ("account", "contact")},
            "id": str(number),
        }
    ]


LOADERS: Mapping[str, Loader] = {"contactTags": tags_of, "contactLists": lists_of, "fieldValues": values_of}
"""By the name that `include` and paths have for them."""


def ids_of(contact: Contact, shapes: Sequence[Shape]) -> list[Json]:
    """Return the ids of those that belong to a contact."""
    return [shape["id"] for shape in shapes if shape["contact"] == str(contact.id)]
