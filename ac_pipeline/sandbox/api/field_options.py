"""Options of choice fields (reference, section 7.2)."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import field_shapes
from ac_pipeline.sandbox.api.fields import field_with_id, known_field
from ac_pipeline.sandbox.tables import field_parts
from ac_pipeline.sandbox.tables.field_parts import Option
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, text, whole


def _of_field(call: Call) -> Reply:
    options = field_parts.options(call.account.db, [known_field(call).id])
    return Reply(200, {"fieldOptions": [field_shapes.option(call.account, option) for option in options]})


def known_option(call: Call) -> Option:
    """Return the option the path names; Refusal 404 when there is none."""
    option = field_parts.find_option(call.account.db, call.number())
    if option is None:
        raise refusals.not_found("FieldOption", call.number())
    return option


def _read(call: Call) -> Reply:
    return Reply(200, {"fieldOption": field_shapes.option(call.account, known_option(call))})


def _change(call: Call) -> Reply:
    """Undocumented; assumed to work as PUT of other objects does."""
    option, sent = known_option(call), call.wrapped("fieldOption")
    columns: dict[str, str | int] = {name: text(sent[name]) for name in ("label", "value") if name in sent}
    if "orderid" in sent:
        columns["orderid"] = whole(sent["orderid"])
    field_parts.change_option(call.account.db, option.id, columns, call.account.clock.microseconds())
    return _read(call)


def _delete(call: Call) -> Reply:
    option = known_option(call)
    if call.account.switches.option_delete == "masked_failure":
        return refusals.masked_failure()
    field_parts.remove_option(call.account.db, option.id)
    return Reply(200, {})


def _create_many(call: Call) -> Reply:
    sent = call.document().get("fieldOptions")
    if not isinstance(sent, list) or not all(isinstance(option, dict) for option in sent):
        raise refusals.no_options()
    return Reply(call.account.status(new=True), {"fieldOptions": [_create(call, option) for option in sent]})


def _create(call: Call, sent: Mapping[str, object]) -> dict[str, Json]:
    """Create one option; order and default come back, as numbers, only when they were sent."""
    field = field_with_id(call, whole(sent.get("field")))
    label, value = text(sent.get("label")), text(sent.get("value"))
    isdefault = int(text(sent.get("isdefault")) not in ("", "0"))
    draft = Option(0, field.id, label, value, whole(sent.get("orderid")), isdefault, 0, 0)
    shape = field_shapes.option(
        call.account, field_parts.add_option(call.account.db, draft, call.account.clock.microseconds())
    )
    echoed: dict[str, Json] = {"orderid": draft.orderid, "isdefault": isdefault}
    return {key: echoed.get(key, value) for key, value in shape.items() if key not in echoed or key in sent}


ENDPOINTS = (
    Endpoint("GET", "/fields/{id}/options", _of_field),
    Endpoint("POST", "/fieldOption/bulk", _create_many),
    Endpoint("GET", "/fieldOptions/{id}", _read),
    Endpoint("PUT", "/fieldOptions/{id}", _change),
    Endpoint("DELETE", "/fieldOptions/{id}", _delete),
)
