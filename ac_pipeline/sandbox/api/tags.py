"""Tags (reference, section 8.1)."""

from __future__ import annotations

from ac_pipeline.sandbox import filters, refusals
from ac_pipeline.sandbox.api import tag_shapes
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import tags
from ac_pipeline.sandbox.tables.tags import Tag
from ac_pipeline.sandbox.wire import Call, Endpoint, Reply, text

_COLUMNS = {"search": "tag"}


def known_tag(call: Call) -> Tag:
    """Return the tag the path names; Refusal 404 when there is none."""
    return tag_with_id(call, call.number())


def tag_with_id(call: Call, number: int) -> Tag:
    """Return a tag by id; Refusal 404 when there is none."""
    tag = tags.find(call.account.db, number)
    if tag is None:
        raise refusals.not_found("Tag", number)
    return tag


def _list(call: Call) -> Reply:
    """List tags that have a type; `filters[search]` filters only with an operator (probed)."""
    where, values = filters.conditions(call, _COLUMNS)
    search = call.asked("search")
    if search:
        values.append(search.casefold())
        where += f" and instr(fold(tag), ?{len(values)}) > 0"
    page = page_of(call)
    found, total = tags.select(
        call.account.db,
        f"type <> '' and {where}",
        values,
        order=filters.order(call, {"search": "fold(tag)"}, "id"),
        limit=page.limit,
        offset=page.offset,
    )
    shapes = [tag_shapes.listed(call.account, tag) for tag in found]
    return Reply(200, {"tags": shapes, "meta": {"total": call.account.total(total)}})


def _read(call: Call) -> Reply:
    return Reply(200, {"tag": tag_shapes.listed(call.account, known_tag(call))})


def _create(call: Call) -> Reply:
    """Create a tag: 201, or 200 and the existing one (the sources disagree: D4)."""
    account, sent = call.account, call.wrapped("tag")
    name = text(sent.get("tag"))
    if not name.strip():
        raise refusals.tag_missing()
    existing = tags.find_key(account.db, account.tag_key(name))
    if existing is not None and account.switches.duplicate_tag == "refused":
        raise refusals.tag_duplicate()
    number = existing or tags.add(
        account.db,
        name,
        account.tag_key(name),
        text(sent.get("tagType")),
        text(sent.get("description")),
        account.clock.microseconds(),
    )
    shape = tag_shapes.written(account, tag_with_id(call, number))
    return Reply(account.status(new=existing is None), {"tag": shape})


def _change(call: Call) -> Reply:
    account, tag, sent = call.account, known_tag(call), call.wrapped("tag")
    columns = {column: text(sent[key]) for key, column in _SETTABLE.items() if key in sent}
    if "tag" in columns:
        if not columns["tag"].strip():
            raise refusals.tag_missing()
        columns["tag_key"] = account.tag_key(columns["tag"])
        if tags.find_key(account.db, columns["tag_key"]) not in (None, tag.id):
            raise refusals.tag_duplicate()
    tags.change(account.db, tag.id, columns, account.clock.microseconds())
    return Reply(200, {"tag": tag_shapes.listed(account, tag_with_id(call, tag.id))})


def _delete(call: Call) -> Reply:
    if not tags.remove(call.account.db, call.number()):
        raise refusals.not_found("Tag", call.number())
    return Reply(200, {})


_SETTABLE = {"tag": "tag", "tagType": "type", "description": "description"}

ENDPOINTS = (
    Endpoint("GET", "/tags", _list),
    Endpoint("POST", "/tags", _create),
    Endpoint("GET", "/tags/{id}", _read),
    Endpoint("PUT", "/tags/{id}", _change),
    Endpoint("DELETE", "/tags/{id}", _delete),
)
