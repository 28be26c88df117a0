"""Custom fields (reference, section 7.1)."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import field_shapes
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import field_parts, fields
from ac_pipeline.sandbox.tables.fields import Field
from ac_pipeline.sandbox.wire import Call, Endpoint, Reply, text, whole


def known_field(call: Call) -> Field:
    """Return the field the path names; Refusal 404 when there is none."""
    return field_with_id(call, call.number())


def field_with_id(call: Call, number: int) -> Field:
    """Return a field by id; Refusal 404 when there is none."""
    field = fields.find(call.account.db, number)
    if field is None:
        raise refusals.not_found("Field", number)
    return field


def _list(call: Call) -> Reply:
    db, page = call.account.db, page_of(call, default=100)
    found, total = fields.select(db, perstag=call.asked("filters[perstag]"), limit=page.limit, offset=page.offset)
    ids = [field.id for field in found]
    options, relations = field_parts.options(db, ids), field_parts.relations(db, ids)
    return Reply(
        200,
        {
            "fieldOptions": [field_shapes.option(call.account, option) for option in options],
            "fieldRels": [field_shapes.relation(call.account, relation) for relation in relations],
            "fields": [field_shapes.listed(call.account, field, options, relations) for field in found],
            "meta": {"total": call.account.total(total), "selected": None},
        },
    )


def _read(call: Call) -> Reply:
    field = known_field(call)
    options = field_parts.options(call.account.db, [field.id])
    relations = field_parts.relations(call.account.db, [field.id])
    return Reply(
        200,
        {
            "fieldOptions": [field_shapes.option(call.account, option) for option in options],
            "fieldRels": [field_shapes.relation(call.account, relation) for relation in relations],
            "field": field_shapes.listed(call.account, field, options, relations),
        },
    )


def _create(call: Call) -> Reply:
    columns = _sent(call)
    title = _free_title(call, columns, None)
    columns.setdefault("type", "")
    columns["perstag"] = columns.get("perstag") or fields.derived_perstag(title)
    taken = fields.find_perstag(call.account.db, str(columns["perstag"])) is not None
    if taken and call.account.switches.duplicate_perstag == "refused":
        raise refusals.perstag_duplicate()
    field = fields.add(call.account.db, columns, call.account.clock.microseconds())
    return Reply(call.account.status(new=True), {"field": field_shapes.created(call.account, field)})


def _change(call: Call) -> Reply:
    field, columns = known_field(call), _sent(call)
    if "title" in columns:
        _free_title(call, columns, field.id)
    if not columns.get("perstag", "kept"):
        del columns["perstag"]
    changed = fields.change(call.account.db, field.id, columns, call.account.clock.microseconds())
    return Reply(200, {"field": field_shapes.listed(call.account, changed, [], [])})


def _delete(call: Call) -> Reply:
    if not fields.remove(call.account.db, call.number()):
        raise refusals.not_found("Field", call.number())
    return Reply(200, {})


def _sent(call: Call) -> dict[str, str | int | None]:
    """Read the columns in the body; a tag is normalised."""
    sent: Mapping[str, object] = call.wrapped("field")
    columns: dict[str, str | int | None] = {
        name: text(sent[name]) for name in ("title", "type", *fields.SETTABLE) if name in sent
    }
    if "perstag" in sent:
        columns["perstag"] = fields.given_perstag(text(sent["perstag"]))
    if whole(sent.get("ordernum")):
        columns["ordernum"] = whole(sent["ordernum"])
    return columns


def _free_title(call: Call, columns: Mapping[str, str | int | None], own: int | None) -> str:
    title = str(columns.get("title", ""))
    if not title.strip():
        raise refusals.title_missing()
    existing = fields.find_title(call.account.db, title)
    if existing is not None and existing.id != own:
        raise refusals.title_duplicate(title)
    return title


ENDPOINTS = (
    Endpoint("GET", "/fields", _list),
    Endpoint("POST", "/fields", _create),
    Endpoint("GET", "/fields/{id}", _read),
    Endpoint("PUT", "/fields/{id}", _change),
    Endpoint("DELETE", "/fields/{id}", _delete),
)
