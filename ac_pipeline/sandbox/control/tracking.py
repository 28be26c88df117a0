"""The control API for events and automations: what arrived, and the automations a marketer would make."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.clock import moment
from ac_pipeline.sandbox.tables import automations, contacts, tracked


class TrackingControl:
    """Answers for one account; what it is sent wrongly is answered with 400 and a sentence."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def events(self, _request: Request) -> Response:
        """All events and visits, oldest first; `contact` is null while nobody has the address."""
        listed = [
            {
                "id": str(row.id),
                "contact": None if row.contact is None else str(row.contact),
                "email": row.email,
                "type": row.type,
                "value": row.value,
                "referrer": row.referrer,
                "time": moment(row.created_at).isoformat(),
            }
            for row in reversed(tracked.latest(self._account.db, -1))
        ]
        return JSONResponse({"events": listed})

    async def automations(self, _request: Request) -> Response:
        """All automations with the contacts in them, once for each time they entered."""
        db = self._account.db
        found, _ = automations.select(db)
        entries, _ = automations.select_enrolments(db)
        emails = {contact.id: contact.email for contact in contacts.select(db)}
        listed = [
            {
                "id": str(row.id),
                "name": row.name,
                "active": row.status == automations.ACTIVE,
                "entered": row.entered,
                "contacts": [
                    {"id": str(entry.contact), "email": emails[entry.contact]}
                    for entry in entries
                    if entry.automation == row.id
                ],
            }
            for row in found
        ]
        return JSONResponse({"automations": listed})

    async def add_automation(self, request: Request) -> Response:
        """Make an automation: `{"name": …, "active": true, "once": false}`; answers with its id."""
        try:
            sent = json.loads(await request.body())
        except ValueError:
            sent = None
        name = sent.get("name") if isinstance(sent, dict) else None
        if not isinstance(name, str) or not name.strip():
            return JSONResponse({"message": "An automation has a name."}, 400)
        status = automations.ACTIVE if sent.get("active", True) else automations.INACTIVE
        again = 0 if sent.get("once", False) else 1
        made = automations.add(self._account.db, name, status, again, self._account.clock.microseconds())
        return JSONResponse({"id": str(made.id)})
