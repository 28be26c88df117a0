"""Relations of fields to lists (reference, section 7.2)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import field_shapes
from ac_pipeline.sandbox.api.fields import field_with_id, known_field
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import field_parts
from ac_pipeline.sandbox.wire import Call, Endpoint, Reply, whole


def _of_field(call: Call) -> Reply:
    relations = field_parts.relations(call.account.db, [known_field(call).id])
    return Reply(200, {"fieldRels": [field_shapes.relation(call.account, row) for row in relations]})


def _create(call: Call) -> Reply:
    sent = call.wrapped("fieldRel")
    field = field_with_id(call, whole(sent.get("field")))
    now = call.account.clock.microseconds()
    relation, new = field_parts.add_relation(call.account.db, field.id, whole(sent.get("relid")), now)
    shape = {
        "relid": str(relation.relid),
        "field": str(relation.field),
        "cdate": call.account.time.iso(relation.created_at),
        "links": list[str](),
        "id": str(relation.id),
    }
    return Reply(call.account.status(new=new), {"fieldRel": shape})


def _list(call: Call) -> Reply:
    page = page_of(call)
    rows, total = field_parts.select_relations(call.account.db, limit=page.limit, offset=page.offset)
    shapes = [field_shapes.relation(call.account, row) for row in rows]
    return Reply(200, {"fieldRels": shapes, "meta": {"total": call.account.total(total)}})


def _read(call: Call) -> Reply:
    relation = field_parts.find_relation(call.account.db, call.number())
    if relation is None:
        raise refusals.not_found("FieldRel", call.number())
    return Reply(200, {"fieldRel": field_shapes.relation(call.account, relation)})


def _delete(call: Call) -> Reply:
    if not field_parts.remove_relation(call.account.db, call.number()):
        raise refusals.not_found("FieldRel", call.number())
    return Reply(200, {})


ENDPOINTS = (
    Endpoint("GET", "/fields/{id}/relations", _of_field),
    Endpoint("GET", "/fieldRels", _list),
    Endpoint("POST", "/fieldRels", _create),
    Endpoint("GET", "/fieldRels/{id}", _read),
    Endpoint("DELETE", "/fieldRels/{id}", _delete),
)
