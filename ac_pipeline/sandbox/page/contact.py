"""One contact with its custom fields, tags and subscriptions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.sandbox.account import Account
from ac_pipeline.markup import element, table
from ac_pipeline.sandbox.page.layout import page
from ac_pipeline.sandbox.tables import contacts

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


class ContactPage:
    """`/contact/{id}`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def show(self, request: Request) -> Response:
        """Answer one request."""
        number, time = min(request.path_params["id"], 2**63 - 1), self._account.time
        contact = contacts.find(self._account.db, number)
        if contact is None:
            return page(self._account, "Contact", element("p", f"There is no contact {number}."), status=404)
        values, tags, lists = (
            self._account.db.execute(query, (contact.id,)).fetchall() for query in (_VALUES, _TAGS, _LISTS)
        )
        return page(
            self._account,
            "Contact",
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
        )
