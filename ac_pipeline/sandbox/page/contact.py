"""One contact with its custom fields, tags, subscriptions, automations and events, and what was written to it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.markup import Child, Markup, element, table
from ac_pipeline.sandbox import journal
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.journal import Entry
from ac_pipeline.sandbox.page import events
from ac_pipeline.sandbox.page.layout import live, page
from ac_pipeline.sandbox.tables import contacts
from ac_pipeline.sandbox.tables.contacts import Contact

_VALUES = """
    select fields.title, field_values.value, field_values.updated_at
    from field_values join fields on fields.id = field_values.field
    where field_values.contact = ? order by fields.ordernum, fields.id
"""
_TAGS = """
    select tags.tag, contact_tags.created_at from contact_tags join tags on tags.id = contact_tags.tag
    where contact_tags.contact = ? order by tags.tag
"""
_LISTS = """
    select lists.name, contact_lists.status, contact_lists.updated_at
    from contact_lists join lists on lists.id = contact_lists.list
    where contact_lists.contact = ? order by lists.name
"""
_STATUSES = ("Unconfirmed", "Active", "Unsubscribed", "Bounced")
_MOST = 500
"""Entries of the journal that are shown."""


class ContactPage:
    """`/contact/{id}`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def show(self, request: Request) -> Response:
        """Answer one request; of a contact that is gone only what was written to it is left."""
        number = min(request.path_params["id"], 2**63 - 1)
        contact = contacts.find(self._account.db, number)
        written = journal.of_contact(self._account.db, number, _MOST)
        parts = [element("p", f"There is no contact {number}.")] if contact is None else self._parts(contact)
        if contact is not None or written:
            parts.append(self._written(written))
        return page(self._account, "Contact", live("contact", *parts), status=404 if contact is None else 200)

    def _parts(self, contact: Contact) -> list[Markup]:
        time = self._account.time
        values, tags, lists = (
            self._account.db.execute(query, (contact.id,)).fetchall() for query in (_VALUES, _TAGS, _LISTS)
        )
        return [
            table(
                f"Contact {contact.id}",
                ("Attribute", "Value"),
                [
                    ("E-mail", contact.email),
                    ("First name", contact.first_name),
                    ("Last name", contact.last_name),
                    ("Phone", contact.phone),
                    ("Created", time.plain(contact.created_at)),
                    ("Changed", time.plain(contact.updated_at)),
                ],
            ),
            table(
                "Custom fields",
                ("Field", "Value", "Changed"),
                [(title, value, time.plain(changed)) for title, value, changed in values],
            ),
            table("Tags", ("Tag", "Since"), [(tag, time.plain(since)) for tag, since in tags]),
            table(
                "Lists",
                ("List", "Status", "Changed"),
                [(name, _STATUSES[status], time.plain(changed)) for name, status, changed in lists],
            ),
            *events.of_contact(self._account, contact.id),
        ]

    def _written(self, entries: list[Entry]) -> Markup:
        """What was written, newest first; moment and cause stand once for all that came together."""
        rows: list[tuple[Child, ...]] = []
        before: tuple[int, str] | None = None
        for one in entries:
            first = before != (one.at, one.cause)
            before = one.at, one.cause
            when = (self._account.time.plain(one.at), one.cause) if first else ("", "")
            kind = "" if one.kind == "contact" else f"{one.kind} "
            rows.append((*when, f"{kind}{one.name}", _value(one.kind, one.old), _value(one.kind, one.new)))
        caption = "What was written" if len(entries) < _MOST else f"What was written: the newest {_MOST} values"
        return table(caption, ("Time", "By", "What", "Before", "After"), rows)


def _value(kind: str, value: str | None) -> Child:
    if value is None:
        return element("span", "—", class_="none")
    if value == "":
        return element("span", "empty", class_="none")
    return _STATUSES[int(value)] if kind == "list" else value
