"""What the arguments of track, page and screen say, in Segment's words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ac_pipeline.calls.arguments import mapping
from ac_pipeline.calls.faults import refused
from ac_pipeline.calls.plain import NotPlain, as_json, moment_of
from ac_pipeline.model.events import EventCall

LONGEST_ID = 255
"""Characters of a message id."""
_VALUE = "acValue"
_Loose = Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as it was given: user id, address and value as JSON; `at` is None for now. No repr shows anybody."""

    call: EventCall
    message_id: str
    user_id: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    at: datetime | None = None
    event: str | None = None
    properties: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    referrer: str | None = field(default=None, repr=False)
    as_event: str | None = None


def read_happening(
    call: EventCall,
    *,
    user_id: object,
    email: object = None,
    event: object = None,
    properties: _Loose = None,
    context: _Loose = None,
    timestamp: object = None,
    message_id: object = None,
    as_event: str | None = None,
) -> Happening:
    """Read the arguments of one event. Raises InvalidCall with all faults at once.

    Of the properties ActiveCampaign has room for `acValue`, and of a page for `url` and `referrer`, which may stand in
    `context.page`, too. Who it is may stand in `context.traits`.
    """
    faults: list[str] = []
    given = mapping(properties, "properties")
    around = mapping(context, "context")
    page = mapping(around.get("page"), "context.page")
    if email is None:
        email = mapping(around.get("traits"), "context.traits").get("email")

    def read(what: str, value: object) -> str | None:
        try:
            return None if value is None else as_json(value)
        except NotPlain as kind:
            faults.append(f"{what}: a {kind} is no value")
            return None

    def text(what: str, value: object) -> str | None:
        if value is not None and not isinstance(value, str):
            faults.append(f"{what}: no text")
            return None
        return value

    at = None if timestamp is None else moment_of(timestamp)
    if timestamp is not None and at is None:
        faults.append("timestamp: no moment; give a datetime, or text like 2026-04-05T12:00:00Z")
    number = _message_id(message_id, faults)
    value = read(_VALUE, given.get(_VALUE))
    happening = Happening(
        call,
        number,
        user_id=read("user_id", user_id),
        email=read("email", email),
        at=at,
        event=text("event" if call is EventCall.TRACK else "name", event),
        properties=None if value is None else json.dumps({_VALUE: json.loads(value)}, ensure_ascii=False),
        url=text("url", given.get("url", page.get("url"))),
        referrer=text("referrer", given.get("referrer", page.get("referrer"))),
        as_event=text("as_event", as_event),
    )
    if faults:
        raise refused(call.value, faults)
    return happening


def message_id_of(call: str, given: object) -> str:
    """Return the id by which something is told once. Raises InvalidCall."""
    faults: list[str] = []
    number = _message_id(given, faults)
    if faults:
        raise refused(call, faults)
    return number


def _message_id(given: object, faults: list[str]) -> str:
    """Return the id by which an event is told once; a new one where none is given."""
    if given is None:
        return str(uuid.uuid4())
    number = str(given).strip() if isinstance(given, str | int | uuid.UUID) else ""
    if not 0 < len(number) <= LONGEST_ID:
        faults.append(f"message_id: no text of 1 to {LONGEST_ID} characters")
    return number
