"""Automations; only the control API can make them, as only people can in the service (reference, section 11)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import automation_shapes
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import automations
from ac_pipeline.sandbox.tables.automations import Automation
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply


def known_automation(call: Call, number: int) -> Automation:
    """Return an automation by id; Refusal 404 when there is none."""
    row = automations.find(call.account.db, number)
    if row is None:
        raise refusals.not_found("Series", number)
    return row


def _list(call: Call) -> Reply:
    page = page_of(call)
    rows, total = automations.select(call.account.db, limit=page.limit, offset=page.offset)
    starts: Json = [{"id": str(row.id), "series": str(row.id), "type": "subscribe"} for row in rows]
    meta: Json = {"total": call.account.total(total), "starts": starts, "filtered": False, "smsLogs": []}
    return Reply(200, {"automations": [automation_shapes.automation(call.account, row) for row in rows], "meta": meta})


def _read(call: Call) -> Reply:
    """Described as a list of several; one, as all other objects have it, is assumed."""
    return Reply(200, {"automation": automation_shapes.automation(call.account, known_automation(call, call.number()))})


ENDPOINTS = (
    Endpoint("GET", "/automations", _list),
    Endpoint("GET", "/automations/{id}", _read),
)
