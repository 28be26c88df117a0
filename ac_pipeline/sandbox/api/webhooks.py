"""Webhooks are kept, never called (reference, section 14)."""

from __future__ import annotations

import json

from ac_pipeline.sandbox import filters, refusals
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import webhooks
from ac_pipeline.sandbox.tables.webhooks import Webhook
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, text, whole

_EVENTS = (
    *("bounce", "click", "contact_tag_added", "contact_tag_removed", "deal_add", "deal_note_add"),
    *("deal_pipeline_add", "deal_stage_add", "deal_task_add", "deal_task_complete", "deal_tasktype_add"),
    *("deal_update", "forward", "list_add", "open", "reply", "sent", "share", "sms_reply", "sms_sent"),
    *("sms_unsub", "subscribe", "subscriber_note", "unsubscribe", "update"),
)
_COLUMNS = {"name": "name", "url": "url", "listid": "cast(listid as text)"}


def _list(call: Call) -> Reply:
    where, values = filters.conditions(call, _COLUMNS, plain="eq")
    page = page_of(call)
    rows, total = webhooks.select(call.account.db, where, values, limit=page.limit, offset=page.offset)
    shapes = [_shape(call, row) for row in rows]
    return Reply(200, {"webhooks": shapes, "meta": {"total": call.account.total(total)}})


def _create(call: Call) -> Reply:
    row = webhooks.add(call.account.db, _sent(call), call.account.clock.microseconds())
    return Reply(call.account.status(new=True), {"webhook": _shape(call, row)})


def _read(call: Call) -> Reply:
    return Reply(200, {"webhook": _shape(call, _known(call))})


def _change(call: Call) -> Reply:
    webhooks.change(call.account.db, _known(call).id, _sent(call))
    return _read(call)


def _delete(call: Call) -> Reply:
    webhooks.remove(call.account.db, _known(call).id)
    return Reply(200, {})


def _events(_call: Call) -> Reply:
    return Reply(200, {"webhookEvents": list(_EVENTS), "meta": {"total": len(_EVENTS)}})


def _known(call: Call) -> Webhook:
    row = webhooks.find(call.account.db, call.number())
    if row is None:
        raise refusals.not_found("Webhook", call.number())
    return row


def _sent(call: Call) -> dict[str, str | int]:
    sent = call.wrapped("webhook")
    columns: dict[str, str | int] = {name: text(sent[name]) for name in ("name", "url") if name in sent}
    for name in ("events", "sources"):
        value = sent.get(name)
        if isinstance(value, list):
            columns[name] = json.dumps([text(part) for part in value])
    if "listid" in sent:
        columns["listid"] = whole(sent["listid"])
    return columns


def _shape(call: Call, row: Webhook) -> dict[str, Json]:
    return {
        "cdate": call.account.time.iso(row.created_at),
        "listid": str(row.listid),
        "name": row.name,
        "url": row.url,
        "events": row.events,
        "sources": row.sources,
        "links": [],
        "id": str(row.id),
    }


ENDPOINTS = (
    Endpoint("GET", "/webhooks", _list),
    Endpoint("POST", "/webhooks", _create),
    Endpoint("GET", "/webhooks/{id}", _read),
    Endpoint("PUT", "/webhooks/{id}", _change),
    Endpoint("DELETE", "/webhooks/{id}", _delete),
    Endpoint("GET", "/webhook/events", _events),
)
