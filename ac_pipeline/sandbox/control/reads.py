"""The control API's reads: what arrived, what is there."""

from __future__ import annotations

import re
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.clock import moment
from ac_pipeline.sandbox.state import dump
from ac_pipeline.sandbox.tables import contacts, field_parts, fields, requests

_LISTED = 1000
"""Requests listed when no `limit` is given."""


class Reads:
    """Answers what can be asked about one account."""

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

    async def contacts(self, _request: Request) -> Response:
        """All contacts by id, with their field values by title, tags by name and status by list."""
        db = self._account.db
        values: dict[int, dict[str, str]] = {}
        query = (
            "select contact, title, value from field_values join fields on fields.id = field order by contact, title"
        )
        for contact, title, value in db.execute(query):
            values.setdefault(contact, {})[title] = value
        tags, lists = self._tags(), self._lists()
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
                "tags": tags.get(contact.id, []),
                "lists": lists.get(contact.id, {}),
            }
            for contact in contacts.select(db)
        ]
        return JSONResponse({"contacts": listed})

    def _tags(self) -> dict[int, list[str]]:
        """Return the names of each contact's tags."""
        found: dict[int, list[str]] = {}
        query = (
            "select contact, tags.tag from contact_tags join tags on tags.id = contact_tags.tag"
            " order by contact, tags.tag"
        )
        for contact, tag in self._account.db.execute(query):
            found.setdefault(contact, []).append(tag)
        return found

    def _lists(self) -> dict[int, dict[str, int]]:
        """Return the status of each contact by the names of its lists."""
        found: dict[int, dict[str, int]] = {}
        query = "select contact, name, status from contact_lists join lists on lists.id = list order by contact, name"
        for contact, name, status in self._account.db.execute(query):
            found.setdefault(contact, {})[name] = status
        return found

    async def dump(self, _request: Request) -> Response:
        """The whole account as JSON, as `POST /sandbox/load` takes it."""
        return JSONResponse(dump(self._account.db))

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
