"""Lists, and the groups of users that see them (reference, section 9)."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.sandbox import filters, refusals
from ac_pipeline.sandbox.api import list_shapes
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import lists
from ac_pipeline.sandbox.tables.lists import ListGroup, MailingList
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, text, whole


def known_list(call: Call) -> MailingList:
    """Return the list the path names; Refusal 404 when there is none."""
    return list_with_id(call, call.number())


def list_with_id(call: Call, number: int) -> MailingList:
    """Return a list by id; Refusal 404 when there is none."""
    row = lists.find(call.account.db, number)
    if row is None:
        raise refusals.not_found("_List", number)
    return row


def known_list_group(call: Call) -> ListGroup:
    """Return the association the path names; Refusal 404 when there is none."""
    row = lists.find_group(call.account.db, call.number())
    if row is None:
        raise refusals.not_found("ListGroup", call.number())
    return row


def _list(call: Call) -> Reply:
    where, values = filters.conditions(call, {"name": "name"}, plain="eq")
    page = page_of(call)
    found, total = lists.select(
        call.account.db,
        where,
        values,
        order=filters.order(call, {"name": "fold(name)"}, "id"),
        limit=page.limit,
        offset=page.offset,
    )
    shapes = [list_shapes.listed(call.account, row) for row in found]
    return Reply(200, {"lists": shapes, "meta": {"total": call.account.total(total)}})


def _read(call: Call) -> Reply:
    return Reply(200, {"list": list_shapes.listed(call.account, known_list(call))})


def _create(call: Call) -> Reply:
    sent = call.wrapped("list")
    columns = _columns(sent)
    if not all(columns.get(name) for name in lists.REQUIRED):
        raise refusals.list_incomplete()
    row = lists.add(call.account.db, columns, call.account.clock.microseconds())
    echo: dict[str, Json] = {name: text(sent[name]) for name in (*lists.REQUIRED, *lists.OPTIONAL) if name in sent}
    return Reply(call.account.status(new=True), {"list": list_shapes.created(call.account, row, echo)})


def _change(call: Call) -> Reply:
    """Recorded as a failure that looks like a success; undocumented."""
    row = known_list(call)
    if call.account.switches.list_update == "masked_failure":
        return refusals.masked_failure()
    columns = _columns(call.wrapped("list"))
    changed = lists.change(call.account.db, row.id, columns, call.account.clock.microseconds())
    return Reply(200, {"list": list_shapes.listed(call.account, changed)})


def _delete(call: Call) -> Reply:
    lists.remove(call.account.db, known_list(call).id)
    return Reply(200, {})


def _columns(sent: Mapping[str, object]) -> dict[str, str | int]:
    columns: dict[str, str | int] = {
        name: text(sent[name]) for name in (*lists.REQUIRED, *lists.OPTIONAL) if sent.get(name) is not None
    }
    if columns.get("send_last_broadcast") == "":
        columns["send_last_broadcast"] = "0"
    if whole(sent.get("user")):
        columns["user"] = whole(sent["user"])
    return columns


def _list_groups(call: Call) -> Reply:
    page = page_of(call)
    rows, total = lists.select_groups(call.account.db, limit=page.limit, offset=page.offset)
    shapes = [list_shapes.group(call.account, row) for row in rows]
    return Reply(200, {"listGroups": shapes, "meta": {"total": call.account.total(total)}})


def _read_group(call: Call) -> Reply:
    return Reply(200, {"listGroup": list_shapes.group(call.account, known_list_group(call))})


def _add_group(call: Call) -> Reply:
    sent = call.wrapped("listGroup")
    number, group = sent.get("listid"), sent.get("groupid")
    row, new = lists.add_group(call.account.db, list_with_id(call, whole(number)).id, whole(group))
    echo: dict[str, Json] = {"list": text(number), "group": text(group)}
    if isinstance(number, int):
        echo = {"list": row.list, "group": row.group_id}
    shape = {**echo, "links": list_shapes.group_links(call.account, row), "id": str(row.id)}
    return Reply(call.account.status(new=new), {"listGroup": shape})


def _remove_group(call: Call) -> Reply:
    lists.remove_group(call.account.db, known_list_group(call).id)
    return Reply(200, {})


ENDPOINTS = (
    Endpoint("GET", "/lists", _list),
    Endpoint("POST", "/lists", _create),
    Endpoint("GET", "/lists/{id}", _read),
    Endpoint("PUT", "/lists/{id}", _change),
    Endpoint("DELETE", "/lists/{id}", _delete),
    Endpoint("GET", "/listGroups", _list_groups),
    Endpoint("POST", "/listGroups", _add_group),
    Endpoint("GET", "/listGroups/{id}", _read_group),
    Endpoint("DELETE", "/listGroups/{id}", _remove_group),
)
