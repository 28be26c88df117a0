"""The control API below /sandbox, for tests and people: what arrived, what is there, start anew."""

from __future__ import annotations

import re
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.clock import moment
from ac_pipeline.sandbox.database import clear, transaction
from ac_pipeline.sandbox.local import Handler, same_site_only
from ac_pipeline.sandbox.tables import contacts, field_parts, fields, requests

_LISTED = 1000
"""Requests listed when no `limit` is given."""


class Control:
    """Answers the control API of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def requests(self, request: Request) -> Response:
        """The log in numbers, and its newest requests: `?limit=`, -1 for all."""
        limit = request.query_params.get("limit", "")
        known_limit = re.fullmatch(r"-1|[0-9]{1,9}", limit)
        rows = requests.latest(self._account.db, int(limit) if known_limit else _LISTED)
        listed = []
        for number, row in rows:
            known = asdict(row)
            arrived, duration = known.pop("arrived_at"), known.pop("duration_us")
            known |= {"throttled": bool(row.throttled), "duration_ms": duration / 1000}
            listed.append({"id": number, "time": moment(arrived).isoformat(), **known})
        return JSONResponse({**asdict(requests.summary(self._account.db)), "requests": listed})

    async def forget_requests(self, _request: Request) -> Response:
        """Empty the log; the account stays as it is."""
        requests.forget(self._account.db)
        return JSONResponse({})

    async def contacts(self, _request: Request) -> Response:
        """All contacts by id, with their field values by title."""
        db = self._account.db
        values: dict[int, dict[str, str]] = {}
        query = (
            "select contact, title, value from field_values join fields on fields.id = field order by contact, title"
        )
        for contact, title, value in db.execute(query):
            values.setdefault(contact, {})[title] = value
        listed = [
            {
                "id": str(contact.id),
                "email": contact.email,
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "phone": contact.phone,
                "created_at": moment(contact.created_at).isoformat(),
                "updated_at": moment(contact.updated_at).isoformat(),
                "fields": values.get(contact.id, {}),
            }
            for contact in contacts.select(db)
        ]
        return JSONResponse({"contacts": listed})

    async def fields(self, _request: Request) -> Response:
        """All custom fields, with their options, the lists they are shown on and their groups."""
        db = self._account.db
        found, _ = fields.select(db)
        ids = [field.id for field in found]
        options, relations = field_parts.options(db, ids), field_parts.relations(db, ids)
        members = db.execute("select rel_id, group_id from group_members order by group_id").fetchall()
        listed = [
            {
                "id": str(field.id),
                "title": field.title,
                "type": field.type,
                "perstag": field.perstag,
                "options": [option.value for option in options if option.field == field.id],
                "lists": [relation.relid for relation in relations if relation.field == field.id],
                "groups": [group for member, group in members if member == field.id],
            }
            for field in found
        ]
        return JSONResponse({"fields": listed})

    async def reset(self, _request: Request) -> Response:
        """Make the account new: no objects, no requests, ids from 1."""
        with transaction(self._account.db):
            clear(self._account.db)
        return JSONResponse({})


def routes(account: Account) -> list[Route]:
    """Return the routes of the control API."""
    control = Control(account)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/sandbox/requests", control.requests),
        ("DELETE", "/sandbox/requests", control.forget_requests),
        ("GET", "/sandbox/contacts", control.contacts),
        ("GET", "/sandbox/fields", control.fields),
        ("POST", "/sandbox/reset", control.reset),
    ]
    return [Route(path, same_site_only(handler), methods=[method]) for method, path, handler in table]
