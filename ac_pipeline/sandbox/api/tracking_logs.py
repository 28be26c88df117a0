"""What was tracked of a contact (reference, section 12)."""

from __future__ import annotations

import hashlib

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api import contact_shapes
from ac_pipeline.sandbox.api.contact_lists import contact_with_id
from ac_pipeline.sandbox.api.contacts import known_contact
from ac_pipeline.sandbox.tables import tracked
from ac_pipeline.sandbox.tables.tracked import Tracked
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply

_SECOND = 1_000_000


def _of_contact(call: Call) -> Reply:
    """All of them, without `meta`, oldest first, as in the description's sample."""
    account = call.account
    rows = tracked.of_contact(account.db, known_contact(call).id)
    return Reply(200, {"trackingLogs": [_shape(account, row) for row in rows if _is_logged(account, row)]})


def _contact(call: Call) -> Reply:
    row = tracked.find(call.account.db, call.number())
    if row is None or row.contact is None:
        raise refusals.not_found("TrackingLog", call.number())
    return Reply(200, {"contact": contact_shapes.full(call.account, contact_with_id(call, row.contact))})


def _is_logged(account: Account, row: Tracked) -> bool:
    if row.type == tracked.VISIT and not account.switches.visits_logged:
        return False
    return account.clock.microseconds() - row.created_at >= account.switches.event_latency * _SECOND


def _shape(account: Account, row: Tracked) -> dict[str, Json]:
    number = f"{account.config.seed}:{row.id}".encode()
    return {
        "subscriberid": str(row.contact),
        "type": row.type,
        "value": row.value,
        "tstamp": account.time.iso(row.created_at),
        "hash": hashlib.sha1(number, usedforsecurity=False).hexdigest(),
        "links": {"contact": account.link(f"trackingLogs/{row.id}/contact")},
        "id": str(row.id),
        "contact": str(row.contact),
    }


ENDPOINTS = (
    Endpoint("GET", "/contacts/{id}/trackingLogs", _of_contact),
    Endpoint("GET", "/trackingLogs/{id}/contact", _contact),
)
