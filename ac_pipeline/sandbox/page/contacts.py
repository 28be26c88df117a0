"""The contacts, searched and paged."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.markup import Child, Markup, element, joined, table
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.page.layout import live, page
from ac_pipeline.sandbox.tables import contacts
from ac_pipeline.sandbox.tables.contacts import Contact

_ON_A_PAGE = 50
_FOUND = "instr(fold(email || ' ' || first_name || ' ' || last_name || ' ' || phone), ?) > 0"
_TAGS = (
    "select contact, tags.tag from contact_tags join tags on tags.id = contact_tags.tag"
    " where contact in ({}) order by tags.tag"
)
_LISTS = (
    "select contact, lists.name from contact_lists join lists on lists.id = contact_lists.list"
    " where contact in ({}) and status = 1 order by lists.name"
)


class ContactsPage:
    """`/?search=&page=`: newest contacts first."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def show(self, request: Request) -> Response:
        """Answer one request."""
        search = request.query_params.get("search", "").strip()
        asked = request.query_params.get("page", "")
        number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1
        db = self._account.db
        total = contacts.count(db, _FOUND, [search.casefold()])
        found = contacts.select(
            db, _FOUND, [search.casefold()], order="id desc", limit=_ON_A_PAGE, offset=(number - 1) * _ON_A_PAGE
        )
        form = element(
            "form",
            element("label", "Search", element("input", type="search", name="search", value=search)),
            method="get",
            action="/",
        )
        heads = ("E-mail", "Name", "Phone", "Tags", "Lists", "Changed")
        listed = table(f"Contacts found: {total:,}", heads, self._rows(found))
        return page(self._account, "Contacts", form, live("contacts", listed, _pager(search, number, total)))

    def _rows(self, found: Sequence[Contact]) -> list[tuple[Child, ...]]:
        ids = [contact.id for contact in found]
        tags, lists = _names(self._account.db, _TAGS, ids), _names(self._account.db, _LISTS, ids)
        return [
            (
                element("a", contact.email, href=f"/contact/{contact.id}"),
                f"{contact.first_name} {contact.last_name}",
                contact.phone,
                _chips(tags.get(contact.id, [])),
                _chips(lists.get(contact.id, [])),
                self._account.time.plain(contact.updated_at),
            )
            for contact in found
        ]


def _names(db: sqlite3.Connection, query: str, ids: Sequence[int]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    for contact, name in db.execute(query.format(", ".join("?" * len(ids))), ids):
        names.setdefault(contact, []).append(name)
    return names


def _chips(names: Sequence[str]) -> Markup:
    return joined(*(element("span", name, class_="chip") for name in names))


def _pager(search: str, number: int, total: int) -> Markup:
    last = max(1, -(-total // _ON_A_PAGE))
    links = [
        element("a", text, " ", href="/?" + urlencode({"search": search, "page": target}))
        for text, target in (("Newer", number - 1), ("Older", number + 1))
        if 1 <= target <= last
    ]
    return element("p", f"Page {number} of {last} ", *links)
