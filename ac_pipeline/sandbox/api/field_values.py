"""Custom field values one at a time, and the search by value (reference, section 7.3)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import contact_shapes, field_value_shapes
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import contacts, field_values, fields
from ac_pipeline.sandbox.tables.field_values import FieldValue
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, text, whole


def _search(call: Call) -> Reply:
    conditions, bound = ["true"], list[str | int]()
    field, value = call.asked("filters[fieldid]"), call.asked("filters[val]")
    if field is not None:
        conditions.append("field = ?")
        bound.append(whole(field))
    if value is not None:
        conditions.append("value = ?")
        bound.append(value)
    page = page_of(call)
    rows, total = field_values.select(
        call.account.db, " and ".join(conditions), bound, limit=page.limit, offset=page.offset
    )
    shapes = [field_value_shapes.full(call.account, row) for row in rows]
    return Reply(200, {"fieldValues": shapes, "meta": {"total": call.account.total(total)}})


def _read(call: Call) -> Reply:
    return Reply(200, {"fieldValue": field_value_shapes.full(call.account, known_value(call))})


def _write(call: Call) -> Reply:
    """Set a value; 201 for a new row, 200 for one that existed (the sources disagree: D2)."""
    sent = call.wrapped("fieldValue")
    number = whole(sent.get("contact"))
    if contacts.find(call.account.db, number) is None:
        raise refusals.not_found("Subscriber", number)
    now = call.account.clock.microseconds()
    field = fields.find(call.account.db, whole(sent.get("field")))
    if field is None:
        raise refusals.field_invalid()
    value = text(sent.get("value"))[: call.account.switches.text_limit]
    row, new = field_values.write(call.account.db, number, field, value, now, call.account.time)
    if call.document().get("useDefaults") is True:
        field_values.add_defaults(call.account.db, number, now)
    contact = contacts.change(call.account.db, number, {}, now)
    body: dict[str, Json] = {
        "contacts": [contact_shapes.full(call.account, contact)],
        "fieldValue": field_value_shapes.written(call.account, row),
    }
    return Reply(call.account.status(new=new), body)


def _change(call: Call) -> Reply:
    known_value(call)
    return Reply(200, _write(call).body)


def _delete(call: Call) -> Reply:
    field_values.remove(call.account.db, known_value(call).id)
    return Reply(200, {})


def known_value(call: Call) -> FieldValue:
    """Return the value row the path names; Refusal 404 when there is none."""
    row = field_values.find(call.account.db, call.number())
    if row is None:
        raise refusals.not_found("FieldValue", call.number())
    return row


ENDPOINTS = (
    Endpoint("GET", "/fieldValues", _search),
    Endpoint("POST", "/fieldValues", _write),
    Endpoint("GET", "/fieldValues/{id}", _read),
    Endpoint("PUT", "/fieldValues/{id}", _change),
    Endpoint("DELETE", "/fieldValues/{id}", _delete),
)
