"""GET /contacts: filters, order, paging (reference, sections 5 and 6.3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ac_pipeline.sandbox.api import contact_shapes
from ac_pipeline.sandbox.api.side_loads import LOADERS, Shape, ids_of
from ac_pipeline.sandbox.paging import Page, page_of
from ac_pipeline.sandbox.tables import contacts
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, whole


@dataclass(frozen=True, slots=True)
class _Condition:
    """A piece of SQL; each of its marks is given the same value."""

    sql: str
    value: Callable[[str], str | int] = str

    def bound(self, asked: str) -> list[str | int]:
        """Return a value for each mark."""
        return [self.value(asked)] * self.sql.count("?")


_ANYWHERE = (
    "("
    + " or ".join(f"instr(fold({text}), ?) > 0" for text in ("first_name || ' ' || last_name", "phone", "email"))
    + ")"
)
_CONDITIONS: Mapping[str, _Condition] = {
    "email_like": _Condition("instr(fold(email), ?) > 0", str.casefold),
    "phone": _Condition("substr(phone, 1, length(?)) = ?"),
    "search": _Condition(_ANYWHERE, str.casefold),
    "exclude": _Condition("id <> ?", whole),
    "organization": _Condition("org_id = ?", whole),
    "id_greater": _Condition("id > ?", whole),
    "id_less": _Condition("id < ?", whole),
}
_TIMES = {
    "filters[created_before]": "created_at < ?",
    "filters[created_after]": "created_at > ?",
    "filters[updated_before]": "updated_at < ?",
    "filters[updated_after]": "updated_at > ?",
}
_MEMBERSHIPS = ("segmentid", "formid", "listid", "tagid", "seriesid", "waitid")
_UNKNOWN = ("segmentid", "formid", "waitid")
"""Filters by things this account has none of: any id but 0 finds nobody."""
_ORDERS = {
    "id": "id",
    "cdate": "created_at",
    "email": "email_key",
    "first_name": "fold(first_name)",
    "last_name": "fold(last_name)",
    "name": "fold(first_name || ' ' || last_name)",
    "score": "0",
}


def _search(call: Call) -> Reply:
    db, page = call.account.db, page_of(call)
    where, values = _where(call)
    found = contacts.select(db, where, values, order=_order(call), limit=page.limit, offset=page.offset)
    included = _included(call, found)
    return Reply(
        200,
        {
            "scoreValues": [],
            **included,
            "contacts": [_listed(call, contact, included) for contact in found],
            "meta": _meta(call, page, contacts.count(db, where, values)),
        },
    )


def _included(call: Call, found: Sequence[Contact]) -> dict[str, list[Shape]]:
    """Return what `include` asks for, beside the contacts."""
    names = [name for name in (call.asked("include") or "").split(",") if name in LOADERS]
    return {name: LOADERS[name](call.account, found) for name in names}


def _listed(call: Call, contact: Contact, included: Mapping[str, list[Shape]]) -> dict[str, Json]:
    extra: dict[str, Json] = {"scoreValues": [], "accountContacts": contact_shapes.account_contacts(contact)}
    extra |= {name: ids_of(contact, shapes) for name, shapes in included.items()}
    return contact_shapes.full(call.account, contact, extra=extra)


def _where(call: Call) -> tuple[str, list[str | int]]:
    conditions, values = ["true"], list[str | int]()
    email = call.asked("email")
    if email:
        conditions.append("email_key = ?")
        values.append(call.account.email_key(call.account.email(email)))
    for name, condition in _CONDITIONS.items():
        asked = call.asked(name)
        if asked:
            conditions.append(condition.sql)
            values += condition.bound(asked)
    for name, sql in _TIMES.items():
        time = call.account.time.parse(_unspaced(call.asked(name) or ""))
        if time is not None:
            conditions.append(sql)
            values.append(time)
    ids = [
        whole(part) for name, value in call.query if re.fullmatch(r"ids(\[\d*\])?", name) for part in value.split(",")
    ]
    if ids:
        conditions.append(f"id in ({', '.join('?' * len(ids))})")
        values += ids
    for sql, bound in (_by_list(call), _by_tag(call), _by_automation(call)):
        conditions.append(sql)
        values += bound
    if any(whole(call.asked(name)) for name in _UNKNOWN):
        conditions.append("false")
    return " and ".join(conditions), values


def _by_list(call: Call) -> tuple[str, list[str | int]]:
    """`listid` and `status`: the status on that list, or on any; -1 is any status."""
    number, status = whole(call.asked("listid")), _status(call)
    if not number and status < 0:
        return "true", []
    asked, values = ["contact_lists.contact = contacts.id"], list[str | int]()
    for column, value, given in (("list", number, number > 0), ("status", status, status >= 0)):
        if given:
            asked.append(f"{column} = ?")
            values.append(value)
    return f"exists (select 1 from contact_lists where {' and '.join(asked)})", values


def _by_tag(call: Call) -> tuple[str, list[str | int]]:
    number = whole(call.asked("tagid"))
    if not number:
        return "true", []
    return "exists (select 1 from contact_tags where contact_tags.contact = contacts.id and tag = ?)", [number]


def _by_automation(call: Call) -> tuple[str, list[str | int]]:
    number = whole(call.asked("seriesid"))
    if not number:
        return "true", []
    return "exists (select 1 from contact_automations entry where entry.contact = contacts.id and automation = ?)", [
        number
    ]


def _unspaced(time: str) -> str:
    """Return the time that was meant when the plus sign of its offset was not encoded."""
    return re.sub(r"(\d) (\d\d:?\d\d)$", r"\1+\2", time) if time.count(":") > 1 else time


def _order(call: Call) -> str:
    """Orders apply as they stand in the query string; without any, the newest contact comes first (a switch)."""
    terms = []
    for name, value in call.query:
        asked = re.fullmatch(r"orders\[(\w+)\]", name)
        if asked and asked[1] in _ORDERS:
            terms.append(f"{_ORDERS[asked[1]]} {'desc' if value.upper() == 'DESC' else 'asc'}")
    newest_first = call.account.switches.contact_order == "newest_first"
    return ", ".join([*terms, "id desc" if newest_first else "id"])


def _meta(call: Call, page: Page, total: int) -> dict[str, Json]:
    asked = {name: whole(call.asked(name)) for name in _MEMBERSHIPS}
    query = repr((call.account.config.seed, call.query)).encode()
    return {
        "total": call.account.total(total),
        "sortable": True,
        "page_input": {
            "segmentid": asked["segmentid"],
            "formid": asked["formid"],
            "listid": asked["listid"],
            "tagid": asked["tagid"],
            "limit": page.limit,
            "offset": page.offset,
            "search": call.asked("search"),
            "sort": None,
            "seriesid": asked["seriesid"],
            "waitid": asked["waitid"],
            "status": _status(call),
            "forceQuery": 0,
            "cacheid": hashlib.md5(query, usedforsecurity=False).hexdigest(),
        },
    }


def _status(call: Call) -> int:
    asked = call.asked("status") or ""
    return int(asked) if re.fullmatch(r"[0-3]", asked) else -1


ENDPOINTS = (Endpoint("GET", "/contacts", _search),)
