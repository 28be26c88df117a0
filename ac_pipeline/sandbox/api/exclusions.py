"""Addresses that may not be imported; read only here (reference, section 10.2)."""

from __future__ import annotations

from ac_pipeline.sandbox.tables import exclusions
from ac_pipeline.sandbox.tables.exclusions import Exclusion
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Refusal, Reply


def _list(call: Call) -> Reply:
    rows = exclusions.everything(call.account.db)
    return Reply(200, {"exclusions": [_shape(row) for row in rows], "meta": {"total": len(rows)}})


def _read(call: Call) -> Reply:
    row = next((row for row in exclusions.everything(call.account.db) if row.id == call.number()), None)
    if row is None:
        raise Refusal(Reply(404, {"message": f"Exclusion not found [id={call.number()}]"}))
    return Reply(200, _shape(row))


def _shape(row: Exclusion) -> dict[str, Json]:
    return {
        "id": str(row.id),
        "matchPhrase": row.phrase,
        "matchType": row.match_type,
        "channel": "all",
        "hidden": False,
        "lists": [],
    }


ENDPOINTS = (Endpoint("GET", "/lists/exclusions", _list), Endpoint("GET", "/lists/exclusions/{id}", _read))
