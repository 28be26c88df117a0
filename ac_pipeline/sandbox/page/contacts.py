"""The contacts, searched and paged."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ac_pipeline.sandbox.account import Account
from ac_pipeline.markup import Markup, element, table
from ac_pipeline.sandbox.page.layout import page
from ac_pipeline.sandbox.tables import contacts

_ON_A_PAGE = 50
_FOUND = "instr(fold(email || ' ' || first_name || ' ' || last_name || ' ' || phone), ?) > 0"


class ContactsPage:
    """`/?search=&page=`: newest contacts first."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def show(self, request: Request) -> Response:
        """Answer one request."""
        search = request.query_params.get("search", "").strip()
        asked = request.query_params.get("page", "")
        number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1
        total = contacts.count(self._account.db, _FOUND, [search.casefold()])
        found = contacts.select(
            self._account.db,
            _FOUND,
            [search.casefold()],
            order="id desc",
            limit=_ON_A_PAGE,
            offset=(number - 1) * _ON_A_PAGE,
        )
        rows = [
            (
                element("a", contact.email, href=f"/contact/{contact.id}"),
                contact.first_name,
                contact.last_name,
                contact.phone,
                self._account.time.plain(contact.updated_at),
            )
            for contact in found
        ]
        heads = ("E-mail", "First name", "Last name", "Phone", "Changed")
        form = element(
            "form",
            element("label", "Search ", element("input", type="search", name="search", value=search)),
            method="get",
            action="/",
        )
        return page(
            self._account,
            "Contacts",
            element("p", form),
            table(f"Contacts found: {total:,}", heads, [*rows]),
            _pager(search, number, total),
        )


def _pager(search: str, number: int, total: int) -> Markup:
    last = max(1, -(-total // _ON_A_PAGE))
    links = [
        element("a", text, " ", href="/?" + urlencode({"search": search, "page": target}))
        for text, target in (("Newer", number - 1), ("Older", number + 1))
        if 1 <= target <= last
    ]
    return element("p", f"Page {number} of {last} ", *links)
