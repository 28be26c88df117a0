"""What hangs on a contact: bare arrays without `meta`, never paged (reference, section 2)."""

from __future__ import annotations

from collections.abc import Callable

from ac_pipeline.sandbox.api import field_value_shapes
from ac_pipeline.sandbox.api.contacts import known_contact
from ac_pipeline.sandbox.tables import field_values
from ac_pipeline.sandbox.wire import Call, Endpoint, Reply

_EMPTY = (
    "bounceLogs",
    "contactAutomations",
    "contactGoals",
    "contactLists",
    "contactLogs",
    "contactTags",
    "contactDeals",
    "deals",
    "geoIps",
    "notes",
    "trackingLogs",
    "scoreValues",
    "accountContacts",
    "automationEntryCounts",
)


def _values(call: Call) -> Reply:
    rows = field_values.of_contact(call.account.db, known_contact(call).id)
    return Reply(200, {"fieldValues": [field_value_shapes.full(call.account, row) for row in rows]})


def _nothing(name: str) -> Callable[[Call], Reply]:
    def handle(call: Call) -> Reply:
        known_contact(call)
        return Reply(200, {name: []})

    return handle


ENDPOINTS = (
    Endpoint("GET", "/contacts/{id}/fieldValues", _values),
    *(Endpoint("GET", f"/contacts/{{id}}/{name}", _nothing(name)) for name in _EMPTY),
)
