"""Custom field values one at a time, and the search by value (reference, section 7.3)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import contact_shapes, field_value_shapes
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import contacts, field_values
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
    return Reply(200, {"fieldValues": shapes, "meta": {"total": str(total)}})


def _read(call: Call) -> Reply:
    return Reply(200, {"fieldValue": field_value_shapes.full(call.account, _known(call))})


def _write(call: Call) -> Reply:
    """Set a value; 201 for a new row, 200 for one that existed (the sources disagree: D2)."""
    sent = call.wrapped("fieldValue")
    number = whole(sent.get("contact"))
    if contacts.find(call.account.db, number) is None:
        raise refusals.not_found("Subscriber", number)
    now = call.account.clock.microseconds()
    written = field_values.write(
        call.account.db, number, whole(sent.get("field")), text(sent.get("value")), now, call.account.time
    )
    if written is None:
        raise refusals.field_invalid()
    row, new = written
    contact = contacts.change(call.account.db, number, {}, now)
    body: dict[str, Json] = {
        "contacts": [contact_shapes.full(call.account, contact)],
        "fieldValue": field_value_shapes.written(call.account, row),
    }
    return Reply(201 if new else 200, body)


def _change(call: Call) -> Reply:
    _known(call)
    return Reply(200, _write(call).body)


def _delete(call: Call) -> Reply:
    field_values.remove(call.account.db, _known(call).id)
    return Reply(200, {})


def _known(call: Call) -> FieldValue:
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
